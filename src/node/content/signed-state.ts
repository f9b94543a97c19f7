// The newest state of a manifest that a trusted key has signed.

/** The newest signed state of a manifest, ready to be passed on. */
export interface SignedState {
  envelope: Uint8Array
  count: number
  isSealed: boolean
}

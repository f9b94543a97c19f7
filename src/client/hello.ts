// What a daemon says of itself.

/** What a daemon says of itself. */
export interface Hello {
  /** Version of the local API. */
  api: number
  /** Version of its program. */
  version: string
  /** What it was started as. */
  role: 'seed' | 'daemon'
  peerId: string
  addresses: readonly string[]
  /** Whom it asks and believes. */
  ties: { seeds: readonly string[]; bootstrap: readonly string[]; trust: readonly string[]; route: string }
}

/** Where else a daemon can be reached, URLs. */
export interface Places {
  gateway?: string
  metrics?: string
  web?: string
}

// Who may talk with a host at all, beyond the first handshake.

/** Asked for every stream but those of the fleet protocol, by which it is found out. */
export interface Wall {
  /** Resolves when we may open a stream to this peer, which is connected to if need be; rejects when we may not. */
  enter(peer: string, signal?: AbortSignal): Promise<void>
  /** Resolves when a connected peer may open one to us, rejects when it may not. */
  admit(peer: string): Promise<void>
}

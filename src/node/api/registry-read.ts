// Where the time of one read of a registry through the gateway went.

/** One manifest or blob that an engine has read through the gateway. */
export interface RegistryRead {
  /** When it was asked for, milliseconds since 1970. */
  at: number
  /** Host of the registry, and the repository there. */
  registry: string
  repository: string
  kind: 'manifest' | 'blob'
  /** Tag or digest. */
  reference: string
  /** Seconds in which it waited for tokens. */
  token: number
  /** Seconds until the first byte was given; undefined: none was. */
  firstByte: number | undefined
  /** Seconds in all; undefined: it is not over. */
  seconds: number | undefined
  /** Bytes that were given, headers included. */
  bytes: number
  /** Bytes by who gave them to this host, now or when it was fetched for somebody before; undefined: the registry's own answer was passed on, or the manifest was here. */
  from: { origin: number; peers: number; seeds: number; store: number } | undefined
  /** HTTP status. */
  status: number
  /** The engine has hung up before the end. */
  isBrokenOff: boolean
}

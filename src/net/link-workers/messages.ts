// What the main thread and its link workers say to one another. Every message is a list of these, in order.

/** Options of `server.listen`, all of them plain. */
export interface ListenPlace {
  host: string
  port: number
  ipv6Only: boolean
}

/**
 * Bytes to write: those of `small` and of shared memory in turn, as `layout` says. In it a number is how many bytes of `small`
 * come next; shared memory is followed by offset and length of the part of it.
 */
export interface Gathered {
  small: Uint8Array
  layout: (number | SharedArrayBuffer)[]
}

/** From the main thread. The number is that of a connection, of a listener in `listen` and `unlisten`. */
export type Order =
  | ['listen', number, ListenPlace]
  | ['unlisten', number]
  /** Of the bytes before the handshake so many, in all, have come: more may. */
  | ['more', number, number]
  /** Begins TLS with these bytes that had come already, of so many in all; offers these names of muxers. */
  | ['secure', number, Uint8Array, number, string[]]
  /** What is decrypted may come. */
  | ['start', number]
  /** True: say when all so far is with the kernel. */
  | ['write', number, Gathered, boolean]
  | ['pause', number]
  | ['resume', number]
  /** Sends what is left to send, then closes. */
  | ['end', number]
  | ['reset', number]
  /** There is room in the inbox again. */
  | ['room']
  | ['ping']

/** From a link worker. */
export type Fact =
  | ['listening', number, number]
  /** Code and text of the system. */
  | ['refused', number, string, string]
  /** A connection came to a listener; from this address and port. */
  | ['opened', number, number, string, number]
  /** Before the handshake. */
  | ['raw', number, Uint8Array]
  /** The handshake is done: their certificate, empty when they showed none, and the name of the muxer. */
  | ['secured', number, Uint8Array, string]
  /** Decrypted bytes lie in the inbox: offset, length, and how far it was ever filled with them. */
  | ['data', number, number, number, number]
  | ['written', number]
  /** Nothing came or went for too long. */
  | ['idle', number]
  /** Code and text of the system. */
  | ['broken', number, string, string]
  /** The last that is said of a connection. */
  | ['closed', number]
  | ['pong']

/** What a worker is started with. */
export interface WorkerInit {
  /** PEM. */
  cert: string
  key: string
  inbox: SharedArrayBuffer
  /** Of `AcceptRoom`. */
  accepts: SharedArrayBuffer
  /** Milliseconds for which nothing may come or go. */
  idleMs: number
}

// Detects bytes that an origin sends beyond the announced end, which undici drops silently.
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { buildConnector } from 'undici'
import { HeadMender } from './head.ts'

/** An answer whose end is awaited. */
export interface Ending {
  /** Scheme, host and port of the connection. */
  readonly place: string
  /** Whether nothing but the end of its connection tells the end of its body. */
  readonly endsByClose: boolean
  /** Whether every announced byte has come off the connection. */
  isComplete(): boolean
}

/**
 * The parser stops at the announced end. What follows in the same read of the socket is either handed back to a socket
 * that is already closed (`Connection: close`) or is an error on an idle connection. Both are seen here, on the socket,
 * and charged to the answers from that place that are complete but not yet read to their end. Surplus that comes later
 * belongs to no answer and is not seen, nor by any other client: the announced length is the length.
 *
 * A reset is the end of a connection to undici, and with it of a body that has no other end (some systems reset after a
 * whole body). It is charged to every such answer from that place: one too many is only read again.
 */
export class SurplusWatch {
  readonly #endings = new Set<Ending>()
  readonly #found = new WeakSet<Ending>()
  /** Where surplus was seen in this turn of the event loop; a short answer is whole before anybody holds it. */
  readonly #fresh = new Set<string>()
  readonly #reset = new WeakSet<Ending>()
  /** As `#fresh`. */
  readonly #freshResets = new Set<string>()

  /** The same connections, watched. */
  watching(connect: buildConnector.connector): buildConnector.connector {
    return (options, callback) =>
      connect(options, (...result) => {
        if (result[1]) {
          mendHeads(result[1])
          this.#observe(result[1], `${options.protocol}//${options.host}`)
        }
        callback(...result)
      })
  }

  /** To be called as soon as the answer is there. */
  watch(ending: Ending): void {
    this.#endings.add(ending)
    if (this.#fresh.has(ending.place) && ending.isComplete()) this.#found.add(ending)
    if (this.#freshResets.has(ending.place) && ending.endsByClose) this.#reset.add(ending)
  }

  forget(ending: Ending): void {
    this.#endings.delete(ending)
  }

  /** Whether something came after the end; the socket's error comes within the same turn of the event loop. */
  async found(ending: Ending): Promise<boolean> {
    await turn()
    return this.#found.has(ending)
  }

  /** Whether its body may be a part only, though it has come to an end. */
  wasReset(ending: Ending): boolean {
    return this.#reset.has(ending)
  }

  #observe(socket: Socket, place: string): void {
    const unshift = socket.unshift.bind(socket)
    socket.unshift = (chunk, encoding) => {
      if (socket.destroyed && chunk.length > 0 && !isLineEnd(chunk)) this.#charge(place)
      unshift(chunk, encoding)
    }
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') this.#chargeReset(place)
      if (error.message === 'bad response' || error.name === 'HTTPParserError') this.#charge(place)
    })
  }

  #chargeReset(place: string): void {
    this.#freshResets.add(place)
    setImmediate(() => this.#freshResets.delete(place))
    for (const ending of this.#endings) if (ending.place === place && ending.endsByClose) this.#reset.add(ending)
  }

  #charge(place: string): void {
    this.#fresh.add(place)
    setImmediate(() => this.#fresh.delete(place))
    for (const ending of this.#endings) if (ending.place === place && ending.isComplete()) this.#found.add(ending)
  }
}

/** undici's parser has no lenient mode, and takes what it parses by `read`: it sees heads that are mended. */
function mendHeads(socket: Socket): void {
  const mender = new HeadMender()
  const read = socket.read.bind(socket)
  const write = socket.write.bind(socket) as (...given: unknown[]) => boolean
  socket.read = size => {
    for (let chunk = read(size); chunk !== null; chunk = read(size)) {
      const mended = mender.push(chunk)
      if (mended.length > 0) return mended
    }
    return null
  }
  socket.write = (...given: unknown[]) => {
    mender.expect()
    return write(...given)
  }
}

/** Old servers end a body with a line end that they do not count. */
function isLineEnd(bytes: Uint8Array): boolean {
  return bytes.length <= 2 && bytes.every(byte => byte === 13 || byte === 10)
}

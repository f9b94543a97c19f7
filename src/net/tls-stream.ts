// The decrypted side of a TLS socket as a libp2p message stream.
import type { TLSSocket } from 'node:tls'
import { type AbortOptions, type MultiaddrConnection, TimeoutError } from '@libp2p/interface'
import type { SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'
import { DirectStream } from './direct-stream.ts'
import { readInto } from './reused-buffer.ts'

/** What TLS gives at a time, bytes: a record. One buffer for all sockets: each is read to its end before the next. */
const records = new Uint8Array(16 * 1024)

export class TlsStream extends DirectStream {
  readonly #raw: MultiaddrConnection
  readonly #socket: TLSSocket
  /** Takes what comes in the place of `message` events. */
  #reader: ((bytes: Uint8Array) => void) | undefined

  /** @param raw - the TCP connection that the socket sits on; it ends with the socket and the other way round */
  constructor(raw: MultiaddrConnection, socket: TLSSocket) {
    super({
      log: raw.log,
      inactivityTimeout: raw.inactivityTimeout,
      maxReadBufferLength: raw.maxReadBufferLength,
      direction: raw.direction,
    })
    this.#raw = raw
    this.#socket = socket
    socket.on('data', bytes => this.#onBytes(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('timeout', () => raw.abort(new TimeoutError('nothing came for too long')))
    socket.on('close', () => raw.close().catch(error => raw.abort(error)))
    raw.addEventListener('close', event => {
      socket.destroy()
      if (event.error === undefined) this.onTransportClosed()
      else if (event.local === true) this.abort(event.error)
      else this.onRemoteReset()
    })
  }

  readDirectly(reader: (bytes: Uint8Array) => void): void {
    this.#reader = reader
    if (this.#socket.readableLength === 0) readInto(this.#socket, records, bytes => this.#onBytes(bytes))
  }

  /** In one call, and none is copied before it is encrypted. */
  writeDirectly(parts: Iterable<Uint8Array>): void {
    const socket = this.#socket
    if (!socket.writable) return
    let canTakeMore = true
    socket.cork()
    for (const part of parts) canTakeMore = socket.write(part)
    socket.uncork()
    this.writableNeedsDrain = !canTakeMore
  }

  #onBytes(bytes: Uint8Array): void {
    const isInOrder = this.readBuffer.byteLength === 0 && this.readStatus === 'readable'
    if (this.#reader !== undefined && isInOrder) this.#reader(bytes)
    else this.onData(new Uint8Array(bytes))
  }

  async close(options?: AbortOptions): Promise<void> {
    await this.#raw.close(options)
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }

  sendReset(error: Error): void {
    this.#socket.destroy()
    this.#raw.abort(error)
  }

  /** All parts go to the engine in one call, which fills whole records with them. */
  sendData(data: Uint8ArrayList): SendResult {
    let canSendMore = true
    this.#socket.cork()
    for (const part of data) canSendMore = this.#socket.write(part)
    this.#socket.uncork()
    return { sentBytes: data.byteLength, canSendMore }
  }
}

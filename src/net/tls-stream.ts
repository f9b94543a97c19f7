// The decrypted side of a TLS socket as a libp2p message stream.
import type { TLSSocket } from 'node:tls'
import { type AbortOptions, type MultiaddrConnection, TimeoutError } from '@libp2p/interface'
import { AbstractMessageStream, type SendResult } from '@libp2p/utils'
import type { Uint8ArrayList } from 'uint8arraylist'

export class TlsStream extends AbstractMessageStream {
  readonly #raw: MultiaddrConnection
  readonly #socket: TLSSocket

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
    socket.on('data', bytes => this.onData(bytes))
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

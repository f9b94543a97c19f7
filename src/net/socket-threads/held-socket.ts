// One connection in the thread that holds its socket: first as it comes, then TLS on it.
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { readInto } from '../reused-buffer.ts'
import { chooseEarlyMuxer } from '../tls-offer.ts'
import { scattered } from './gathered.ts'
import type { Fact, Gathered } from './messages.ts'

export interface HeldSocketInit {
  id: number
  socket: Socket
  idleMs: number
  say(fact: Fact): void
  /** Decrypted bytes, which are overwritten when it has returned. */
  onData(from: HeldSocket, bytes: Uint8Array): void
}

/** What TLS gives at a time, bytes: a record. One buffer for all sockets: each is read to its end before the next. */
const records = new Uint8Array(16 * 1024)

export class HeldSocket {
  readonly id: number
  readonly #init: HeldSocketInit
  readonly #socket: Socket
  #secure: TLSSocket | undefined
  /** The last bytes that were told as they came, until the main thread says that it has them. */
  #told: Uint8Array | undefined
  /** How many were told in all. */
  #toldBytes = 0
  #isPaused = false
  #isHeldBack = false

  constructor(init: HeldSocketInit) {
    const { id, socket, idleMs } = init
    this.id = id
    this.#init = init
    this.#socket = socket
    socket.on('data', this.#onRaw)
    socket.on('error', this.#onError)
    socket.on('timeout', this.#onIdle)
    socket.setTimeout(idleMs)
  }

  /** The main thread has so many bytes from before the handshake, and wants more. */
  more(bytes: number): void {
    if (this.#secure !== undefined || bytes !== this.#toldBytes) return
    this.#told = undefined
    if (!this.#isPaused) this.#socket.resume()
  }

  /** `first`: what the main thread had got of the handshake; what it has not got yet (it has `bytes` in all) comes behind it. */
  secure(first: Uint8Array, bytes: number, names: readonly string[], secureContext: SecureContext): void {
    const { id, say, idleMs } = this.#init
    const socket = this.#socket
    if (this.#secure !== undefined || socket.destroyed) return
    socket.off('data', this.#onRaw).off('timeout', this.#onIdle)
    socket.setTimeout(0)
    socket.pause()
    const missed = bytes === this.#toldBytes ? undefined : this.#told
    this.#told = undefined
    const begun = Buffer.concat([first, ...(missed === undefined ? [] : [missed])])
    if (begun.byteLength > 0) socket.unshift(begun)
    const secure = new TLSSocket(socket, { secureContext, ...chooseEarlyMuxer(names), isServer: true, requestCert: true })
    this.#secure = secure
    secure.setTimeout(idleMs)
    secure.on('timeout', this.#onIdle)
    secure.on('error', this.#onError)
    secure.on('close', () => socket.destroy())
    secure.once('secure', () => {
      const { alpnProtocol } = secure
      say(['secured', id, theirCertificate(secure), typeof alpnProtocol === 'string' ? alpnProtocol : ''])
    })
  }

  /** Decrypted bytes may come from now on. */
  start(): void {
    const secure = this.#secure
    if (secure === undefined || secure.destroyed) return
    const onBytes = (bytes: Uint8Array) => this.#init.onData(this, bytes)
    if (secure.readableLength === 0) readInto(secure, records, onBytes)
    secure.on('data', onBytes)
    this.#flow()
  }

  write(gathered: Gathered, isTold: boolean): void {
    const socket = this.#secure ?? this.#socket
    if (!socket.writable) return
    const parts = [...scattered(gathered)]
    const last = parts.pop()
    socket.cork()
    for (const part of parts) socket.write(part)
    if (last !== undefined) socket.write(last, isTold ? this.#onWritten : undefined)
    socket.uncork()
  }

  /** By the will of the main thread. */
  pause(isPaused: boolean): void {
    this.#isPaused = isPaused
    this.#flow()
  }

  /** There is no room for what comes. */
  holdBack(isHeldBack: boolean): void {
    this.#isHeldBack = isHeldBack
    this.#flow()
  }

  end(): void {
    const socket = this.#secure ?? this.#socket
    socket.destroySoon()
  }

  /** A handle that is shutting down takes no reset (libuv: EINVAL), and would stay open for ever. */
  reset(): void {
    const top = this.#secure ?? this.#socket
    if (!top.writableEnded) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    this.#secure?.destroy()
  }

  #flow(): void {
    const socket = this.#secure ?? this.#socket
    if (this.#isPaused || this.#isHeldBack) socket.pause()
    else if (this.#secure !== undefined || this.#told === undefined) socket.resume()
  }

  readonly #onRaw = (bytes: Buffer): void => {
    this.#socket.pause()
    // two of them: Node gave what had come to it after the pause
    this.#told = this.#told === undefined ? bytes : Buffer.concat([this.#told, bytes])
    this.#toldBytes += bytes.byteLength
    this.#init.say(['raw', this.id, new Uint8Array(bytes)])
  }

  readonly #onWritten = (): void => this.#init.say(['written', this.id])

  readonly #onIdle = (): void => this.#init.say(['idle', this.id])

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#init.say(['broken', this.id, error.code ?? '', error.message])
  }
}

function theirCertificate(socket: TLSSocket): Uint8Array {
  return new Uint8Array(socket.getPeerX509Certificate()?.raw ?? [])
}

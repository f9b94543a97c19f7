// One connection in the link worker that holds its socket: first as it comes, then TLS on it.
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
/**
 * Bytes that are written at a time. TLS copies them together first, into memory that the system gives and takes each time when it is more than
 * the launcher lets the heap keep (500,000 bytes): page faults then take more of the CPU than encryption.
 */
const BATCH = 192 * 1024

export class HeldSocket {
  readonly id: number
  readonly #init: HeldSocketInit
  readonly #socket: Socket
  #secure: TLSSocket | undefined
  /** The last bytes that were told as they came, until the main thread says that it has them. */
  #told: Uint8Array | undefined
  /** How many were told in all. */
  #toldBytes = 0
  /** To be written, and where it is to be said that all before is. */
  readonly #waiting: (Uint8Array | 'told')[] = []
  #isWriting = false
  #isEnding = false
  /** Somebody takes what is decrypted: before, a socket that flows would lose it. */
  #isStarted = false
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
    this.#isStarted = true
    this.#flow()
  }

  /** `isTold`: it is said when all so far is with the kernel. */
  write(gathered: Gathered, isTold: boolean): void {
    if (!(this.#secure ?? this.#socket).writable) return
    for (const part of scattered(gathered)) this.#waiting.push(part)
    if (isTold) this.#waiting.push('told')
    if (!this.#isWriting) this.#writeNext()
  }

  /** One batch after the other: what Node has waiting it would write all at once. */
  #writeNext(): void {
    const { batch, isTold } = this.#takeBatch()
    const last = batch.pop()
    this.#isWriting = last !== undefined
    if (last === undefined) return
    const socket = this.#secure ?? this.#socket
    socket.cork()
    for (const part of batch) socket.write(part)
    socket.write(last, error => {
      if (error) return
      if (isTold) this.#init.say(['written', this.id])
      this.#writeNext()
      if (!this.#isWriting && this.#isEnding) socket.destroySoon()
    })
    socket.uncork()
  }

  #takeBatch(): { batch: Uint8Array[]; isTold: boolean } {
    const batch: Uint8Array[] = []
    let bytes = 0
    let at = 0
    for (; at < this.#waiting.length && bytes < BATCH; at++) {
      const part = this.#waiting[at] as Uint8Array | 'told'
      if (part === 'told') break
      batch.push(part)
      bytes += part.byteLength
    }
    const isTold = this.#waiting[at] === 'told'
    this.#waiting.splice(0, isTold ? at + 1 : at)
    return { batch, isTold }
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

  /** After what waits is written. */
  end(): void {
    this.#isEnding = true
    if (!this.#isWriting) (this.#secure ?? this.#socket).destroySoon()
  }

  /** A handle that is shutting down takes no reset (libuv: EINVAL), and would stay open for ever. */
  reset(): void {
    const top = this.#secure ?? this.#socket
    if (!top.writableEnded) this.#socket.resetAndDestroy()
    else this.#socket.destroy()
    this.#secure?.destroy()
  }

  #flow(): void {
    if (this.#secure !== undefined && !this.#isStarted) return
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

  readonly #onIdle = (): void => this.#init.say(['idle', this.id])

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.#init.say(['broken', this.id, error.code ?? '', error.message])
  }
}

function theirCertificate(socket: TLSSocket): Uint8Array {
  return new Uint8Array(socket.getPeerX509Certificate()?.raw ?? [])
}

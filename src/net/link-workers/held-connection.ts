// A connection whose socket a link worker holds: as libp2p's TCP has it before the handshake, and the decrypted side of it.
import { type AbortOptions, type Logger, TimeoutError } from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { raceSignal } from 'race-signal'
import type { Uint8ArrayList } from 'uint8arraylist'
import { DragonflyError } from '../../core/errors.ts'
import { DirectStream } from '../direct-stream.ts'
import type { HandshakeTurns } from '../handshake-turns.ts'
import { Gathering } from './gathered.ts'
import type { LinkWorker, SocketListener } from './link-worker.ts'
import type { Order } from './messages.ts'
import { SendRoom } from './send-room.ts'

export interface HeldConnectionInit {
  worker: LinkWorker
  id: number
  remoteAddr: Multiaddr
  log: Logger
}

export interface Handshake {
  certificate: Uint8Array
  /** Empty: none was chosen. */
  muxer: string
}

export class HeldConnection extends AbstractMultiaddrConnection implements SocketListener {
  readonly #worker: LinkWorker
  readonly #id: number
  readonly #closed = Promise.withResolvers<void>()
  /** Bytes that came before the handshake. */
  #rawBytes = 0
  #handshake: PromiseWithResolvers<Handshake> | undefined
  #stream: HeldTlsStream | undefined
  #isGone = false
  readonly #room = new SendRoom()
  /** What was written in this turn. */
  #writing: Writing | undefined

  constructor({ worker, id, remoteAddr, log }: HeldConnectionInit) {
    super({ remoteAddr, log, direction: 'inbound' })
    this.#worker = worker
    this.#id = id
  }

  /** Of the handshakes of its worker. */
  get turns(): HandshakeTurns {
    return this.#worker.turns
  }

  /** The socket is closed: nothing can be said on it. */
  get isGone(): boolean {
    return this.#isGone
  }

  /** Does the handshake; what came of it already is used. `muxers`: names to offer. */
  async handshake(muxers: string[], signal: AbortSignal | undefined): Promise<Handshake> {
    // it may have gone while it waited
    if (this.#isGone) throw new DragonflyError('protocol', 'the connection closed before the handshake')
    const handshake = Promise.withResolvers<Handshake>()
    this.#handshake = handshake
    const first = this.readBuffer.slice()
    this.readBuffer.consume(first.byteLength)
    this.#say(['secure', this.#id, first, this.#rawBytes, muxers])
    return await raceSignal(handshake.promise, signal)
  }

  /** The decrypted side, after the handshake. */
  decrypted(): DirectStream {
    const stream = new HeldTlsStream(this, {
      start: () => this.#say(['start', this.#id]),
      write: parts => this.#write(parts),
      pause: isPaused => this.#say([isPaused ? 'pause' : 'resume', this.#id]),
    })
    this.#stream = stream
    return stream
  }

  onRaw(bytes: Uint8Array): void {
    // the worker has them too, and gives them to TLS
    if (this.#handshake !== undefined) return
    this.#rawBytes += bytes.byteLength
    this.onData(bytes)
    if (this.readStatus === 'readable') setImmediate(() => this.#more())
  }

  onSecured(certificate: Uint8Array, muxer: string): void {
    this.#handshake?.resolve({ certificate, muxer })
  }

  onWritten(): void {
    const wasFull = this.#room.isFull
    this.#room.written(performance.now())
    const stream = this.#stream ?? this
    if (wasFull && !this.#room.isFull) stream.safeDispatchEvent('drain')
  }

  /** Bytes are decrypted. */
  onDecrypted(bytes: Uint8Array): void {
    this.#stream?.onBytes(bytes)
  }

  onIdle(): void {
    this.abort(new TimeoutError('nothing came for too long'))
  }

  onBroken(code: string, message: string): void {
    this.#fail(Object.assign(new Error(message), { code }))
  }

  onClosed(): void {
    this.#gone()
    this.onTransportClosed()
  }

  onWorkerEnd(): void {
    this.#gone()
    this.abort(new DragonflyError('internal', 'the link worker that held the connection has ended'))
  }

  sendData(data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#write(data) }
  }

  async sendClose(options?: AbortOptions): Promise<void> {
    if (this.#isGone) return
    this.#say(['end', this.#id])
    await raceSignal(this.#closed.promise, options?.signal)
  }

  sendReset(): void {
    if (!this.#isGone) this.#say(['reset', this.#id])
  }

  sendPause(): void {
    // no more is asked for
  }

  sendResume(): void {
    this.#more()
  }

  #more(): void {
    if (this.#handshake === undefined && this.readStatus === 'readable') this.#say(['more', this.#id, this.#rawBytes])
  }

  #gone(): void {
    this.#isGone = true
    this.#closed.resolve()
    this.#handshake?.reject(new DragonflyError('protocol', 'the connection closed during the handshake'))
    this.#handshake?.promise.catch(() => {})
  }

  #fail(error: Error): void {
    this.#handshake?.reject(error)
    this.#handshake?.promise.catch(() => {})
    this.abort(error)
  }

  /** Nothing is written any more with what was written before in this turn. */
  #say(order: Order): void {
    this.#writing = undefined
    this.#worker.say(order)
  }

  /** Whether there is room for more. What is written in one turn goes on together. */
  #write(parts: Iterable<Uint8Array>): boolean {
    if (this.#isGone) return true
    const writing = this.#writing ?? this.#beginWrite()
    const length = writing.gathering.add(parts)
    if (this.#room.give(length, performance.now())) {
      writing.isTold = true
      this.#writing = undefined
    }
    return !this.#room.isFull
  }

  #beginWrite(): Writing {
    const writing: Writing = { gathering: new Gathering(), isTold: false }
    this.#writing = writing
    this.#worker.say({
      finish: () => {
        if (this.#writing === writing) this.#writing = undefined
        return ['write', this.#id, writing.gathering.finish(), writing.isTold]
      },
    })
    return writing
  }
}

interface Writing {
  gathering: Gathering
  isTold: boolean
}

interface Wire {
  start(): void
  /** Whether there is room for more. */
  write(parts: Iterable<Uint8Array>): boolean
  pause(isPaused: boolean): void
}

class HeldTlsStream extends DirectStream {
  readonly #raw: HeldConnection
  readonly #wire: Wire
  #reader: ((bytes: Uint8Array) => void) | undefined

  constructor(raw: HeldConnection, wire: Wire) {
    super({
      log: raw.log,
      inactivityTimeout: raw.inactivityTimeout,
      maxReadBufferLength: raw.maxReadBufferLength,
      direction: raw.direction,
    })
    this.#raw = raw
    this.#wire = wire
    wire.start()
    raw.addEventListener('close', event => {
      if (event.error === undefined) this.onTransportClosed()
      else if (event.local === true) this.abort(event.error)
      else this.onRemoteReset()
    })
  }

  readDirectly(reader: (bytes: Uint8Array) => void): void {
    this.#reader = reader
  }

  writeDirectly(parts: Iterable<Uint8Array>): void {
    if (!this.#raw.isGone) this.writableNeedsDrain = !this.#wire.write(parts)
  }

  onBytes(bytes: Uint8Array): void {
    const isInOrder = this.readBuffer.byteLength === 0 && this.readStatus === 'readable'
    if (this.#reader !== undefined && isInOrder) this.#reader(bytes)
    else this.onData(new Uint8Array(bytes))
  }

  async close(options?: AbortOptions): Promise<void> {
    await this.#raw.close(options)
  }

  sendPause(): void {
    this.#wire.pause(true)
  }

  sendResume(): void {
    this.#wire.pause(false)
  }

  sendReset(error: Error): void {
    this.#raw.abort(error)
  }

  sendData(data: Uint8ArrayList): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#wire.write(data) }
  }
}

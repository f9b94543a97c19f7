// Yamux that sends the small frames of one event-loop turn together and delays small window updates.
//
// yamux 8 answers every message with a window update of its own, and every frame is encrypted, framed and written by
// itself: a `have` of 10 bytes becomes two packets each way. In a swarm on slow links that was most of the work.
import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface'
import { type YamuxMuxerInit, yamux } from '@libp2p/yamux'
import { Uint8ArrayList } from 'uint8arraylist'

/** What yamux lets a sender have under way from the start. */
const INITIAL_WINDOW = 256 * 1024
/** Credit that may be kept back on a stream: the sender always has the rest of its window, so that it never waits for it. */
const KEPT_CREDIT = INITIAL_WINDOW / 8
/** Streams with credit kept back; beyond, all are told. */
const MAX_KEPT = 64
/** With so much waiting nothing is gained by waiting on. */
const BATCH = 16 * 1024

const DATA = 0
const WINDOW_UPDATE = 1
const HEADER_LENGTH = 12

/** For `streamMuxers` of libp2p. On the wire it is yamux: what is sent is only put together differently. */
export function thriftyYamux(init: YamuxMuxerInit): () => StreamMuxerFactory {
  return () => {
    const inner = yamux(init)()
    return {
      protocol: inner.protocol,
      createStreamMuxer(connection) {
        const batch = new FrameBatch(connection, connection.send.bind(connection))
        connection.send = frame => batch.send(frame)
        return inner.createStreamMuxer(connection)
      },
    }
  }
}

/** Frames on their way from the muxer to the encrypted connection. */
export class FrameBatch {
  readonly #connection: MessageStream
  readonly #send: (bytes: Uint8Array | Uint8ArrayList) => boolean
  #waiting = new Uint8ArrayList()
  #isScheduled = false
  /** Bytes that a stream's sender may send and was not told of, by stream id. */
  readonly #kept = new Map<number, number>()

  constructor(connection: MessageStream, send: (bytes: Uint8Array | Uint8ArrayList) => boolean) {
    this.#connection = connection
    this.#send = send
  }

  /** One yamux frame, header first. False when the connection is full; the frame goes out all the same. */
  send(frame: Uint8Array | Uint8ArrayList): boolean {
    const header = frame.subarray(0, HEADER_LENGTH)
    const isPlain = header[2] === 0 && header[3] === 0
    if (isPlain && header[1] === WINDOW_UPDATE) this.#credit(header)
    else this.#waiting.append(frame)
    // what opens, ends or measures something has somebody waiting for it
    const mayWait = isPlain && (header[1] === DATA || header[1] === WINDOW_UPDATE)
    if (!mayWait || this.#waiting.byteLength >= BATCH) return this.#flush()
    this.#flushSoon()
    return !this.#connection.writableNeedsDrain
  }

  #credit(header: Uint8Array): void {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
    const stream = view.getUint32(4)
    const credit = (this.#kept.get(stream) ?? 0) + view.getUint32(8)
    this.#kept.set(stream, credit)
    if (credit >= KEPT_CREDIT) this.#tell(stream, credit)
    else if (this.#kept.size > MAX_KEPT) for (const [id, bytes] of this.#kept) this.#tell(id, bytes)
  }

  #tell(stream: number, credit: number): void {
    this.#kept.delete(stream)
    const update = new Uint8Array(HEADER_LENGTH)
    update[1] = WINDOW_UPDATE
    const view = new DataView(update.buffer)
    view.setUint32(4, stream)
    view.setUint32(8, credit)
    this.#waiting.append(update)
  }

  #flushSoon(): void {
    if (this.#isScheduled || this.#waiting.byteLength === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      try {
        if (this.#connection.status === 'open') this.#flush()
      } catch {
        // the connection is closing below: it has aborted itself, and its muxer hears of that
      }
    })
  }

  #flush(): boolean {
    if (this.#waiting.byteLength === 0) return !this.#connection.writableNeedsDrain
    const frames = this.#waiting
    this.#waiting = new Uint8ArrayList()
    return this.#send(frames)
  }
}

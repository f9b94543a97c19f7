// Memory that two threads share, in which one puts what it decrypts and the other reads it where it lies: a ring, first in, first out.

/** Bytes of what lies in it. A power of two, as positions are counted modulo 2³². */
export const INBOX_BYTES = 2 * 1024 * 1024
/** In front of it: how far it is read, and whether the writer waits for room. 4 bytes each. */
const HEAD_BYTES = 8
const READ = 0
const WAITING = 1

export function makeInbox(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEAD_BYTES + INBOX_BYTES)
}

export interface Place {
  offset: number
  /** How far the inbox was ever filled when this lies in it, modulo 2³². */
  end: number
}

export class InboxWriter {
  readonly #head: Int32Array
  readonly #bytes: Uint8Array
  #written = 0

  constructor(memory: SharedArrayBuffer) {
    this.#head = new Int32Array(memory, 0, HEAD_BYTES / 4)
    this.#bytes = new Uint8Array(memory, HEAD_BYTES)
  }

  /** Puts a copy of the bytes in one piece; undefined: there is no room, and the reader will say when there is. */
  put(bytes: Uint8Array): Place | undefined {
    const { byteLength } = bytes
    const at = this.#written & (INBOX_BYTES - 1)
    const skipped = at + byteLength > INBOX_BYTES ? INBOX_BYTES - at : 0
    if (!this.#hasRoom(skipped + byteLength)) {
      Atomics.store(this.#head, WAITING, 1)
      // the reader may have made room before it could see that somebody waits
      if (!this.#hasRoom(skipped + byteLength)) return undefined
      Atomics.store(this.#head, WAITING, 0)
    }
    const offset = skipped > 0 ? 0 : at
    this.#bytes.set(bytes, offset)
    this.#written = (this.#written + skipped + byteLength) | 0
    return { offset, end: this.#written }
  }

  #hasRoom(bytes: number): boolean {
    const used = (this.#written - Atomics.load(this.#head, READ)) | 0
    return used + bytes <= INBOX_BYTES
  }
}

export class InboxReader {
  readonly #head: Int32Array
  readonly #bytes: Uint8Array

  constructor(memory: SharedArrayBuffer) {
    this.#head = new Int32Array(memory, 0, HEAD_BYTES / 4)
    this.#bytes = new Uint8Array(memory, HEAD_BYTES)
  }

  /** Where the bytes lie until `done` is called. */
  at(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length)
  }

  /** All up to `end` may be overwritten. True: the writer waits to hear that. */
  done(end: number): boolean {
    Atomics.store(this.#head, READ, end)
    return Atomics.exchange(this.#head, WAITING, 0) === 1
  }
}

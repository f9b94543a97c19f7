// Space that running writes will still take, so that it is not given away twice.
//
// Bookkeeping of one process, not of the disk: Node has no posix_fallocate, and a file made long by ftruncate is only a hole.

interface Reservation {
  /** Bytes that the content may come to. */
  reserved: number
  /** Bytes that were written, or are about to be. */
  claimed: number
  /** Bytes that lie on the disk. */
  present: number
}

export class Reservations {
  readonly #byKey = new Map<string, Reservation>()

  /** Bytes that are reserved and not written yet, all together. */
  get outstanding(): number {
    let total = 0
    for (const { reserved, present } of this.#byKey.values()) total += Math.max(0, reserved - present)
    return total
  }

  /** Somebody works on a content of which `present` bytes are there. */
  begin(key: string, present: number): void {
    this.#byKey.set(key, { reserved: present, claimed: present, present })
  }

  end(key: string): void {
    this.#byKey.delete(key)
  }

  /** Bytes of the content that lie on the disk. */
  presentOf(key: string): number {
    return this.#of(key).present
  }

  /** Bytes that are not reserved yet if the content comes to `length`. */
  missing(key: string, length: number): number {
    return Math.max(0, length - this.#of(key).reserved)
  }

  reserve(key: string, bytes: number): void {
    this.#of(key).reserved += bytes
  }

  /** Bytes are about to be written; returns by how many all such bytes go beyond what is reserved. */
  claim(key: string, bytes: number): number {
    this.#of(key).claimed += bytes
    return this.beyond(key)
  }

  beyond(key: string): number {
    const { claimed, reserved } = this.#of(key)
    return Math.max(0, claimed - reserved)
  }

  wrote(key: string, bytes: number): void {
    this.#of(key).present += bytes
  }

  /** What was claimed was not written after all. */
  unclaim(key: string, bytes: number): void {
    this.#of(key).claimed -= bytes
  }

  /** An entry that is closed already gets one that nobody will ask about. */
  #of(key: string): Reservation {
    return this.#byKey.get(key) ?? { reserved: 0, claimed: 0, present: 0 }
  }
}

// What clients have asked for and not taken yet. Where it becomes too much, whoever has taken nothing for longest makes room.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'

/** Of all clients, bytes. */
const MAX_UNREAD = 256 * 1024 * 1024

export class Unread {
  readonly #most: number
  /** Bytes, in the order in which they were written. */
  readonly #held = new Map<ServerResponse, number>()
  #sum = 0

  /** `most`: bytes that are held for all clients. */
  constructor(most = MAX_UNREAD) {
    this.#most = most
  }

  /** Ends the answer with these bytes. */
  end(response: ServerResponse, bytes: Uint8Array): void {
    this.#hold(response, bytes.byteLength)
    response.once('close', () => this.#free(response))
    response.end(bytes)
  }

  /** Resolves when there is room for more. Rejects when the client has left, or was left. */
  async write(response: ServerResponse, bytes: Uint8Array, gone: AbortSignal): Promise<void> {
    gone.throwIfAborted()
    if (response.write(bytes)) return
    this.#hold(response, bytes.byteLength)
    try {
      await once(response, 'drain', { signal: gone })
    } finally {
      this.#free(response)
    }
  }

  #hold(response: ServerResponse, bytes: number): void {
    this.#held.set(response, bytes)
    this.#sum += bytes
    for (const oldest of this.#held.keys()) {
      if (this.#sum <= this.#most || oldest === response) return
      this.#free(oldest)
      oldest.destroy()
    }
  }

  #free(response: ServerResponse): void {
    this.#sum -= this.#held.get(response) ?? 0
    this.#held.delete(response)
  }
}

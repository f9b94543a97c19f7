// Answers of the store that are being passed on: each holds one of its connections, so clients that take nothing make room for others.
import type { ServerResponse } from 'node:http'

/** Of the 64 connections to a store, so many may be held by clients. */
const MAX_OPEN = 48
/** Whoever has taken nothing for so long makes room, ms. */
const STALL_MS = 5000
const LOOK_MS = 1000

export class OpenAnswers {
  readonly #most: number
  /** When each was begun, or last took something; `performance.now()`. */
  readonly #takenAt = new Map<ServerResponse, number>()

  #timer: NodeJS.Timeout | undefined

  /** `most`: answers beyond which those make room that nobody takes. */
  constructor(most = MAX_OPEN) {
    this.#most = most
  }

  /** To be called before the store is asked for a body. */
  add(response: ServerResponse): void {
    if (this.#takenAt.has(response) || response.closed) return
    const takes = () => void this.#takenAt.set(response, performance.now())
    takes()
    response.on('drain', takes)
    response.once('close', () => {
      response.off('drain', takes)
      this.#takenAt.delete(response)
    })
    this.#makeRoom()
  }

  #makeRoom(): void {
    clearTimeout(this.#timer)
    const surplus = this.#takenAt.size - this.#most
    if (surplus <= 0) return
    for (const response of this.#stalled().slice(0, surplus)) {
      this.#takenAt.delete(response)
      response.destroy()
    }
    this.#timer = setTimeout(() => this.#makeRoom(), LOOK_MS).unref()
  }

  /** Those first that have taken nothing for longest. */
  #stalled(): ServerResponse[] {
    const before = performance.now() - STALL_MS
    const stalled = [...this.#takenAt].filter(
      ([response, at]) => at < before && response.writableNeedDrain && !response.destroyed,
    )
    return stalled.toSorted(([, a], [, b]) => a - b).map(([response]) => response)
  }
}

// Writes an answer of unknown length as NDJSON: one JSON object per line, until either side ends it.
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** A reader that is so far behind, in bytes, is hung up on: nothing is kept for it without bound. */
const MAX_BEHIND = 4 * 1024 * 1024

export class LineWriter {
  readonly #response: ServerResponse

  private constructor(response: ServerResponse) {
    this.#response = response
  }

  /** Begins the answer; from now on it is this writer's. */
  static take(reply: FastifyReply): LineWriter {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
    reply.raw.flushHeaders()
    return new LineWriter(reply.raw)
  }

  /** Whether the reader keeps up: what is only of passing interest need not be written now. */
  get keepsUp(): boolean {
    return this.#response.writableLength === 0
  }

  write(line: object): void {
    if (this.#response.destroyed) return
    this.#response.write(`${JSON.stringify(line)}\n`)
    if (this.#response.writableLength > MAX_BEHIND) this.#response.destroy()
  }

  /** Called once, when the reader has gone or the answer has ended. */
  onEnd(listener: () => void): void {
    this.#response.once('close', listener)
    if (this.#response.destroyed) listener()
  }

  end(): void {
    this.#response.end()
  }
}

// Writes the answer to a GET of a whole file whose digest the hub states, and completes it with those very bytes only.
import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { DragonflyError } from '../../core/errors.ts'
import { BlobWriter } from '../registry/blob-writer.ts'

export class CheckedWriter extends BlobWriter {
  readonly #hash = createHash('sha256')
  readonly #sha256: string
  /** What was written is not the file, whatever comes behind it. */
  isWrong = false

  /** `sha256`: as hexadecimal digits. */
  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>, sha256: string) {
    super(response, headers, undefined)
    this.#sha256 = sha256
  }

  /** Rejects with `digest-mismatch` in place of writing the last bytes, too. */
  override async write(bytes: Uint8Array): Promise<void> {
    const part = bytes.subarray(0, this.end - this.position)
    this.#hash.update(part)
    if (this.position + part.byteLength === this.end && this.#hash.digest('hex') !== this.#sha256) {
      this.isWrong = true
      throw new DragonflyError('digest-mismatch', 'the file is not what the hub says it is')
    }
    await super.write(part)
  }
}

// Puts small files one behind the other into packs.
import type { FileHandle } from 'node:fs/promises'
import { sha256 } from '../../core/piece.ts'
import { MAX_PACK_BYTES, MAX_PACKED_BYTES, type TreePack, type TreePlace } from '../../core/tree.ts'
import { changed, type Look, unreadable, withFile } from './look.ts'

export class Packer {
  readonly #keep: (bytes: Uint8Array) => Promise<TreePack>
  readonly #packs: TreePack[] = []
  #parts: Uint8Array[] = []
  #size = 0

  /** `keep`: stores a pack. */
  constructor(keep: (bytes: Uint8Array) => Promise<TreePack>) {
    this.#keep = keep
  }

  /** Resolves to undefined for a file that is too large for a pack. Rejects with `origin-changed` when it is another one by now. */
  async add(path: string, look: Look): Promise<{ sha256: Uint8Array; place: TreePlace } | undefined> {
    const size = Number(look.size)
    if (size > MAX_PACKED_BYTES) return undefined
    if (this.#size + size > MAX_PACK_BYTES) await this.#close()
    const bytes = await readSmall(path, look)
    const place = { pack: this.#packs.length, offset: this.#size }
    this.#parts.push(bytes)
    this.#size += size
    return { sha256: sha256(bytes), place }
  }

  /** All packs. */
  async end(): Promise<readonly TreePack[]> {
    if (this.#parts.length > 0) await this.#close()
    return this.#packs
  }

  async #close(): Promise<void> {
    this.#packs.push(await this.#keep(Buffer.concat(this.#parts)))
    this.#parts = []
    this.#size = 0
  }
}

/** All bytes of a file. Rejects with `bad-option`, or `origin-changed` when it is another one by now. */
export async function readSmall(path: string, look: Look): Promise<Uint8Array> {
  const size = Number(look.size)
  const bytes = await withFile(path, look, file => readWhole(file, size)).catch(error => {
    throw unreadable(path, error)
  })
  if (bytes.byteLength !== size) throw changed(path)
  return bytes
}

/** At most one byte more than there should be. */
async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size + 1)
  let length = 0
  for (;;) {
    const { bytesRead } = await file.read(bytes, length, bytes.byteLength - length, length)
    length += bytesRead
    if (bytesRead === 0 || length === bytes.byteLength) return bytes.subarray(0, length)
  }
}

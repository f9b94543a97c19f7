// An entry on the disk that was written whole: its files are opened only if somebody needs them.
import { randomUUID } from 'node:crypto'
import { rename, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { fromSystemError } from '../core/errors.ts'
import type { Backing, WrittenPiece } from './backing.ts'
import { DiskBacking } from './disk-backing.ts'
import type { HeavyBacking } from './light-backing.ts'
import type { Lock } from './lock.ts'
import { removeFolder } from './removal.ts'
import type { Stamp } from './stamp.ts'
import type { FileTaken } from './store.ts'

/** The time of last use is not written down for less, ms. */
const TOUCH_MS = 5000

export class WrittenBacking implements HeavyBacking {
  readonly hints = new Set<number>()
  readonly present = 0
  usedAt: number | undefined
  readonly #folder: string
  readonly #trash: string
  readonly #lock: Lock
  /** What the disk says of the last use, as far as we know. */
  #touchedAt = Date.now()
  #disk: Promise<DiskBacking> | undefined

  /** `folder` has all its files, and is locked by `lock`. */
  constructor(folder: string, trash: string, lock: Lock) {
    this.#folder = folder
    this.#trash = trash
    this.#lock = lock
  }

  get file(): string {
    return join(this.#folder, 'data')
  }

  async records(): Promise<Uint8Array[]> {
    return await (await this.#opened()).records()
  }

  async append(record: Uint8Array): Promise<void> {
    await (await this.#opened()).append(record)
  }

  async describe(label: string): Promise<void> {
    await (await this.#opened()).describe(label)
  }

  async write(piece: WrittenPiece, pieceLength: number): Promise<void> {
    await (await this.#opened()).write(piece, pieceLength)
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    return await (await this.#opened()).read(offset, into)
  }

  async handOver(target: string, length: number, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await (await this.#opened()).handOver(target, length, how, signal)
  }

  async lend(length: number): Promise<string> {
    return await (await this.#opened()).lend(length)
  }

  async remark(indexes: readonly number[]): Promise<void> {
    await (await this.#opened()).remark(indexes)
  }

  async stamp(): Promise<Stamp> {
    return await (await this.#opened()).stamp()
  }

  async shareData(key: string, isGood: (read: Backing['read']) => Promise<boolean>): Promise<boolean> {
    return await (await this.#opened()).shareData(key, isGood)
  }

  async takeFile(file: string, pieces: number, makeRoom: () => Promise<void>): Promise<FileTaken> {
    return await (await this.#opened()).takeFile(file, pieces, makeRoom)
  }

  async touch(): Promise<void> {
    const at = this.usedAt
    if (at === undefined || at - this.#touchedAt < TOUCH_MS) return
    this.#touchedAt = at
    await utimes(join(this.#folder, 'marks'), at / 1000, at / 1000).catch(() => {})
  }

  async close(): Promise<void> {
    const disk = await this.#disk?.catch(() => undefined)
    await this.touch()
    if (disk === undefined) await this.#lock.release()
    else await disk.close()
  }

  async remove(): Promise<void> {
    const disk = await this.#disk?.catch(() => undefined)
    if (disk !== undefined) return await disk.remove()
    const grave = join(this.#trash, randomUUID())
    await rename(this.#folder, grave).catch(async error => {
      await this.#lock.release()
      throw fromSystemError(error, 'store-error', `cannot remove ${this.#folder}`)
    })
    await removeFolder(grave)
  }

  #opened(): Promise<DiskBacking> {
    this.#disk ??= DiskBacking.open(this.#folder, this.#trash, this.#lock).catch(error => {
      throw fromSystemError(error, 'store-error', `cannot open the store entry ${this.#folder}`)
    })
    return this.#disk
  }
}

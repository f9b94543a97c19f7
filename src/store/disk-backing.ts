// The files of one entry: DIR/entries/KEY/{data,marks,records,label,lock}.
import { randomUUID } from 'node:crypto'
import { chmod, constants, copyFile, type FileHandle, link, open, readFile, rename, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import type { Backing, WrittenPiece } from './backing.ts'
import { MAX_LABEL, onDisk } from './inventory.ts'
import type { Lock } from './lock.ts'
import { Marks } from './marks.ts'
import { ignoreNoModes, isNoReplacing, outputError, placeFile, prepareOutput } from './output.ts'
import { readAt, writeAt } from './positional.ts'
import { Records } from './records.ts'
import { removeFile, removeFolder } from './removal.ts'
import { type Stamp, stampOf } from './stamp.ts'
import type { FileTaken } from './store.ts'
import { takeFile } from './take-file.ts'
import { pieceWrites } from './write-meter.ts'

/**
 * `data` holds each piece at index × piece length, with holes; `marks` says which ones were written. There is no fsync:
 * after a power loss a mark may stand for bytes that never reached the disk, and recovery finds that out by their hash.
 */
export class DiskBacking implements Backing {
  readonly file: string
  readonly #folder: string
  readonly #trash: string
  readonly #lock: Lock
  #data: FileHandle
  readonly #marks: Marks
  readonly #records: Records
  #touchedAt: number | undefined
  /** Whether the data has no other name, as far as we know; see `lend`. */
  #isOurs = false
  #owning: Promise<void> | undefined
  /** Bytes of the content that were on the disk at the opening. */
  readonly present: number
  /** When it was read or written last, ms since 1970; undefined: not since the opening. */
  usedAt: number | undefined

  private constructor(
    folder: string,
    trash: string,
    lock: Lock,
    data: FileHandle,
    marks: Marks,
    records: Records,
    present: number,
  ) {
    this.present = present
    this.#folder = folder
    this.file = join(folder, 'data')
    this.#trash = trash
    this.#lock = lock
    this.#data = data
    this.#marks = marks
    this.#records = records
  }

  /** `folder` is there and locked by `lock`, which is released here when the opening fails. `trash` is where it goes to die. */
  static async open(folder: string, trash: string, lock: Lock): Promise<DiskBacking> {
    const opened: { close(): Promise<void> }[] = []
    try {
      await removeFile(join(folder, TWIN)) // left over from a crash
      await removeFile(join(folder, COPY_OF_LINKED))
      const data = await openData(join(folder, 'data'))
      opened.push(data)
      const marks = await Marks.open(join(folder, 'marks'))
      opened.push(marks)
      const records = await Records.open(join(folder, 'records'))
      opened.push(records)
      return new DiskBacking(folder, trash, lock, data, marks, records, onDisk(await data.stat()))
    } catch (error) {
      await Promise.allSettled(opened.map(file => file.close()))
      await lock.release()
      throw error
    }
  }

  get hints(): Set<number> {
    return this.#marks.hints
  }

  records(): Promise<Uint8Array[]> {
    return this.#records.all()
  }

  append(record: Uint8Array): Promise<void> {
    return this.#records.append(record)
  }

  async describe(label: string): Promise<void> {
    const text = label.slice(0, MAX_LABEL)
    if ((await readFile(this.#path('label'), 'utf8').catch(() => undefined)) === text) return
    try {
      await writeFile(this.#path('label'), text, { mode: 0o600 })
    } catch (error) {
      throw fromSystemError(error, 'store-error', 'cannot write to the store')
    }
  }

  /** Writes down when the entry was used last, for after a restart; no more than a hint, so that no error matters. */
  async touch(): Promise<void> {
    const at = this.usedAt
    if (at === undefined || at === this.#touchedAt) return
    this.#touchedAt = at
    await utimes(this.#path('marks'), at / 1000, at / 1000).catch(() => {})
  }

  remark(indexes: readonly number[]): Promise<void> {
    return this.#marks.replace(indexes)
  }

  stamp(): Promise<Stamp> {
    return stampOf(this.#data)
  }

  async write(piece: WrittenPiece, pieceLength: number): Promise<void> {
    await this.#keepToOurselves()
    await pieceWrites.during(writeAt(this.#data, piece.bytes, piece.index * pieceLength))
    await this.#marks.add(piece.index)
  }

  read(offset: number, into: Uint8Array): Promise<number> {
    return readAt(this.#data, into, offset)
  }

  async takeFile(file: string, pieces: number, makeRoom: () => Promise<void>): Promise<FileTaken> {
    const how = await takeFile(file, this.file, makeRoom)
    const before = this.#data
    this.#data = await openData(this.file)
    // of a hard link nothing is written: a copy takes its place first
    this.#isOurs = false
    this.#owning = undefined
    await before.close()
    const all = Array.from({ length: pieces }, (_, index) => index)
    await this.#marks.replace(all)
    for (const index of all) this.#marks.hints.add(index)
    return how
  }

  async handOver(target: string, length: number, how: 'move' | 'copy', signal?: AbortSignal): Promise<void> {
    await this.#fit(length)
    if (how === 'move' && (await this.#rename(target))) return
    const source = {
      copyTo: (path: string) => copyFile(this.file, path, COPY),
      read: (offset: number, into: Uint8Array) => readAt(this.#data, into, offset),
    }
    await placeFile(target, length, source, signal)
  }

  async lend(length: number): Promise<string> {
    await this.#fit(length)
    // whoever it is lent to may make a hard link
    this.#isOurs = false
    this.#owning = undefined
    return this.file
  }

  async shareData(key: string, isGood: (read: Backing['read']) => Promise<boolean>): Promise<boolean> {
    const twin = this.#path(TWIN)
    let file: FileHandle | undefined
    try {
      await link(join(dirname(this.#folder), key, 'data'), twin)
      file = await open(twin, constants.O_RDWR)
      const theirs = file
      const [ours, other] = await Promise.all([this.#data.stat(), file.stat()])
      const isShared = ours.ino === other.ino && ours.dev === other.dev
      if (isShared || !(await isGood((offset, into) => readAt(theirs, into, offset)))) return isShared
      await rename(twin, this.file)
      // reads under way end on the file that they began with; its bytes are the same
      file = this.#data
      this.#data = theirs
      this.#isOurs = false
      this.#owning = undefined
      return true
    } catch (error) {
      if (CANNOT_LINK.has(String((error as NodeJS.ErrnoException).code))) return false
      throw fromSystemError(error, 'store-error', 'cannot share data in the store')
    } finally {
      await file?.close()
      await removeFile(twin)
    }
  }

  async close(): Promise<void> {
    try {
      await this.touch()
      await this.#closeFiles()
    } finally {
      await this.#lock.release()
    }
  }

  /** The folder leaves its place in one step, lock and all; whoever opens the key meanwhile gets a new one. */
  async remove(): Promise<void> {
    const grave = join(this.#trash, randomUUID())
    try {
      await this.#closeFiles()
    } finally {
      await rename(this.#folder, grave).catch(async error => {
        await this.#lock.release()
        throw fromSystemError(error, 'store-error', `cannot remove ${this.#folder}`)
      })
    }
    // What stays is removed by the next who opens the store.
    await removeFolder(grave).catch(() => {})
  }

  /** False when target is on another filesystem or no file that can be replaced, or the data are another entry's too: what becomes of an output is not ours. */
  async #rename(target: string): Promise<boolean> {
    if ((await this.#data.stat()).nlink > 1) return false
    const { path, how, mode } = await prepareOutput(target)
    if (how !== 'replace') return false
    await this.#data.chmod(mode).catch(ignoreNoModes)
    try {
      await rename(this.file, path)
      return true
    } catch (error) {
      await this.#data.chmod(0o600).catch(ignoreNoModes)
      if ((error as NodeJS.ErrnoException).code === 'EXDEV' || isNoReplacing(error)) return false
      throw outputError(target, error)
    }
  }

  /** Forgotten pieces behind the end are no part of the content. Too short, somebody else has been at the file. */
  async #fit(length: number): Promise<void> {
    try {
      const { size } = await this.#data.stat()
      if (size < length) throw new DragonflyError('store-error', `the store has ${size} of ${length} bytes`)
      if (size <= length) return
      await this.#keepToOurselves()
      await this.#data.truncate(length)
    } catch (error) {
      throw fromSystemError(error, 'store-error', 'cannot hand over from the store')
    }
  }

  /**
   * Before anything is written: a file with another name is a hard link that somebody was given, and stays as it is for him; the
   * entry goes on with a copy.
   */
  async #keepToOurselves(): Promise<void> {
    if (this.#isOurs) return
    this.#owning ??= this.#own()
    await this.#owning
  }

  async #own(): Promise<void> {
    const { nlink, mode } = await this.#data.stat()
    if (nlink > 1 || (mode & 0o200) === 0) await this.#copyForOurselves()
    this.#isOurs = true
  }

  async #copyForOurselves(): Promise<void> {
    const copy = this.#path(COPY_OF_LINKED)
    try {
      await copyFile(this.file, copy, constants.COPYFILE_FICLONE)
      await chmod(copy, 0o600)
      const file = await open(copy, constants.O_RDWR)
      await rename(copy, this.file)
      const before = this.#data
      this.#data = file
      await before.close()
    } catch (error) {
      await removeFile(copy)
      throw fromSystemError(error, 'store-error', 'cannot write to the store')
    }
  }

  async #closeFiles(): Promise<void> {
    const results = await Promise.allSettled([this.#data.close(), this.#marks.close(), this.#records.close()])
    for (const result of results) {
      if (result.status === 'rejected') throw fromSystemError(result.reason, 'store-error', 'cannot close the store entry')
    }
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }
}

/** A second name of another entry's data, while they are looked at. */
const TWIN = 'data.twin'
/** What takes the place of data that has another name, while it is made. */
const COPY_OF_LINKED = 'data.own'
/** The other is gone, or has as many names as the filesystem allows, or there are no hard links here. */
const CANNOT_LINK = new Set(['ENOENT', 'EMLINK', 'EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** A hard link of a user's file may be read-only, or a program that runs: it is read, and a copy takes its place before anything is written. */
const READ_ONLY = new Set(['EACCES', 'ETXTBSY', 'EROFS', 'EPERM'])

async function openData(path: string): Promise<FileHandle> {
  return await open(path, constants.O_RDWR | constants.O_CREAT, 0o600).catch(error => {
    if (!READ_ONLY.has(error.code)) throw error
    return open(path, constants.O_RDONLY)
  })
}

/** Shares the blocks where the filesystem can, and copies inside the kernel where it cannot. */
const COPY = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE

// What a process has verified once: not read again while the file is as it was, and never believed when it is not.
import { chmod, link, mkdtemp, open, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { sha256 } from '../../src/core/piece.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import type { DiskStore } from '../../src/store/disk-store.ts'
import type { CheckedPiece } from '../../src/store/inspection.ts'
import { MAX_MARKS_BYTES, MAX_RECORDS_BYTES, type StoreEntry } from '../../src/store/store.ts'
import { hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

const LENGTH = 5 * PIECE_LENGTH + 17
const COUNT = 6

describe('a content that was verified before', () => {
  const material = makeMaterial(LENGTH)
  const digest = sha256(material.bytes)
  let dir: string
  let store: DiskStore
  const data = () => join(dir, 'entries', 'key', 'data')

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-verified-'))
    store = await openDiskStore(join(dir))
    const entry = await store.open('key')
    await putAll(entry, material)
    await entry.vouch(LENGTH, digest)
    await entry.close()
  })
  afterEach(async () => {
    await store.stop()
    await rm(dir, { recursive: true, force: true })
  })

  /** Opens it: which pieces are known then, how many were read for that, and whether the whole is believed unread. */
  async function reopen(): Promise<{ entry: StoreEntry; known: number; read: number; isBelieved: boolean }> {
    const entry = await store.open('key')
    let read = 0
    const found = await entry.recover(material.table, () => read++)
    return { entry, known: found.count, read, isBelieved: entry.verified !== undefined }
  }

  async function spoil(file = data()): Promise<void> {
    const handle = await open(file, 'r+')
    await handle.write(Buffer.from('spoilt'), 0, 6, PIECE_LENGTH)
    await handle.close()
  }

  it('is known without being read', async () => {
    for (const _again of [1, 2]) {
      const { entry, ...found } = await reopen()
      expect(found).to.deep.equal({ known: COUNT, read: 0, isBelieved: true })
      expect(entry.verified).to.deep.equal(digest)
      expect(hex(await entry.read(0, LENGTH, PIECE_LENGTH))).to.equal(hex(material.bytes))
      await entry.close()
    }
  })

  it('is read again by another process', async () => {
    await store.stop()
    store = await openDiskStore(dir)
    expect(await reopen()).to.include({ known: COUNT, read: COUNT, isBelieved: false })
  })

  it('is read again once it was written to, made longer or shorter, or replaced', async () => {
    const whole = await readFile(data())
    const changes: [() => Promise<unknown>, known: number][] = [
      [() => spoil(), COUNT - 1],
      [() => truncate(data(), LENGTH + 1), COUNT],
      [() => truncate(data(), LENGTH - 1), COUNT - 1],
      [() => rm(data()).then(() => writeFile(data(), whole)), COUNT],
    ]
    for (const [change, known] of changes) {
      await writeFile(data(), whole)
      const { entry } = await reopen()
      for (let index = 0; index < COUNT; index++) await entry.put(await material.piece(index), PIECE_LENGTH)
      await entry.vouch(LENGTH, digest)
      await entry.close()
      await change()
      const again = await reopen()
      expect(again).to.include({ known, read: known, isBelieved: false })
      await again.entry.close()
    }
  })

  it('is read again when its time was set back', async () => {
    const { atime, mtime } = await stat(data())
    await spoil()
    await utimes(data(), atime, mtime)
    expect(await reopen()).to.include({ known: COUNT - 1, isBelieved: false })
  })

  it('is read again when somebody doubts it', async () => {
    store.doubt('key')
    expect(await reopen()).to.include({ known: COUNT, read: COUNT, isBelieved: false })
  })

  it('is nothing once it was removed', async () => {
    await store.remove('key')
    expect(await reopen()).to.include({ known: 0, isBelieved: false })
  })

  it('keeps its file to itself: a hard link of it is not written to', async () => {
    const output = join(dir, 'output')
    await link(data(), output)
    const linked = await reopen()
    expect(linked).to.include({ read: 0, isBelieved: true })
    expect(await linked.entry.isTouched()).to.equal(false)
    await spoil(output)
    expect(await linked.entry.isTouched()).to.equal(true)
    await linked.entry.close()
    const edited = await readFile(output)
    const { entry, known } = await reopen()
    expect(known).to.equal(COUNT - 1)
    await entry.put(await material.piece(1), PIECE_LENGTH)
    expect(hex(await entry.read(0, LENGTH, PIECE_LENGTH))).to.equal(hex(material.bytes))
    expect(await readFile(output)).to.deep.equal(edited)
    expect((await stat(data())).nlink).to.equal(1)
  })

  it('may be read-only, as a hard link that was given away is', async () => {
    const output = join(dir, 'output')
    await link(data(), output)
    await chmod(output, 0o444)
    await truncate(output, LENGTH + 5).catch(() => {})
    const { entry } = await reopen()
    expect(await entry.lend(LENGTH)).to.equal(data())
    expect((await stat(data())).size).to.equal(LENGTH)
  })

  describe('is inspected', () => {
    async function inspected(): Promise<CheckedPiece[]> {
      const found = await store.inspect('key')
      const pieces: CheckedPiece[] = []
      for await (const piece of found?.check(material.table) ?? []) pieces.push(piece)
      return pieces
    }

    it('while somebody has it open, piece by piece', async () => {
      const entry = await store.open('key')
      const good = await inspected()
      expect(good.map(({ index }) => index)).to.deep.equal([0, 1, 2, 3, 4, 5])
      expect(good.every(({ isGood }) => isGood)).to.equal(true)
      expect(good.reduce((sum, { size }) => sum + size, 0)).to.equal(LENGTH)
      await spoil()
      await truncate(data(), 4 * PIECE_LENGTH)
      expect((await inspected()).map(({ isGood }) => isGood)).to.deep.equal([true, false, true, true, false, false])
      expect(entry.count).to.equal(0)
    })

    it('and what is lost is forgotten', async () => {
      await spoil()
      const { entry } = await reopen()
      await entry.forgetLost()
      await entry.close()
      expect((await inspected()).map(({ index }) => index)).to.deep.equal([0, 2, 3, 4, 5])
    })

    it('as nothing when it is not there, or too long to be ours', async () => {
      expect(await store.inspect('absent')).to.equal(undefined)
      await truncate(join(dir, 'entries', 'key', 'marks'), MAX_MARKS_BYTES + 1)
      await truncate(join(dir, 'entries', 'key', 'records'), MAX_RECORDS_BYTES + 1)
      const found = await store.inspect('key')
      expect(found?.marked.size).to.equal(0)
      expect(await found?.records()).to.deep.equal([])
    })
  })
})

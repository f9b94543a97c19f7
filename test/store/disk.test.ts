import { appendFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { MAX_PIECES } from '../../src/core/piece.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import { MAX_MARKS_BYTES, MAX_RECORD_BYTES, type Store } from '../../src/store/store.ts'
import { storeContract } from './contract.ts'
import { failure } from './expect-error.ts'
import { fill, hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

storeContract('the disk store', openDiskStore)

const LENGTH = 5 * PIECE_LENGTH + 17

describe('the disk store', () => {
  const material = makeMaterial(LENGTH)
  let dir: string
  let store: Store
  const path = (name: string): string => join(dir, 'entries', 'k', name)

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-disk-'))
    store = await openDiskStore(dir)
  })

  afterEach(async () => {
    await store.stop()
    await rm(dir, { recursive: true, force: true })
  })

  /** Which pieces a new opening finds. */
  async function recovered(): Promise<number[]> {
    const entry = await store.open('k')
    const found = await entry.recover(material.table)
    await entry.close()
    return [...found]
  }

  it('is for its owner alone', async () => {
    await fill(store, 'k', material)
    for (const folder of [join(dir, 'entries'), path('')]) expect((await stat(folder)).mode & 0o777).to.equal(0o700)
    for (const name of ['data', 'marks', 'records']) expect((await stat(path(name))).mode & 0o777).to.equal(0o600)
  })

  it('knows how much room there is', async () => {
    expect(await store.freeSpace()).to.be.within(1, Number.MAX_SAFE_INTEGER)
  })

  it('leaves nothing on the disk of what was removed, nor of a removal that was cut short', async () => {
    await fill(store, 'k', material)
    await store.remove('k')
    await mkdir(join(dir, 'trash', 'left-over'))
    await writeFile(join(dir, 'trash', 'left-over', 'data'), 'x')
    await (await openDiskStore(dir)).stop()
    expect(await readdir(join(dir, 'trash'))).to.deep.equal([])
    expect(await readdir(join(dir, 'entries'))).to.deep.equal([])
  })

  it('opens a key for somebody while others remove it', async () => {
    const openAndRemove = async (): Promise<void> => (await store.open('k')).remove()
    const results = await Promise.allSettled(Array.from({ length: 30 }, openAndRemove))
    for (const result of results) if (result.status === 'rejected') expect(result.reason.code).to.equal('store-locked')
    await (await store.open('k')).close()
  })

  it('forgets a piece with a flipped bit, and can put it again', async () => {
    await fill(store, 'k', material)
    const data = await open(path('data'), 'r+')
    await data.write(Uint8Array.of((material.bytes[2 * PIECE_LENGTH + 9] as number) ^ 1), 0, 1, 2 * PIECE_LENGTH + 9)
    await data.close()
    const entry = await store.open('k')
    expect([...(await entry.recover(material.table))]).to.deep.equal([0, 1, 3, 4, 5])
    expect(entry.has(2)).to.equal(false)
    await entry.put(await material.piece(2), PIECE_LENGTH)
    await entry.close()
    expect(await recovered()).to.deep.equal([0, 1, 2, 3, 4, 5])
  })

  it('forgets pieces whose data is gone', async () => {
    await fill(store, 'k', material)
    await truncate(path('data'), 3 * PIECE_LENGTH + 5)
    expect(await recovered()).to.deep.equal([0, 1, 2])
  })

  it('says so when the data is cut off under its hands', async () => {
    const entry = await store.open('k')
    await putAll(entry, material)
    await truncate(path('data'), 3 * PIECE_LENGTH)
    await failure(entry.read(0, LENGTH, PIECE_LENGTH), 'store-error')
    await failure(entry.handOver(join(dir, 'out'), LENGTH, 'move'), 'store-error')
    await failure(entry.handOver(join(dir, 'out'), LENGTH, 'copy'), 'store-error')
    expect(await readdir(dir)).to.not.include('out')
  })

  it('gives nothing of what lies behind the end of the content', async () => {
    await fill(store, 'k', material)
    await appendFile(path('data'), 'garbage')
    const entry = await store.open('k')
    await entry.recover(material.table)
    await failure(entry.read(LENGTH, 1, PIECE_LENGTH), 'store-error')
    await entry.handOver(join(dir, 'copy'), LENGTH, 'copy')
    await entry.handOver(join(dir, 'move'), LENGTH, 'move')
    for (const name of ['copy', 'move']) expect(hex(await readFile(join(dir, name)))).to.equal(hex(material.bytes))
  })

  describe('marks', () => {
    it('that lie are found out', async () => {
      await fill(store, 'k', makeMaterial(LENGTH, 7))
      expect(await recovered()).to.deep.equal([])
    })

    it('of impossible pieces are passed over', async () => {
      await fill(store, 'k', material)
      const marks = new Uint32Array([0xffffffff, MAX_PIECES, MAX_PIECES - 1, 6, 100_000])
      await appendFile(path('marks'), new Uint8Array(marks.buffer))
      expect(await recovered()).to.deep.equal([0, 1, 2, 3, 4, 5])
    })

    it('that are torn do not shift those that follow', async () => {
      const entry = await store.open('k')
      await entry.put(await material.piece(0), PIECE_LENGTH)
      await entry.close()
      await appendFile(path('marks'), Uint8Array.of(1, 0, 0))
      await fill(store, 'k', material)
      expect((await stat(path('marks'))).size % 4).to.equal(0)
      expect(await recovered()).to.deep.equal([0, 1, 2, 3, 4, 5])
    })

    it('beyond the limit are garbage', async () => {
      await fill(store, 'k', material)
      await truncate(path('marks'), MAX_MARKS_BYTES + 4)
      expect(await recovered()).to.deep.equal([])
      expect((await stat(path('marks'))).size).to.equal(0)
    })

    it('that repeat themselves are written anew before the limit', async () => {
      await fill(store, 'k', material)
      await appendFile(path('marks'), Buffer.alloc(MAX_MARKS_BYTES / 2, Uint8Array.of(3, 0, 0, 0)))
      expect(await recovered()).to.deep.equal([0, 1, 2, 3, 4, 5])
      expect((await stat(path('marks'))).size).to.equal(6 * 4)
      expect(await recovered()).to.deep.equal([0, 1, 2, 3, 4, 5])
    })
  })

  describe('records', () => {
    const records = [Uint8Array.of(1, 2, 3), new Uint8Array(500).fill(4), Uint8Array.of(5)]
    const FRAMED = [11, 508, 9]

    async function write(): Promise<void> {
      const entry = await store.open('k')
      for (const record of records) await entry.append(record)
      await entry.close()
    }

    async function check(good: number): Promise<void> {
      let entry = await store.open('k')
      expect((await entry.records()).map(hex)).to.deep.equal(records.slice(0, good).map(hex))
      await entry.close()
      expect((await stat(path('records'))).size).to.equal(FRAMED.slice(0, good).reduce((a, b) => a + b, 0))
      entry = await store.open('k')
      await entry.append(Uint8Array.of(6))
      await entry.close()
      entry = await store.open('k')
      expect((await entry.records()).map(hex)).to.deep.equal([...records.slice(0, good), Uint8Array.of(6)].map(hex))
      await entry.close()
    }

    for (const [cut, good] of [
      [1, 2],
      [8, 2],
      [9, 2],
      [10, 1],
      [509, 1],
      [516, 1],
      [517, 1],
      [518, 0],
      [528, 0],
    ] as const) {
      it(`torn by ${cut} bytes lose only what is torn`, async () => {
        await write()
        await truncate(path('records'), 528 - cut)
        await check(good)
      })
    }

    it('behind a torn one are kept, though nobody read before appending', async () => {
      await write()
      await truncate(path('records'), 528 - 3)
      const entry = await store.open('k')
      await entry.append(Uint8Array.of(6))
      expect((await entry.records()).map(hex)).to.deep.equal(['010203', hex(records[1] as Uint8Array), '06'])
    })

    for (const [what, tail] of [
      ['a length beyond the limit', Uint8Array.of(...u32(MAX_RECORD_BYTES + 1), ...new Uint8Array(100))],
      ['the largest length', new Uint8Array(50).fill(0xff)],
      ['zeros, as after a power loss', new Uint8Array(4096)],
      ['a wrong checksum', Uint8Array.of(...u32(1), ...u32(12345), 7)],
    ] as const) {
      it(`end before ${what}`, async () => {
        await write()
        await appendFile(path('records'), tail)
        await check(3)
      })
    }

    it('end before a flipped bit', async () => {
      await write()
      const file = await open(path('records'), 'r+')
      await file.write(Uint8Array.of(5), 0, 1, 11 + 8 + 250)
      await file.close()
      await check(1)
    })
  })

  it('names the folder that it cannot make', async () => {
    const error = await failure(openDiskStore('/proc/nowhere/store'), 'store-error')
    expect(error.message).to.include('/proc/nowhere/store')
    expect(error.hint).to.include('--store')
    await writeFile(join(dir, 'file'), '')
    await failure(openDiskStore(join(dir, 'file')), 'store-error')
    await symlink(join(dir, 'unmounted'), join(dir, 'link'))
    await failure(openDiskStore(join(dir, 'link', 'store')), 'store-error')
    await (await openDiskStore(join(dir, 'a', 'b', 'c'))).stop()
  })
})

function u32(n: number): number[] {
  return [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]
}

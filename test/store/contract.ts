// The contract of a store: what every implementation must do, run against each.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { MAX_RECORD_BYTES, MAX_RECORDS_BYTES, type Store } from '../../src/store/store.ts'
import { failure } from './expect-error.ts'
import { fill, hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'
import { storeModel } from './model.ts'

/** Where pieces begin and end, and one beside it. */
const SIZES = [0, 1, PIECE_LENGTH - 1, PIECE_LENGTH, PIECE_LENGTH + 1, 7 * PIECE_LENGTH + 4321]
const MIDDLE = 5 * PIECE_LENGTH + 17

/** Runs the contract. `make` gives a new empty store in a folder of its own each time. */
export function storeContract(name: string, make: (folder: string) => Promise<Store>): void {
  describe(`${name} keeps the contract of a store`, () => {
    let folder: string
    let store: Store

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'df-store-'))
      store = await make(join(folder, 'store'))
    })

    afterEach(async () => {
      await store.stop()
      await rm(folder, { recursive: true })
    })

    describe('entries', () => {
      it('are listed, sorted, and gone when removed', async () => {
        expect(await store.keys()).to.deep.equal([])
        const b = await store.open('b')
        const a = await store.open('a.1_X-y')
        expect(await store.keys()).to.deep.equal(['a.1_X-y', 'b'])
        await a.close()
        expect(await store.keys()).to.deep.equal(['a.1_X-y', 'b'])
        await store.remove('a.1_X-y')
        await b.remove()
        await b.remove()
        expect(await store.keys()).to.deep.equal([])
        await store.remove('never-there')
        expect(await store.keys()).to.deep.equal([])
      })

      it('have keys that are plain names', async () => {
        for (const key of ['', '.', '..', '../x', 'a/b', 'a\0', 'ä', 'x'.repeat(201)]) {
          expect((await failure(store.open(key), 'bad-option')).hint).to.include('letters')
          await failure(store.remove(key), 'bad-option')
        }
        for (const key of ['...', '-', 'x'.repeat(200)]) await (await store.open(key)).close()
      })

      it('are open once at a time', async () => {
        const entry = await store.open('k')
        await failure(store.open('k'), 'store-locked')
        await failure(store.remove('k'), 'store-locked')
        const other = await store.open('other')
        await entry.close()
        await entry.close()
        const again = await store.open('k')
        await again.close()
        await other.close()
      })

      it('let one of many openers in at the same moment', async () => {
        const results = await Promise.allSettled(Array.from({ length: 20 }, () => store.open('k')))
        const won = results.filter(result => result.status === 'fulfilled')
        expect(won).to.have.length(1)
        for (const result of results) if (result.status === 'rejected') expect(result.reason.code).to.equal('store-locked')
      })

      it('do nothing after they are closed', async () => {
        const { piece } = makeMaterial(10)
        const entry = await store.open('k')
        await entry.close()
        await failure(entry.put(await piece(0), PIECE_LENGTH), 'store-error')
        await failure(entry.read(0, 0, PIECE_LENGTH), 'store-error')
        await failure(entry.records(), 'store-error')
        await failure(entry.append(new Uint8Array(1)), 'store-error')
        await failure(entry.remove(), 'store-error')
      })

      it('are not opened with a signal that is aborted, and can be opened later', async () => {
        await failure(store.open('k', AbortSignal.abort()), 'aborted')
        await (await store.open('k')).close()
      })

      it('wait for running puts when they close', async () => {
        const material = makeMaterial(MIDDLE)
        const entry = await store.open('k')
        const pieces = await Promise.all([0, 1, 2, 3, 4, 5].map(material.piece))
        const puts = pieces.map(piece => entry.put(piece, PIECE_LENGTH))
        await entry.close()
        await Promise.all(puts)
        const again = await store.open('k')
        expect((await again.recover(material.table)).isFull).to.equal(true)
      })

      it('are closed by stop, after which nothing opens', async () => {
        const entry = await store.open('k')
        await Promise.all([store.stop(), store.stop()])
        await failure(entry.records(), 'store-error')
        await failure(store.open('k'), 'store-error')
      })
    })

    describe('records', () => {
      it('come back in order, after reopening too', async () => {
        const records = [new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(100_000).fill(7), new Uint8Array(0)]
        let entry = await store.open('k')
        expect(await entry.records()).to.deep.equal([])
        await Promise.all(records.map(record => entry.append(record)))
        expect((await entry.records()).map(hex)).to.deep.equal(records.map(hex))
        await entry.close()
        entry = await store.open('k')
        await entry.append(Uint8Array.of(9))
        expect((await entry.records()).map(hex)).to.deep.equal([...records.map(hex), '09'])
      })

      it('are the bytes of the moment they were appended', async () => {
        const entry = await store.open('k')
        const record = Uint8Array.of(1)
        const appending = entry.append(record)
        record[0] = 2
        await appending
        expect((await entry.records()).map(hex)).to.deep.equal(['01'])
      })

      it('have limits, one by one and together', async () => {
        const entry = await store.open('k')
        await failure(entry.append(new Uint8Array(MAX_RECORD_BYTES + 1)), 'store-error')
        const largest = new Uint8Array(MAX_RECORD_BYTES)
        const fit = Math.floor(MAX_RECORDS_BYTES / (MAX_RECORD_BYTES + 8))
        const results = await Promise.allSettled(Array.from({ length: fit + 3 }, () => entry.append(largest)))
        expect(results.filter(result => result.status === 'fulfilled')).to.have.length(fit)
        await entry.append(Uint8Array.of(1))
        expect(await entry.records()).to.have.length(fit + 1)
      })
    })

    for (const size of SIZES) {
      describe(`a content of ${size} bytes`, () => {
        const material = makeMaterial(size)
        const { bytes, table } = material

        it('is read back as it was put', async () => {
          const entry = await store.open('k')
          await putAll(entry, material)
          expect(entry.count).to.equal(table.count)
          expect(hex(await entry.read(0, size, PIECE_LENGTH))).to.equal(hex(bytes))
          const into = new Uint8Array(size + 5)
          const read = await entry.read(0, size, PIECE_LENGTH, into)
          expect(read.buffer).to.equal(into.buffer)
          expect(hex(read)).to.equal(hex(bytes))
          await failure(entry.read(0, size + 1, PIECE_LENGTH), 'store-error')
        })

        it('is unknown after reopening, until it was recovered', async () => {
          await fill(store, 'k', material)
          const entry = await store.open('k')
          expect(entry.count).to.equal(0)
          if (size > 0) await failure(entry.read(0, 1, PIECE_LENGTH), 'store-error')
          const seen: Uint8Array[] = []
          const found = await entry.recover(table, piece => {
            expect(piece.index).to.equal(seen.length)
            seen.push(piece.bytes)
          })
          expect(found.size).to.equal(table.count)
          expect(found.isFull).to.equal(true)
          expect(hex(Buffer.concat(seen))).to.equal(hex(bytes))
          expect(hex(await entry.read(0, size, PIECE_LENGTH))).to.equal(hex(bytes))
        })

        for (const how of ['move', 'copy'] as const) {
          it(`is handed over whole by ${how}`, async () => {
            const entry = await store.open('k')
            await putAll(entry, material)
            const target = join(folder, 'out.bin')
            await writeFile(target, 'what was there before')
            await entry.handOver(target, size, how)
            expect(hex(await readFile(target))).to.equal(hex(bytes))
            expect((await stat(target)).mode & 0o777).to.equal(0o666 & ~process.umask())
            expect((await readdir(folder)).filter(name => name.startsWith('.'))).to.deep.equal([])
            expect(await store.keys()).to.deep.equal(how === 'move' ? [] : ['k'])
            if (how === 'move') await failure(entry.records(), 'store-error')
            else expect(hex(await entry.read(0, size, PIECE_LENGTH))).to.equal(hex(bytes))
            await entry.close()
          })
        }
      })
    }

    describe('pieces', () => {
      it('of another content are forgotten', async () => {
        await fill(store, 'k', makeMaterial(MIDDLE, 1))
        const entry = await store.open('k')
        const other = makeMaterial(MIDDLE, 2)
        expect((await entry.recover(other.table, () => expect.fail('not good'))).count).to.equal(0)
        await putAll(entry, other)
        expect(hex(await entry.read(0, MIDDLE, PIECE_LENGTH))).to.equal(hex(other.bytes))
      })

      it('are found when the table has grown, the known ones not once more', async () => {
        const material = makeMaterial(MIDDLE)
        await fill(store, 'k', material)
        const entry = await store.open('k')
        const seen: number[] = []
        const first = await entry.recover({ ...material.table, count: 2 }, piece => seen.push(piece.index))
        expect([...first]).to.deep.equal([0, 1])
        const all = await entry.recover(material.table, piece => seen.push(piece.index))
        expect([...all]).to.deep.equal([0, 1, 2, 3, 4, 5])
        expect(seen).to.deep.equal([0, 1, 2, 3, 4, 5])
      })

      it('stay known when they are put while a recovery runs', async () => {
        const material = makeMaterial(MIDDLE)
        await fill(store, 'k', makeMaterial(MIDDLE, 99))
        const entry = await store.open('k')
        const [found] = await Promise.all([entry.recover(material.table), putAll(entry, material)])
        expect(entry.count).to.equal(material.table.count)
        for (const index of found) expect(entry.has(index)).to.equal(true)
        expect(hex(await entry.read(0, MIDDLE, PIECE_LENGTH))).to.equal(hex(material.bytes))
      })

      it('that were recovered survive an abort in the middle, and the rest can be recovered later', async () => {
        const material = makeMaterial(40 * PIECE_LENGTH)
        await fill(store, 'k', material)
        const entry = await store.open('k')
        const stop = new AbortController()
        await failure(
          entry.recover(material.table, piece => piece.index === 3 && stop.abort(), stop.signal),
          'aborted',
        )
        expect(entry.count).to.equal(4)
        expect((await entry.recover(material.table)).isFull).to.equal(true)
      })

      it('lie where their index says, and gaps are not read', async () => {
        const material = makeMaterial(MIDDLE)
        const entry = await store.open('k')
        for (const index of [0, 1, 3, 5]) await entry.put(await material.piece(index), PIECE_LENGTH)
        expect([0, 1, 2, 3, 4, 5, 6, -1].map(i => entry.has(i))).to.deep.equal([
          true,
          true,
          false,
          true,
          false,
          true,
          false,
          false,
        ])
        const middle = await entry.read(PIECE_LENGTH - 3, 10, PIECE_LENGTH)
        expect(hex(middle)).to.equal(hex(material.bytes.subarray(PIECE_LENGTH - 3, PIECE_LENGTH + 7)))
        await failure(entry.read(PIECE_LENGTH * 2 - 1, 2, PIECE_LENGTH), 'store-error')
        await failure(entry.read(PIECE_LENGTH * 4, 1, PIECE_LENGTH), 'store-error')
        await failure(entry.read(MIDDLE, 1, PIECE_LENGTH), 'store-error')
        for (const how of ['move', 'copy'] as const) {
          await failure(entry.handOver(join(folder, 'out'), MIDDLE, how), 'store-error')
        }
        expect(await readdir(folder)).to.not.include('out')
      })

      it('are put once, however often it is asked at the same moment', async () => {
        const material = makeMaterial(MIDDLE)
        const entry = await store.open('k')
        await Promise.all(Array.from({ length: 20 }, async () => entry.put(await material.piece(2), PIECE_LENGTH)))
        await entry.put(await material.piece(2), PIECE_LENGTH)
        expect(entry.count).to.equal(1)
      })

      it('are not known while they are only laid', async () => {
        const material = makeMaterial(MIDDLE)
        const entry = await store.open('k')
        const { index, bytes } = await material.piece(2)
        await entry.lay(index, bytes, PIECE_LENGTH)
        expect(entry.has(index)).to.equal(false)
        await failure(entry.read(2 * PIECE_LENGTH, 1, PIECE_LENGTH), 'store-error')
        const laid = new Uint8Array(PIECE_LENGTH)
        expect(await entry.peek(2 * PIECE_LENGTH, laid, PIECE_LENGTH)).to.equal(PIECE_LENGTH)
        expect(hex(laid)).to.equal(hex(bytes))
        entry.know(index, bytes.byteLength, PIECE_LENGTH)
        expect(hex(await entry.read(2 * PIECE_LENGTH, PIECE_LENGTH, PIECE_LENGTH))).to.equal(hex(bytes))
        await failure(entry.lay(0, bytes, PIECE_LENGTH / 2), 'internal')
        await failure(entry.lay(-1, bytes, PIECE_LENGTH), 'internal')
      })

      it('are never written over by what is laid, whichever comes first', async () => {
        const material = makeMaterial(MIDDLE)
        const wrong = new Uint8Array(PIECE_LENGTH)
        const entry = await store.open('k')
        const piece = await material.piece(2)
        await Promise.all([entry.lay(2, wrong, PIECE_LENGTH), entry.put(piece, PIECE_LENGTH)])
        expect(hex(await entry.read(2 * PIECE_LENGTH, PIECE_LENGTH, PIECE_LENGTH))).to.equal(hex(piece.bytes))
        const next = await material.piece(3)
        await Promise.all([entry.put(next, PIECE_LENGTH), entry.lay(3, wrong, PIECE_LENGTH)])
        await entry.lay(3, wrong, PIECE_LENGTH)
        expect(hex(await entry.read(3 * PIECE_LENGTH, PIECE_LENGTH, PIECE_LENGTH))).to.equal(hex(next.bytes))
      })

      it('do not mix two piece lengths, nor take impossible ones', async () => {
        const { piece } = makeMaterial(PIECE_LENGTH)
        const entry = await store.open('k')
        await failure(entry.put(await piece(0), PIECE_LENGTH / 2), 'internal')
        const other = await store.open('other')
        await other.put(await piece(0), PIECE_LENGTH)
        await failure(other.read(0, 1, PIECE_LENGTH / 2), 'internal')
        await failure(other.read(-1, 1, PIECE_LENGTH), 'internal')
        await failure(other.read(0, 2, PIECE_LENGTH, new Uint8Array(1)), 'internal')
        await failure(other.read(0, Number.NaN, PIECE_LENGTH), 'internal')
        await failure(other.read(0, 1, 1000), 'internal')
      })

      it('are not handed over as a shorter content', async () => {
        const material = makeMaterial(MIDDLE)
        const entry = await store.open('k')
        await putAll(entry, material)
        for (const length of [0, 1, PIECE_LENGTH * 5, MIDDLE - 1, MIDDLE + 1]) {
          await failure(entry.handOver(join(folder, 'out'), length, 'move'), 'store-error')
        }
        await failure(entry.handOver(join(folder, 'out'), MIDDLE, 'copy', AbortSignal.abort()), 'aborted')
        await failure(entry.handOver(join(folder, 'none', 'out'), MIDDLE, 'move'), 'output-unwritable')
        expect((await readdir(folder)).filter(name => name !== 'store')).to.deep.equal([])
        await entry.handOver(join(folder, 'out'), MIDDLE, 'move')
      })
    })

    storeModel(() => store)
  })
}

// Two entries, one file: shared only when every byte is right, and never with what leaves the store.
import { mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDiskStore } from '../../src/store/disk.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { Store, StoreEntry } from '../../src/store/store.ts'
import { fill, hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

const LENGTH = 5 * PIECE_LENGTH + 17

describe('entries with equal bytes', () => {
  const material = makeMaterial(LENGTH)
  let dir: string
  let store: Store
  let one: StoreEntry
  let two: StoreEntry
  const path = (key: string, name = 'data'): string => join(dir, 'entries', key, name)
  const read = async (entry: StoreEntry) => hex(await entry.read(0, LENGTH, PIECE_LENGTH))
  const nodes = async () => (await Promise.all(['one', 'two'].map(key => stat(path(key))))).map(found => found.ino)

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-twins-'))
    store = await openDiskStore(dir)
    one = await store.open('one')
    await putAll(one, material)
    two = await store.open('two')
    await putAll(two, material)
  })
  afterEach(async () => {
    await store.stop()
    await rm(dir, { recursive: true, force: true })
  })

  it('are found by their length', async () => {
    await fill(store, 'longer', makeMaterial(LENGTH + 1))
    expect(await store.keysOfLength(LENGTH)).to.deep.equal(['one', 'two'])
    expect(await store.keysOfLength(1)).to.deep.equal([])
  })

  it('become one file, which is read on, also while it changes', async () => {
    const reads = Promise.all(Array.from({ length: 20 }, () => read(two)))
    expect(await two.shareData('one', material.table)).to.equal(true)
    expect(new Set(await reads)).to.deep.equal(new Set([hex(material.bytes)]))
    const [a, b] = await nodes()
    expect(a).to.equal(b)
    expect(await two.shareData('one', material.table), 'once more').to.equal(true)
    expect(await readdir(join(dir, 'entries', 'two'))).to.not.include('data.twin')
    expect([await read(one), await read(two)]).to.deep.equal(Array(2).fill(hex(material.bytes)))
  })

  it('outlive one another', async () => {
    await two.shareData('one', material.table)
    await one.remove()
    expect(await read(two)).to.equal(hex(material.bytes))
    await two.close()
    two = await store.open('two')
    expect((await two.recover(material.table)).isFull).to.equal(true)
  })

  it('stay apart when a byte of the other is wrong, or missing', async () => {
    const file = await open(path('one'), 'r+')
    await file.write(Buffer.of((material.bytes[LENGTH - 1] as number) ^ 1), 0, 1, LENGTH - 1)
    await file.close()
    expect(await two.shareData('one', material.table)).to.equal(false)
    await writeFile(path('one'), material.bytes.subarray(0, LENGTH - 1))
    expect(await two.shareData('one', material.table)).to.equal(false)
    const [a, b] = await nodes()
    expect(a).to.not.equal(b)
    expect(await read(two)).to.equal(hex(material.bytes))
    expect(await readdir(join(dir, 'entries', 'two'))).to.not.include('data.twin')
  })

  it('stay apart when there is no time to look', async () => {
    const error = await two.shareData('one', material.table, AbortSignal.abort()).catch(e => e)
    expect(error).to.have.property('code', 'aborted')
    const [a, b] = await nodes()
    expect(a).to.not.equal(b)
    expect(await readdir(join(dir, 'entries', 'two'))).to.not.include('data.twin')
    expect(await read(two)).to.equal(hex(material.bytes))
  })

  it('stay as they are when the other is gone, or one is not whole', async () => {
    expect(await two.shareData('three', material.table)).to.equal(false)
    expect(await two.shareData('two', material.table)).to.equal(false)
    const half = await store.open('half')
    await half.put(await material.piece(0), PIECE_LENGTH)
    expect(await half.shareData('one', material.table)).to.equal(false)
  })

  it('never share with what leaves the store', async () => {
    await two.shareData('one', material.table)
    const target = join(dir, 'out')
    await two.handOver(target, LENGTH, 'move')
    await writeFile(target, 'edited')
    expect(await read(one)).to.equal(hex(material.bytes))
    expect((await readFile(path('one'))).byteLength).to.equal(LENGTH)
  })

  it('lose what a crash left over at the next opening', async () => {
    await two.close()
    await writeFile(path('two', 'data.twin'), 'x')
    two = await store.open('two')
    expect(await readdir(join(dir, 'entries', 'two'))).to.not.include('data.twin')
  })

  it('stay apart in memory', async () => {
    const memory = openMemoryStore()
    await fill(memory, 'one', material)
    const entry = await memory.open('two')
    await putAll(entry, material)
    expect(await memory.keysOfLength(LENGTH)).to.deep.equal([])
    expect(await entry.shareData('one', material.table)).to.equal(false)
    await memory.stop()
  })
})

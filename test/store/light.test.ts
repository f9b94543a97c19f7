// Entries of small contents, which begin in memory.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { openDiskStore } from '../../src/store/disk.ts'
import type { DiskStore } from '../../src/store/disk-store.ts'
import { LIGHT_BYTES } from '../../src/store/light-backing.ts'
import type { Store } from '../../src/store/store.ts'
import { storeContract } from './contract.ts'
import { failure } from './expect-error.ts'
import { makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

/** Says of every content that it is small, whatever it comes to. */
async function openLight(dir: string): Promise<Store> {
  const store = await openDiskStore(dir)
  const open = store.open.bind(store)
  return Object.assign(store, { open: (key: string, signal?: AbortSignal) => open(key, signal, 1) })
}

storeContract('the disk store with small contents', openLight)

describe('a small content in the disk store', () => {
  const material = makeMaterial(PIECE_LENGTH)
  let dir: string
  let store: DiskStore

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-light-'))
    store = await openDiskStore(dir)
  })

  afterEach(async () => {
    await store.stop()
    await rm(dir, { recursive: true, force: true })
  })

  const folders = () => readdir(join(dir, 'entries'))

  it('that is handed over and removed never touches the store, and is a file like any other', async () => {
    const entry = await store.open('k', undefined, LIGHT_BYTES)
    await entry.describe('what it is')
    await entry.append(new Uint8Array([1, 2, 3]))
    await putAll(entry, material)
    expect(await store.keys()).to.deep.equal(['k'])
    await entry.handOver(join(dir, 'output'), PIECE_LENGTH, 'move')
    expect(await folders()).to.deep.equal([])
    expect(await store.keys()).to.deep.equal([])
    await failure(entry.records(), 'store-error')
  })

  it('that is larger begins on the disk', async () => {
    const entry = await store.open('k', undefined, LIGHT_BYTES + 1)
    expect(await folders()).to.deep.equal(['k'])
    await entry.close()
  })

  it('is on the disk once it is closed, whole, with records and label; as it is after a second', async () => {
    for (const [key, end] of [
      ['closed', true],
      ['late', false],
    ] as const) {
      const entry = await store.open(key, undefined, LIGHT_BYTES)
      await entry.describe('what it is')
      await entry.append(new Uint8Array([1]))
      await putAll(entry, material)
      if (end) await entry.close()
      else {
        while (!(await folders()).includes(key)) await pause(20)
        // what comes later goes where the rest is
        await entry.append(new Uint8Array([2]))
        await entry.close()
      }
      const again = await store.open(key)
      expect([...(await again.recover(material.table))]).to.deep.equal([0])
      expect(await again.records()).to.deep.equal([1, ...(end ? [] : [2])].map(byte => new Uint8Array([byte])))
      await again.close()
    }
    expect((await store.list()).map(({ label }) => label)).to.deep.equal(['what it is', 'what it is'])
    expect((await store.space()).used).to.be.at.least(2 * PIECE_LENGTH)
  })

  it('that another process has made meanwhile is let go, and lends nothing', async () => {
    const other = await openDiskStore(dir)
    try {
      const entry = await store.open('k', undefined, LIGHT_BYTES)
      await putAll(entry, material)
      const theirs = await other.open('k')
      expect(await entry.lend(PIECE_LENGTH)).to.equal(undefined)
      expect((await entry.read(0, 10, PIECE_LENGTH)).byteLength).to.equal(10)
      await entry.handOver(join(dir, 'output'), PIECE_LENGTH, 'copy')
      await entry.close()
      await theirs.close()
    } finally {
      await other.stop()
    }
  })

  it('is one of 64 at most', async () => {
    const open = await Promise.all(Array.from({ length: 70 }, (_, i) => store.open(`k${i}`, undefined, LIGHT_BYTES)))
    expect((await folders()).length).to.equal(6)
    await Promise.all(open.map(entry => entry.close()))
    expect((await folders()).length).to.equal(70)
  })
})

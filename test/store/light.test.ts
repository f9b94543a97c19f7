// Entries of small contents, which begin in memory.
import promises, { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
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

  it('that another process has made meanwhile and let go of stays as that one made it', async () => {
    const other = await openDiskStore(dir)
    try {
      const entry = await store.open('k', undefined, LIGHT_BYTES)
      await entry.append(new Uint8Array([1]))
      const theirs = await other.open('k', undefined, LIGHT_BYTES)
      await theirs.append(new Uint8Array([2]))
      await putAll(theirs, material)
      await theirs.close()
      await entry.close()
      const again = await store.open('k')
      expect(await again.records()).to.deep.equal([new Uint8Array([2])])
      expect([...(await again.recover(material.table))]).to.deep.equal([0])
      await again.close()
    } finally {
      await other.stop()
    }
  })

  it('is whole, though other processes open the store meanwhile', async () => {
    let isOver = false
    const others = [1, 2].map(async () => {
      while (!isOver) await (await openDiskStore(dir)).stop()
    })
    for (let i = 0; i < 1000; i++) {
      const entry = await store.open(`k${i}`, undefined, LIGHT_BYTES)
      await entry.append(new Uint8Array([1]))
      await entry.close()
    }
    isOver = true
    await Promise.all(others)
    for (const key of await folders()) {
      expect((await readdir(join(dir, 'entries', key))).sort()).to.deep.equal(['data', 'marks', 'records'])
    }
  })

  it('that a crash left half made is gone ten minutes later', async () => {
    const [old, young] = ['old', 'young'].map(name => join(dir, 'making', name)) as [string, string]
    for (const path of [old, young]) await mkdir(path)
    await utimes(old, new Date(), new Date(Date.now() - 601_000))
    await (await openDiskStore(dir)).stop()
    expect(await readdir(join(dir, 'making'))).to.deep.equal(['young'])
  })

  it('is one of 64 at most', async () => {
    const open = await Promise.all(Array.from({ length: 70 }, (_, i) => store.open(`k${i}`, undefined, LIGHT_BYTES)))
    expect((await folders()).length).to.equal(6)
    await Promise.all(open.map(entry => entry.close()))
    expect((await folders()).length).to.equal(70)
  })

  it('is one of 512 at most, and of 4 MiB together', async () => {
    const open = await Promise.all(Array.from({ length: 520 }, (_, i) => store.open(`k${i}`, undefined, 1)))
    expect((await folders()).length).to.equal(8)
    await Promise.all(open.map(entry => entry.close()))
    expect((await folders()).length).to.equal(520)
  })

  it('of which there are ever more costs the same few calls: files are opened by nobody, and the list is not read again', async () => {
    const calls = { readdir: 0, open: 0 }
    const { readdir: list, open: openFile } = promises
    Object.assign(promises, {
      readdir: (...args: Parameters<typeof list>) => {
        calls.readdir++
        return list(...args)
      },
      open: (...args: Parameters<typeof openFile>) => {
        calls.open++
        return openFile(...args)
      },
    })
    syncBuiltinESMExports()
    try {
      for (let i = 0; i < 300; i++) {
        expect(await store.keysOf(`task-${i}`)).to.deep.equal([])
        const entry = await store.open(`task-${i}.version`, undefined, PIECE_LENGTH)
        await putAll(entry, material)
        await entry.close()
        expect(await store.keysOf(`task-${i}`)).to.deep.equal([`task-${i}.version`])
      }
    } finally {
      Object.assign(promises, { readdir: list, open: openFile })
      syncBuiltinESMExports()
    }
    // at the beginning, and once a second; two for each content where it is read again
    expect(calls.readdir).to.be.at.most(100)
    // of a lock that is let go, on a slow disk; three more where files are opened
    expect(calls.open).to.be.at.most(300)
    expect((await store.keys()).length).to.equal(300)
  })

  it('that is written down is locked, and as it was for who goes on with it, reads it, or removes it', async () => {
    const other = await openDiskStore(dir)
    try {
      const entry = await store.open('k', undefined, LIGHT_BYTES)
      await entry.describe('what it is')
      await entry.append(new Uint8Array([1]))
      await putAll(entry, material)
      await store.space()
      expect((await readdir(join(dir, 'entries', 'k'))).sort()).to.deep.equal(['data', 'label', 'lock', 'marks', 'records'])
      await failure(other.open('k'), 'store-locked')
      expect(Buffer.from(await entry.read(0, PIECE_LENGTH, PIECE_LENGTH)).equals(material.bytes)).to.equal(true)
      await entry.append(new Uint8Array([2]))
      expect(await entry.records()).to.deep.equal([new Uint8Array([1]), new Uint8Array([2])])
      await entry.remove()
      expect(await folders()).to.deep.equal([])
      const gone = await store.open('gone', undefined, LIGHT_BYTES)
      await store.space()
      await gone.remove()
      expect(await folders()).to.deep.equal([])
      expect(await readdir(join(dir, 'trash'))).to.deep.equal([])
    } finally {
      await other.stop()
    }
  })
})

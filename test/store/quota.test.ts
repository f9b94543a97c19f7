// A store with a quota, and on a disk that fills up: real files, real processes, real small disks.
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openDiskStore } from '../../src/store/disk.ts'
import type { DiskOptions, DiskStore } from '../../src/store/disk-store.ts'
import type { StoreEntry } from '../../src/store/store.ts'
import { Child } from './child.ts'
import { failure } from './expect-error.ts'
import { fill, hex, makeMaterial, PIECE_LENGTH, putAll } from './material.ts'

const KiB = 1024
const MiB = 1024 * KiB
/** Sixteen pieces. */
const LENGTH = MiB

describe('a store with a quota', () => {
  let dir: string
  let mounts: string[]
  let stores: DiskStore[]
  let warnings: string[]

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-quota-'))
    mounts = []
    stores = []
    warnings = []
  })

  afterEach(async () => {
    for (const store of stores) await store.stop()
    for (const mount of mounts) execFileSync('umount', ['-l', mount])
    await rm(dir, { recursive: true })
  })

  async function open(options: DiskOptions = {}, at = dir): Promise<DiskStore> {
    const store = await openDiskStore(at, { onTrouble: error => warnings.push(error.message), ...options })
    stores.push(store)
    return store
  }

  /** Makes a content that was last used so many hours ago. */
  async function kept(store: DiskStore, key: string, hoursAgo: number, seed = 1): Promise<void> {
    await fill(store, key, makeMaterial(LENGTH, seed))
    const entry = await store.open(key)
    await entry.append(Uint8Array.of(1))
    await entry.close()
    const then = Date.now() / 1000 - hoursAgo * 3600
    await utimes(join(dir, 'entries', key, 'marks'), then, then)
  }

  /** A small disk of its own; undefined where we may not mount. */
  async function disk(bytes: number): Promise<string | undefined> {
    const path = join(dir, 'disk')
    await mkdir(path)
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'df-test', path], { stdio: 'pipe' })
    } catch (error) {
      console.warn(`SKIPPED: cannot mount a tmpfs here (needs root on Linux): ${String(error)}`)
      return undefined
    }
    mounts.push(path)
    return path
  }

  it('counts a file that several contents share once, and frees it with the last of them', async () => {
    const store = await open({ quota: 20 * MiB })
    const material = makeMaterial(LENGTH)
    for (const key of ['a', 'b']) {
      const entry = await store.open(key)
      await entry.append(Uint8Array.of(1))
      await putAll(entry, material)
      if (key === 'b') await entry.shareData('a', material.table)
      await entry.close()
    }
    const whole = (await store.space()).used
    expect(whole).to.be.within(LENGTH, 1.2 * LENGTH)
    expect((await store.list()).map(({ bytes }) => bytes > LENGTH)).to.deep.equal([true, true])
    await store.remove('a')
    expect((await store.space()).used).to.be.within(LENGTH, whole)
    await store.remove('b')
    expect((await store.space()).used).to.equal(0)
  })

  it('drops the least recently used content for a new one', async () => {
    const store = await open({ quota: 3.5 * MiB })
    await kept(store, 'b', 2)
    await kept(store, 'a', 3)
    await kept(store, 'c', 1)
    const entry = await store.open('d')
    await entry.expect(LENGTH)
    expect(await store.keys()).to.deep.equal(['a', 'b', 'c', 'd'])
    await putAll(entry, makeMaterial(LENGTH))
    // with the first bytes beyond 0.95 of the quota the oldest goes, and the store is below its low watermark again
    expect(await store.keys()).to.deep.equal(['b', 'c', 'd'])
    expect((await store.space()).evicted.contents).to.equal(1)
  })

  it('drops nothing for what is announced and does not come', async () => {
    const store = await open({ quota: 240 * MiB })
    for (const [n, key] of ['a', 'b', 'c'].entries()) await kept(store, key, n)
    const piece = makeMaterial(PIECE_LENGTH)
    const dripping = async (key: string) => {
      const entry = await store.open(key)
      await entry.expect(200 * MiB)
      await putAll(entry, piece)
      return entry
    }
    const entries: StoreEntry[] = []
    for (let n = 0; n < 57; n++) entries.push(await dripping(`drip${n}`))
    expect((await store.space()).evicted.contents).to.equal(0)
    // who gives bytes gets the room
    const honest = await store.open('honest')
    await honest.expect(80 * MiB)
    await putAll(honest, makeMaterial(80 * MiB))
    expect((await store.space()).evicted.contents).to.equal(0)
    for (const entry of entries) await entry.close()
  })

  it('never drops what is open, here or in another process, nor what is pinned', async () => {
    const store = await open()
    for (const [key, hours] of [
      ['open', 5],
      ['elsewhere', 4],
      ['pinned.v1', 3],
      ['old', 2],
      ['new', 1],
    ] as const)
      await kept(store, key, hours)
    const other = new Child('holder.ts', join(dir, 'entries', 'elsewhere', 'lock'))
    await other.line()
    other.tell('take it')
    expect(await other.line()).to.equal('won')
    const entry = await store.open('open')
    await store.pin('pinned')
    await store.limit(5 * MiB)
    const after = await store.gc()
    expect(after.contents).to.equal(1)
    expect(await store.keys()).to.deep.equal(['elsewhere', 'new', 'open', 'pinned.v1'])
    await store.limit(1)
    await store.gc()
    expect(await store.keys()).to.deep.equal(['elsewhere', 'open', 'pinned.v1'])
    await store.unpin('pinned')
    await entry.close()
    await other.gone()
    await store.gc()
    expect(await store.keys()).to.deep.equal([])
  })

  it('drops what its holder has open and does not use', async () => {
    const store = await open()
    await kept(store, 'idle', 2)
    await kept(store, 'busy', 3)
    const held = new Map([
      ['idle', await store.open('idle')],
      ['busy', await store.open('busy')],
    ])
    store.heldBy({
      isIdle: key => key === 'idle',
      letGo: async key => {
        if (key !== 'idle') return false
        await held.get(key)?.remove()
        return true
      },
    })
    await store.limit(1)
    await store.gc()
    expect(await store.keys()).to.deep.equal(['busy'])
  })

  it('remembers over a restart what was used last', async () => {
    const before = await open()
    for (const [key, hours] of [
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ] as const)
      await kept(before, key, hours)
    const entry = await before.open('a')
    await entry.recover(makeMaterial(LENGTH).table)
    await entry.read(0, 10, PIECE_LENGTH)
    await entry.close()
    await before.stop()
    const after = await open({ quota: 3 * MiB })
    await after.gc()
    expect(await after.keys()).to.deep.equal(['a', 'c'])
  })

  it('says in numbers what does not fit, before a byte is written, and drops nothing for it', async () => {
    const store = await open({ quota: 2 * MiB })
    await kept(store, 'a', 1)
    const entry = await store.open('big')
    const { message } = await failure(entry.expect(3 * MiB), 'no-space')
    expect(message).to.match(/needs 3 MiB more.* holds 1(\.\d+)? MiB of its quota of 2 MiB/)
    expect(await store.keys()).to.deep.equal(['a', 'big'])
    expect(warnings).to.have.length(1)
    expect((await store.space()).trouble).to.equal(message)
    await entry.expect(MiB / 2)
    expect((await store.space()).trouble).to.equal(undefined)
  })

  it('gives the same room only once: to those whose bytes come first', async () => {
    const store = await open({ quota: 2 * MiB })
    const entries = await Promise.all(['a', 'b', 'c'].map(key => store.open(key)))
    const material = makeMaterial(0.9 * MiB, 1, PIECE_LENGTH)
    for (const entry of entries) await entry.expect(0.9 * MiB)
    const outcomes: string[] = []
    for (const entry of entries) {
      const put = putAll(entry, material)
      outcomes.push(
        await put.then(
          () => 'there',
          (error: { code: string }) => error.code,
        ),
      )
    }
    expect(outcomes).to.deep.equal(['there', 'there', 'no-space'])
    expect((await store.space()).used).to.be.within(1.8 * MiB, 2 * MiB)
  })

  it('makes room for a content of unknown length while it grows, and ends it at the quota', async () => {
    const store = await open({ quota: 2 * MiB })
    await kept(store, 'a', 2)
    const material = makeMaterial(3 * MiB)
    const entry = await store.open('growing')
    const error = await failure(putAll(entry, material), 'no-space')
    expect(error.message).to.include('quota of 2 MiB')
    expect(await store.keys()).to.deep.equal(['growing'])
    const { used } = await store.space()
    expect(used).to.be.within(MiB, 2 * MiB + 64 * KiB)
  })

  it('of a share is counted from what is there and what is free', async () => {
    const store = await open()
    await kept(store, 'a', 1)
    const { used, free } = await store.space()
    await store.limit({ share: 0.5 })
    expect((await store.space()).quota).to.be.closeTo((used + free) / 2, 0.2 * (used + free))
    for (const quota of [0, -1, Number.NaN, { share: 0 }]) await failure(store.limit(quota), 'bad-option')
  })

  it('clears away what nobody can use', async () => {
    const store = await open({ quota: 100 * MiB })
    await fill(store, 'headless', makeMaterial(LENGTH))
    const entry = await store.open('sound')
    await entry.append(Uint8Array.of(1))
    await entry.close()
    await mkdir(join(dir, 'entries', 'empty'))
    await mkdir(join(dir, 'trash', 'left'))
    await store.open('begun')
    expect(await store.gc()).to.deep.equal({ contents: 0, bytes: 0, broken: 2 })
    expect(await store.keys()).to.deep.equal(['begun', 'sound'])
    expect(await readdir(join(dir, 'trash'))).to.deep.equal([])
  })

  for (let round = 0; round < 4; round++) {
    it(`killed in the middle of evicting leaves no half content (${round})`, async () => {
      const before = await open()
      const keys = Array.from({ length: 24 }, (_, i) => `k${String(i).padStart(2, '0')}`)
      const material = makeMaterial(LENGTH)
      for (const key of keys) {
        await fill(before, key, material)
        const entry = await before.open(key)
        await entry.append(Uint8Array.of(1))
        await entry.close()
      }
      await before.stop()
      const child = new Child('evictor.ts', dir)
      expect(await child.line()).to.equal('evicting')
      // From here on each round dies a little later: 24 removals take it some 20 ms.
      while ((await readdir(join(dir, 'entries'))).length > keys.length - 5 * round - 1);
      child.kill()
      const after = await open()
      const left = await after.keys()
      expect(left.length).to.be.below(keys.length)
      for (const key of left) {
        const entry = await after.open(key)
        expect([...(await entry.recover(material.table))]).to.have.length(material.table.count)
        expect(await entry.records()).to.have.length(1)
      }
      await child.gone()
      await (await open()).stop()
      expect(await readdir(join(dir, 'trash'))).to.deep.equal([])
    })
  }

  describe('on a small disk', () => {
    it('refuses what would take the margin, in numbers', async function () {
      const small = await disk(8 * MiB)
      // only root may mount a disk; said above
      if (small === undefined) return this.skip()
      const entry = await (await open({}, small)).open('k')
      const { message } = await failure(entry.expect(8 * MiB), 'no-space')
      expect(message).to.match(/needs 8 MiB but has only [78](\.\d+)? MiB free \(256 KiB of it stay free\)/)
      await entry.expect(6 * MiB)
    })

    it('that others fill up it serves what it has, says so once, and goes on when there is room again', async function () {
      const small = await disk(8 * MiB)
      // only root may mount a disk; said above
      if (small === undefined) return this.skip()
      const store = await open({ quota: 6 * MiB }, small)
      const material = makeMaterial(2 * MiB)
      const served = await store.open('served')
      await putAll(served, material)
      const growing = await store.open('growing')
      await growing.expect(2 * MiB)
      execFileSync('sh', ['-c', `cat /dev/zero > ${join(small, 'other')} 2>/dev/null || true`])
      await failure(putAll(growing, material), 'no-space')
      await failure((await store.open('more').catch(() => growing)).expect(4 * MiB), 'no-space')
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.match(/no space|free|needs/)
      expect((await store.space()).trouble).to.match(/no space|free/)
      expect(hex(await served.read(0, 2 * MiB, PIECE_LENGTH))).to.equal(hex(material.bytes))
      await rm(join(small, 'other'))
      await putAll(growing, material)
      expect((await store.space()).trouble).to.equal(undefined)
    })

    it('that others fill up it gives what nobody uses', async function () {
      const small = await disk(8 * MiB)
      // only root may mount a disk; said above
      if (small === undefined) return this.skip()
      const store = await open({ quota: 6 * MiB }, small)
      await fill(store, 'unused', makeMaterial(3 * MiB))
      const growing = await store.open('growing')
      await growing.expect(2 * MiB)
      execFileSync('sh', ['-c', `cat /dev/zero > ${join(small, 'other')} 2>/dev/null || true`])
      const material = makeMaterial(2 * MiB)
      await putAll(growing, material)
      expect(hex(await growing.read(0, 2 * MiB, PIECE_LENGTH))).to.equal(hex(material.bytes))
      expect(await store.keys()).to.deep.equal(['growing'])
      expect(warnings).to.deep.equal([])
    })
  })

  it('keeps what an entry says it is', async () => {
    const store = await open()
    const entry = await store.open('k')
    expect((await store.list())[0]).to.include({ key: 'k', label: undefined, isBusy: true })
    await entry.describe('x'.repeat(2000))
    await entry.describe('http://example.org/f')
    await entry.append(Uint8Array.of(7))
    await entry.close()
    const [found] = await store.list()
    expect(found).to.include({ key: 'k', label: 'http://example.org/f', isBusy: false, isPinned: false })
    expect(found?.record).to.deep.equal(Uint8Array.of(7))
    await writeFile(join(dir, 'entries', 'k', 'label'), 'x'.repeat(5000))
    expect((await store.list())[0]?.label).to.have.length(1000)
  })
})

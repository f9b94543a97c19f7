// What an earlier process left of a task: which of it counts, how far it goes, and that nothing else is taken.
import { expect } from 'chai'
import type { Freshness } from '../../../src/core/freshness.ts'
import { hashPiece } from '../../../src/core/piece.ts'
import { makeTask } from '../../../src/core/task.ts'
import type { Trust } from '../../../src/core/trust.ts'
import { entryKey } from '../../../src/node/content/manifest-records.ts'
import { StoredVersion } from '../../../src/node/content/stored-version.ts'
import { type CacheRules, loadCached, loadFresh } from '../../../src/node/sources/cached.ts'
import { openMemoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { content, PIECE } from '../../world/content.ts'
import { digestsOf, manifestOf } from '../../world/manifest.ts'

const TASK = makeTask({ url: 'http://origin.test/file.bin' })
const BODY = content('cached', 3 * PIECE + 11)
const FRESH: CacheRules = { isFresh: () => true, mayServeInTrouble: () => true }

interface Left {
  version?: string
  trust?: Trust
  /** Pieces on the disk, of four. */
  pieces?: number[]
  isSealed?: boolean
  at?: number
}

describe('what is cached of a task', () => {
  let store: Store

  beforeEach(() => {
    store = openMemoryStore()
  })
  afterEach(() => store.stop())

  /** As a process leaves it that read so much and ended. */
  async function leave({ version = 'etag "one"', trust = 'origin', pieces = [0, 1, 2, 3], isSealed = true, at = 1 }: Left) {
    const whole = manifestOf(TASK, BODY, { version })
    const entry = await store.open(entryKey(TASK.id, version))
    await entry.close()
    const others = (await store.keys()).filter(key => key !== entryKey(TASK.id, version))
    const held = await Promise.all(others.map(key => store.open(key)))
    const left = await StoredVersion.open(store, TASK, whole.info, { trust, signer: undefined, isReserved: true })
    for (const digest of digestsOf(whole)) left.manifest.append(digest)
    if (isSealed && whole.seal !== undefined) left.manifest.sealWith(whole.seal)
    await left.keep(left.manifest.head(), undefined)
    left.freshness = { at, answers: [{ status: 200, fields: {} }] } satisfies Freshness
    await left.keepFreshness()
    for (const index of pieces) {
      const bytes = new Uint8Array(BODY.subarray(index * PIECE, (index + 1) * PIECE))
      await left.transfer.receive(index, hashPiece(index, bytes).bytes)
    }
    await left.close(false)
    for (const other of held) await other.close()
  }

  it('is nothing at first', async () => {
    expect(await loadCached(store, TASK)).to.equal(undefined)
    expect(await loadFresh(store, TASK, FRESH)).to.equal(undefined)
  })

  for (const [pieces, prefix] of [
    [[0, 1, 2, 3], BODY.length],
    [[0, 1], 2 * PIECE],
    [[0, 2, 3], PIECE],
    [[], 0],
  ] as const) {
    it(`goes as far as there is no gap: pieces ${pieces.join(', ') || 'none'}`, async () => {
      await leave({ pieces: [...pieces], isSealed: false })
      const found = await loadCached(store, TASK)
      expect(found?.prefix).to.equal(prefix)
      await found?.entry.close()
    })
  }

  it('is of the newest version that the origin named', async () => {
    await leave({ version: 'etag "old"', at: 1000 })
    await leave({ version: 'etag "new"', at: 2000 })
    const found = await loadCached(store, TASK)
    expect(found?.manifest.info.version).to.equal('etag "new"')
    await found?.entry.close()
  })

  it('is not what another seed vouched for, but for a seed, and finished', async () => {
    await leave({ trust: 'seed' })
    expect(await loadCached(store, TASK)).to.equal(undefined)
    const found = await loadCached(store, TASK, FRESH)
    expect(found?.prefix).to.equal(BODY.length)
    await found?.entry.close()
  })

  it('is nothing that cannot be asked for again', async () => {
    await leave({ version: 'once 1', isSealed: false })
    expect(await loadCached(store, TASK)).to.equal(undefined)
  })

  it('may be given out when it is whole and fresh, only then', async () => {
    await leave({})
    const found = await loadFresh(store, TASK, FRESH)
    expect(found?.prefix).to.equal(BODY.length)
    await found?.entry.close()
    expect(await loadFresh(store, TASK, { ...FRESH, isFresh: () => false })).to.equal(undefined)
  })

  it('may not be given out with a hole in it, and is not locked by the look', async () => {
    await leave({ pieces: [0, 1, 3] })
    expect(await loadFresh(store, TASK, FRESH)).to.equal(undefined)
    const found = await loadCached(store, TASK)
    expect(found?.prefix).to.equal(2 * PIECE)
    await found?.entry.close()
  })
})

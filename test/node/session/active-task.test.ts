// An active task by itself: it begins with one version once, reads the origin into it, fails once, and closes cleanly.
import { expect } from 'chai'
import { makeTask } from '../../../src/core/task.ts'
import { entryKey, loadManifest } from '../../../src/node/content/manifest-records.ts'
import { StoredVersion } from '../../../src/node/content/stored-version.ts'
import { openMemoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { content, hex, PIECE } from '../../world/content.ts'
import { LoneSession } from '../../world/lone-session.ts'
import { digestsOf, manifestOf } from '../../world/manifest.ts'
import { World } from '../../world/world.ts'

const URL = 'http://origin.test/file.bin'
const TASK = makeTask({ url: URL })
const BODY = content('heart', 3 * PIECE + 7)

async function* chunks(body: Buffer, from = 0): AsyncGenerator<Uint8Array> {
  for (let at = from; at < body.length; at += 100_000) yield new Uint8Array(body.subarray(at, at + 100_000))
}

describe('an active task', () => {
  let world: World

  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  const start = async (store: Store = openMemoryStore()) => (await LoneSession.start(world, URL, [], store)).active
  const info = (changes = {}) => manifestOf(TASK, BODY, changes).info

  it('begins once: a second version changes nothing', async () => {
    const active = await start()
    await active.adopt(info(), 'origin')
    await active.adopt(info({ version: 'etag "two"' }), 'origin')
    expect(active.manifest?.info.version).to.equal('etag "one"')
  })

  it('leaves a cached version alone when another one has begun meanwhile', async () => {
    const store = openMemoryStore()
    const before = await StoredVersion.open(store, TASK, info({ version: 'etag "old"' }), {
      trust: 'origin',
      signer: undefined,
      isReserved: true,
    })
    for (const digest of digestsOf(manifestOf(TASK, BODY))) before.manifest.append(digest)
    await before.keep(before.manifest.head(), undefined)
    await before.close(false)
    const entry = await store.open(entryKey(TASK.id, 'etag "old"'))
    const cached = await loadManifest(entry)
    if (cached === undefined) throw new Error('nothing is cached')
    const active = await start(store)
    await active.adopt(info(), 'origin')
    await active.adoptCached({ ...cached, entry })
    expect(active.manifest?.info.version).to.equal('etag "one"')
    await (await store.open(entry.key)).close()
  })

  it('reads the origin into pieces, adds their digests, and knows the digest of the whole', async () => {
    const active = await start()
    await active.adopt(info(), 'origin')
    expect(await active.ingest(chunks(BODY), 0)).to.equal(BODY.length)
    expect(active.manifest?.chain).to.deep.equal(manifestOf(TASK, BODY).chain)
    expect(active.hasAllKnown).to.equal(true)
    expect(active.isComplete, 'not sealed').to.equal(false)
    expect(active.counts).to.include({ fromOrigin: BODY.length, fromPeers: 0 })
    expect(Buffer.from(await active.wholeDigest()).toString('hex')).to.equal(hex(BODY))
    const { root = '' } = manifestOf(TASK, BODY).seal ?? {}
    await active.seal(BODY.length, root)
    expect(active.isComplete).to.equal(true)
  })

  it('ends its read where the bytes contradict the manifest', async () => {
    const store = openMemoryStore()
    const known = await StoredVersion.open(store, TASK, info(), { trust: 'origin', signer: undefined, isReserved: true })
    for (const digest of digestsOf(manifestOf(TASK, content('others', BODY.length)))) known.manifest.append(digest)
    await known.keep(known.manifest.head(), undefined)
    await known.close(false)
    const active = await start(store)
    await active.adopt(info(), 'origin')
    expect(active.manifest?.count).to.equal(4)
    const error = await active.ingest(chunks(BODY), 0).catch((e: unknown) => e)
    expect(error).to.include({ code: 'origin-changed' })
    expect(active.hasPiece(0)).to.equal(false)
  })

  it('fails once: the first error ends every wait, now and later', async () => {
    const active = await start()
    const waiting = active.changed().catch((e: unknown) => e)
    active.fail(new Error('first'))
    active.fail(new Error('second'))
    for (const error of [await waiting, await active.changed().catch((e: unknown) => e)])
      expect(error).to.be.an('error').with.property('message', 'first')
    expect([active.hasFailed, active.isOver, active.isClosed]).to.deep.equal([true, true, false])
  })

  it('gives its entry back when it is closed, and what it had goes on from there', async () => {
    const store = openMemoryStore()
    const active = await start(store)
    await active.adopt(info(), 'origin')
    await active.ingest(chunks(BODY.subarray(0, 2 * PIECE)), 0)
    await active.close()
    await active.close()
    const again = await start(store)
    await again.adopt(info(), 'origin')
    expect([again.hasPiece(0), again.hasPiece(1), again.hasPiece(2)]).to.deep.equal([true, true, false])
    expect(again.counts).to.include({ fromOrigin: 0, resumed: 2 * PIECE })
  })

  for (const how of ['forgotten', 'transient']) {
    it(`leaves nothing behind when it is ${how}`, async () => {
      const store = openMemoryStore()
      const active = await start(store)
      await active.adopt(info(), 'origin')
      active.isTransient = how === 'transient'
      await active.close(how === 'forgotten')
      expect(await store.keys()).to.deep.equal([])
    })
  }

  it('ends every wait when it is closed, and begins nothing afterwards', async () => {
    const store = openMemoryStore()
    const active = await start(store)
    const waiting = active.changed().catch((e: unknown) => e)
    await active.close()
    expect(await waiting).to.include({ code: 'aborted' })
    await active.adopt(info(), 'origin')
    expect(active.manifest).to.equal(undefined)
    expect(await store.keys()).to.deep.equal([])
  })

  it('says that it is an internal error to read before anything is known', async () => {
    const active = await start()
    expect(active.manifest).to.equal(undefined)
    expect(await active.ingest(chunks(BODY), 0).catch((e: unknown) => e)).to.include({ code: 'internal' })
  })
})

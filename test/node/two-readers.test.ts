// A seed and we read the origin at the same time: what it tells of a piece while ours is being written counts once, or is found out.
import { expect } from 'chai'
import { Manifest } from '../../src/core/manifest.ts'
import type { Task } from '../../src/core/task.ts'
import { openMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { tellManifest } from '../malicious/forges-manifest.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { LoneSession } from '../world/lone-session.ts'
import { digestsOf, full, manifestOf } from '../world/manifest.ts'
import { World } from '../world/world.ts'

const COUNT = 4
const BODY = content('two readers', COUNT * PIECE - 3)
const CHANGED = content('changed meanwhile', BODY.length)
const URL = 'http://origin.test/file.bin'

/** Its disk takes no piece from `hold` until `release`; then they are written as always. */
function slowStore(): { store: Store; hold: () => void; release: () => void } {
  let held = Promise.withResolvers<void>()
  held.resolve()
  const store = openMemoryStore()
  const open = store.open.bind(store)
  store.open = async (key, signal) => {
    const entry = await open(key, signal)
    const put = entry.put.bind(entry)
    entry.put = async (piece, pieceLength) => {
      await held.promise
      await put(piece, pieceLength)
    }
    return entry
  }
  const hold = () => {
    held = Promise.withResolvers()
  }
  return { store, hold, release: () => held.resolve() }
}

/** The first pieces of a content that is still being read. */
function begun(task: Task, body: Buffer, count: number): Manifest {
  const whole = manifestOf(task, body)
  const manifest = new Manifest(whole.info)
  for (const digest of digestsOf(whole).slice(0, count)) manifest.append(digest)
  return manifest
}

async function* one(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece
}

describe('our own read beside that of a seed', () => {
  let world: World

  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  /** While our piece 0 is being written, the seed tells the digests of its first two pieces. Resolves to the writing. */
  async function meanwhile(told: Buffer) {
    const disk = slowStore()
    const seed = await world.scriptedPeer(URL)
    const { active, address } = await LoneSession.start(world, URL, [seed.id], disk.store)
    await active.adopt(manifestOf(active.task, BODY).info, 'origin')
    const ingest = async (i: number) => await active.ingest(one(new Uint8Array(BODY.subarray(i * PIECE, (i + 1) * PIECE))), i)
    disk.hold()
    const outcome = ingest(0).then(
      () => 'stored',
      error => error.code,
    )
    await tellManifest(await seed.say(address), seed, begun(seed.task, told, 2))
    await until(() => active.manifest?.count === 2, 'the seed is believed')
    expect(active.hasPiece(0), 'the piece is still being written').to.equal(false)
    disk.release()
    return { active, seed, ingest, outcome: await outcome }
  }

  it('adds no digest twice that the seed tells while the piece is being written', async () => {
    const { active, ingest, outcome } = await meanwhile(BODY)
    expect(outcome).to.equal('stored')
    for (let i = 1; i < COUNT; i++) await ingest(i)
    const { manifest } = active
    expect(manifest?.count).to.equal(COUNT)
    expect(manifest?.chain).to.deep.equal(begun(active.task, BODY, COUNT).chain)
    expect([0, 1, 2, 3].filter(i => active.hasPiece(i))).to.deep.equal([...full(COUNT)])
  })

  it('ends when the digest that the seed tells meanwhile is another', async () => {
    const { outcome } = await meanwhile(CHANGED)
    expect(outcome).to.equal('origin-changed')
  })
})

// Lists of chunks that lie: they cost the host that asked a few reads and a moment, and never a byte of the file.
import { writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { encodeChunk } from '../../src/core/chunk-list.ts'
import { chunkDigest, cutAt, MIN_CHUNK_AVERAGE } from '../../src/core/chunks.ts'
import { openOldFile } from '../../src/store/old-file.ts'
import type { ControlMessage } from '../../src/wire/codec-control.ts'
import { until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { LoneSession } from '../world/lone-session.ts'
import { manifestOf } from '../world/manifest.ts'
import { World } from '../world/world.ts'
import { tellManifest } from './forges-manifest.ts'
import { givesPiecesOf } from './gives-bytes.ts'
import type { ScriptedPeer } from './scripted-peer.ts'

const URL = 'http://origin.test/file.bin'
const AVERAGE = MIN_CHUNK_AVERAGE
const OLD = content('an old version', 32 * PIECE)
/** Everything has moved. */
const BODY = Buffer.concat([Buffer.from('new'), OLD])

type Entry = [digest: Uint8Array, length: number]

/** The honest list. */
function entriesOf(bytes: Uint8Array): Entry[] {
  const all: Entry[] = []
  for (let at = 0; at < bytes.length; at += all.at(-1)?.[1] ?? 0) {
    const length = cutAt(bytes, at, bytes.length, AVERAGE)
    all.push([chunkDigest(bytes.subarray(at, at + length)), length])
  }
  return all
}

function part(entries: readonly Entry[], from = 0): ControlMessage {
  const bytes = Buffer.concat(entries.slice(from).map(([digest, length]) => encodeChunk(digest, length)))
  return { type: 'chunks', count: entries.length, average: AVERAGE, from, entries: bytes }
}

const HONEST = entriesOf(BODY)
const PROMISE: ControlMessage = { type: 'chunks', count: 1, average: AVERAGE, from: 0, entries: new Uint8Array() }

describe('a peer that lies about chunks', () => {
  let world: World
  let lone: LoneSession
  let seed: ScriptedPeer
  /** Bytes of the old version. */
  let read = 0

  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  /** A host that has the old version, and a trusted peer that has the new one and answers so. Resolves to how often it was asked. */
  async function meet(answers: readonly ControlMessage[]): Promise<() => number> {
    seed = await world.scriptedPeer(URL, {
      ask: givesPiecesOf(BODY, PIECE),
      message: (message, link) => {
        if (message.type === 'chunks-wanted') for (const answer of answers) link.send(answer)
      },
    })
    lone = await LoneSession.start(world, URL, [seed.id])
    const path = world.path()
    await writeFile(path, OLD)
    const old = await openOldFile(path, 1)
    lone.active.reuse.expect()
    const link = await seed.say(lone.address)
    await tellManifest(link, seed, manifestOf(seed.task, BODY))
    await until(() => lone.active.manifest !== undefined, 'the version is known')
    read = 0
    if (old === undefined) throw new Error('no old version')
    const count = async (offset: number, into: Uint8Array) => {
      const got = await old.read(offset, into)
      read += got
      return got
    }
    lone.active.reuse.take({ size: old.size, read: count, close: () => old.close() })
    await until(() => lone.active.isComplete, 'all of it is here')
    expect(Buffer.from(await lone.active.wholeDigest(true)).toString('hex')).to.equal(hex(BODY))
    return () => seed.heard.filter(({ type }) => type === 'chunks-wanted').length
  }

  it('and one that does not: all but what is new is built', async () => {
    const asked = await meet([PROMISE, part(HONEST)])
    expect(asked()).to.equal(1)
    expect(lone.active.counts.fromSeeds).to.be.at.most(2 * PIECE)
    expect(lone.active.reuse.bytes).to.equal(BODY.length - lone.active.counts.fromSeeds)
  })

  it('is believed twice at most: then everything is asked for', async () => {
    // chunks that the old version has, in an order that makes no piece of the new one
    const unknown: Entry = [chunkDigest(Buffer.from('unknown')), BODY.length - OLD.length]
    await meet([part([...entriesOf(OLD).toReversed(), unknown])])
    expect(lone.active.counts.fromSeeds).to.equal(BODY.length)
    // every piece at its place, the scan, and two pieces that were wrong
    expect(read).to.be.at.most(2 * OLD.length + 2 * PIECE)
  })

  const LIES: [string, ControlMessage[]][] = [
    ['has other digests', [part(HONEST.map(([, length], i): Entry => [chunkDigest(Buffer.from(`${i}`)), length]))]],
    ['is that of a longer content', [part([...HONEST, ...HONEST])]],
    ['begins elsewhere', [part(HONEST, 1)]],
    ['says there are more to come, without end', [part(HONEST.slice(0, 1)), part(HONEST.slice(0, 1))]],
    [
      'promises it again and again',
      [PROMISE, PROMISE, PROMISE, { type: 'chunks', count: 0, average: 0, from: 0, entries: new Uint8Array() }],
    ],
    ['has none', [{ type: 'chunks', count: 0, average: 0, from: 0, entries: new Uint8Array() }]],
    ['does not know the question', []],
  ]
  for (const [what, answers] of LIES) {
    it(`${what}: everything is asked for, and the peer stays`, async () => {
      const asked = await meet(answers)
      expect(lone.active.counts.fromSeeds).to.equal(BODY.length)
      expect(asked()).to.be.within(1, 2)
      expect(lone.isBanned(seed.id)).to.equal(false)
    })
  }

  it('says chunks that nobody asked for, and asks for those of what is not whole', async () => {
    seed = await world.scriptedPeer(URL)
    lone = await LoneSession.start(world, URL, [seed.id])
    const link = await seed.say(lone.address)
    link.send(part(HONEST))
    await tellManifest(link, seed, manifestOf(seed.task, BODY))
    await until(() => lone.active.manifest !== undefined, 'the version is known')
    link.send(part(HONEST))
    link.send({ type: 'chunks-wanted', from: 0 })
    await until(() => seed.heard.some(({ type }) => type === 'chunks'), 'an answer came')
    expect(seed.heard.filter(({ type }) => type === 'chunks')).to.deep.equal([
      { type: 'chunks', count: 0, average: 0, from: 0, entries: new Uint8Array() },
    ])
    expect(lone.active.links.size).to.equal(1)
  })

  it('is asked for everything where the older version cannot be read to its end', async () => {
    seed = await world.scriptedPeer(URL, { ask: givesPiecesOf(BODY, PIECE) })
    lone = await LoneSession.start(world, URL, [seed.id])
    lone.active.reuse.expect()
    const link = await seed.say(lone.address)
    await tellManifest(link, seed, manifestOf(seed.task, BODY))
    await until(() => lone.active.manifest !== undefined, 'the version is known')
    const never = () => new Promise<number>(() => {})
    lone.active.reuse.take({ size: OLD.length, read: never, close: () => new Promise(() => {}) })
    await until(() => lone.active.isComplete, 'all of it is here')
    expect(lone.active.counts.fromSeeds).to.equal(BODY.length)
  })
})

// What the driver of a swarm does in the real world: asks, serves, announces, expels; and goes to the origin when nobody gives.
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import type { Link } from '../../../src/net/link.ts'
import { openMemoryStore } from '../../../src/store/memory.ts'
import type { Store } from '../../../src/store/store.ts'
import { tellManifest } from '../../malicious/forges-manifest.ts'
import { givesPiecesOf } from '../../malicious/gives-bytes.ts'
import type { Behaviour, ScriptedPeer } from '../../malicious/scripted-peer.ts'
import { until } from '../../waiting.ts'
import { content, hex, PIECE } from '../../world/content.ts'
import { LoneSession } from '../../world/lone-session.ts'
import { manifestOf } from '../../world/manifest.ts'
import { World } from '../../world/world.ts'

const URL = 'http://origin.test/file.bin'
const COUNT = 3
const BODY = content('driven', COUNT * PIECE - 1)

describe('the driver of a swarm', () => {
  let world: World
  let lone: LoneSession
  let seed: ScriptedPeer
  let link: Link

  /** A trusted peer that has everything and behaves as told; an active task that knows its manifest. */
  async function meet(behaviour: Behaviour, store?: Store) {
    world = await World.open()
    seed = await world.scriptedPeer(URL, behaviour)
    lone = await LoneSession.start(world, URL, [seed.id], store)
    link = await seed.say(lone.address)
    await tellManifest(link, seed, manifestOf(seed.task, BODY))
    return lone.active
  }
  afterEach(() => world.close())

  it('asks for every piece once, and counts who gave what', async () => {
    const active = await meet({ ask: givesPiecesOf(BODY, PIECE) })
    await until(() => active.isComplete, 'all of it is here')
    expect(seed.asks.map(({ piece }) => piece).toSorted()).to.deep.equal([0, 1, 2])
    expect(active.counts).to.deep.equal({ fromOrigin: 0, fromPeers: 0, fromSeeds: BODY.length, resumed: 0 })
    expect([...active.givers]).to.deep.equal([seed.id])
    expect(Buffer.from(await active.wholeDigest()).toString('hex')).to.equal(hex(BODY))
  })

  it('bans who gives wrong bytes, and keeps nothing of them', async () => {
    // of the right length, or it is the protocol that is broken
    const active = await meet({ ask: givesPiecesOf(Buffer.alloc(BODY.length), PIECE) })
    await until(() => lone.isBanned(seed.id), 'it is banned')
    expect([0, 1, 2].filter(piece => active.hasPiece(piece))).to.deep.equal([])
    await until(() => active.links.size === 0, 'its link ends')
  })

  it('serves what it has, and announces it', async () => {
    const active = await meet({ ask: givesPiecesOf(BODY, PIECE) })
    const other = await world.scriptedPeer(URL)
    const { version } = manifestOf(seed.task, BODY).info
    const its = await other.say(lone.address, hello => ({ ...hello, version }))
    await until(() => active.isComplete, 'all of it is here')
    const said = () => {
      const first = other.heard.flatMap(m => (m.type === 'pieces' ? [...m.have] : []))
      return new Set([...first, ...other.heard.flatMap(m => (m.type === 'have' ? m.pieces : []))])
    }
    await until(() => said().size === COUNT, 'every piece is announced')
    its.ask(1, PIECE, 0)
    await until(() => other.pieces.has(1), 'the piece came')
    expect(other.pieces.get(1)).to.deep.equal(new Uint8Array(BODY.subarray(PIECE, 2 * PIECE)))
  })

  it('refuses a piece that its store cannot read any more, and tells its operator', async () => {
    const store = openMemoryStore()
    const open = store.open.bind(store)
    store.open = async (key, signal) => {
      const entry = await open(key, signal)
      entry.read = async () => Promise.reject(new DragonflyError('store-error', 'a broken disk'))
      return entry
    }
    const active = await meet({ ask: givesPiecesOf(BODY, PIECE) }, store)
    const other = await world.scriptedPeer(URL)
    const { version } = manifestOf(seed.task, BODY).info
    const its = await other.say(lone.address, hello => ({ ...hello, version }))
    await until(() => active.hasPiece(0) && active.hasPiece(1), 'pieces are here')
    its.ask(0, PIECE, 0)
    await until(() => other.refusals.length > 0, 'it is refused')
    expect(other.refusals).to.deep.equal(['no-such-piece'])
    expect(lone.said.some(line => line.includes('a broken disk'))).to.equal(true)
  })

  it('reads single pieces from the origin when nobody gives them', async () => {
    const active = await meet({})
    const ranges: [number, number][] = []
    active.originOffer.offer(async (start, end) => {
      ranges.push([start, end])
      return new Uint8Array(BODY.subarray(start, end))
    })
    await until(() => active.isComplete, 'all of it is here')
    expect(ranges.toSorted(([a], [b]) => a - b)).to.deep.equal([
      [0, PIECE],
      [PIECE, 2 * PIECE],
      [2 * PIECE, BODY.length],
    ])
    expect(active.counts).to.include({ fromOrigin: BODY.length, fromSeeds: 0 })
    expect(lone.counters.value('dragonfly_received_bytes_total', { source: 'origin' })).to.equal(BODY.length)
  })

  it('does not ban the origin for wrong bytes: it says so, and keeps nothing', async () => {
    const active = await meet({})
    active.originOffer.offer(async (start, end) => new Uint8Array(end - start))
    await until(() => lone.said.some(line => line.includes('origin sent wrong bytes')), 'it is told')
    expect([0, 1, 2].some(piece => active.hasPiece(piece))).to.equal(false)
    expect(active.hasFailed).to.equal(false)
  })
})

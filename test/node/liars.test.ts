// Peers that lie about bytes, stall, leave or boast, among honest ones: the download is right and ends.
import { expect } from 'chai'
import type { Link } from '../../src/net/link.ts'
import {
  claimsAll,
  content,
  fileHash,
  hex,
  type Observed,
  PIECE,
  type TestOrigin,
  until,
  type Villain,
  World,
} from './villain-peers.ts'

const COUNT = 8
const BODY = content('liars', COUNT * PIECE)

describe('a peer among honest ones that', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  beforeEach(async () => {
    world = await World.open()
    origin = await world.origin(BODY)
    origin.hold(PIECE)
    seed = await world.seed()
  })
  afterEach(() => world.close())

  const url = () => `${origin.url}/file.bin`

  /** Two nodes download while the origin is held back, the villain joins the first, the origin goes on. */
  async function run(villain: Villain) {
    const victim = await world.node({ seeds: [seed.address] })
    const honest = await world.node({ seeds: [seed.address] })
    const paths = [world.path(), world.path()] as const
    const downloads = [victim, honest].map(({ node }, i) => node.download(url(), paths[i as 0 | 1], { origin: false }))
    const claims = claimsAll(COUNT)
    const { message } = villain.manners
    villain.manners.message = async (m, link, v) => {
      claims(m, link, v)
      await message?.(m, link, v)
    }
    const link = await villain.meet(victim.address)
    claims(undefined, link, villain)
    await until(() => villain.heard.some(m => m.type === 'pieces'), 'the victim takes the villain for a neighbour')
    const begun = performance.now()
    origin.release()
    const receipts = await Promise.all(downloads)
    const ms = performance.now() - begun
    for (const path of paths) expect(await fileHash(path)).to.equal(hex(BODY))
    for (const r of receipts) expect(r.fromSeeds + r.fromPeers).to.equal(BODY.length)
    expect(origin.gets).to.have.length(1)
    return { victim, honest, ms }
  }

  const give = (bytes: Uint8Array) => (piece: number, link: Link) => void link.give(piece, bytes).catch(() => {})

  it('sends wrong bytes is banned with the proof, and the download is right', async () => {
    const villain = await world.villain(url(), { ask: give(new Uint8Array(PIECE)) })
    const { victim, honest } = await run(villain)
    expect(villain.asks).to.not.deep.equal([])
    const [banned] = victim.said(/^banned/)
    expect(banned).to.include(villain.id).and.to.include(villain.task.id)
    expect(banned).to.match(/piece \d+ of \w+ does not have the digest that the manifest names/)
    expect(Number(/piece (\d+)/.exec(banned ?? '')?.[1])).to.be.oneOf(villain.asks.map(a => a.piece))
    // the honest peer may have met the villain too, and found out by itself
    for (const ban of honest.said(/^banned/)) expect(ban).to.include(villain.id)
    await until(() => villain.ends.length > 0, 'the victim hangs up')
    const again = await villain.say(victim.address).catch(error => error)
    expect(again).to.have.property('code', 'peer-refused')
    expect(again.message).to.include('bad-proof')
  })

  it('gives wrong lengths breaks the protocol and is left', async () => {
    // right as far as the piece goes, so that it is the length alone that is wrong
    const villain = await world.villain(url(), {
      ask: (piece, link) => link.give(piece, Buffer.concat([BODY.subarray(piece * PIECE, (piece + 1) * PIECE), Buffer.alloc(1)])),
    })
    const { victim } = await run(villain)
    expect(victim.said(/broke the protocol/)).to.have.length.at.least(1)
  })

  it('falls silent costs a second or so', async () => {
    const villain = await world.villain(url())
    const { ms, victim } = await run(villain)
    expect(villain.asks).to.not.deep.equal([])
    expect(ms).to.be.below(8000)
    expect(victim.said(/banned|broke/)).to.deep.equal([])
  })

  it('leaves after its first piece is not missed', async () => {
    const villain = await world.villain(url(), {
      ask: async (piece, link, v) => {
        if (v.asks.length > 1) return await v.stop()
        await link.give(piece, BODY.subarray(piece * PIECE, (piece + 1) * PIECE))
      },
    })
    const { ms } = await run(villain)
    expect(villain.asks.length).to.be.at.least(2)
    expect(ms).to.be.below(8000)
  })

  it('claims what it lacks is asked once for each piece', async () => {
    const villain = await world.villain(url(), { ask: (piece, link) => link.refuse(piece, 'no-such-piece') })
    const { ms } = await run(villain)
    expect(villain.asks).to.not.deep.equal([])
    const asks = villain.asks.map(({ piece, peer }) => `${piece} ${peer}`)
    expect(new Set(asks).size).to.equal(asks.length)
    expect(ms).to.be.below(8000)
  })

  it('is always too busy is asked less and less', async () => {
    const villain = await world.villain(url(), { ask: (piece, link) => link.refuse(piece, 'too-busy') })
    const { ms } = await run(villain)
    expect(ms).to.be.below(8000)
  })

  it('floods it with invented peers does no harm', async () => {
    const villain = await world.villain(url(), {
      met: link => {
        for (let i = 0; i < 50; i++) {
          const peers = Array.from({ length: 32 }, () => ({ id: seed.id, addresses: [`/ip4/127.0.0.1/tcp/${1 + i}`] }))
          link.send({ type: 'peers', peers, links: 0 })
        }
      },
    })
    await run(villain)
  })
})

// Peers that lie about bytes, stall, leave or boast, among honest ones: the download is right and ends.
import { expect } from 'chai'
import { claimsAll } from '../malicious/claims-all.ts'
import { floodsPeers } from '../malicious/floods-peers.ts'
import { givesAlways } from '../malicious/gives-bytes.ts'
import { refusesPieces } from '../malicious/refuses-pieces.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const COUNT = 8
const BODY = content('liars', COUNT * PIECE)

describe('a peer among honest ones that', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  seedForEach(
    BODY,
    (w, o, s) => {
      world = w
      origin = o
      seed = s
    },
    { prepare: o => o.hold(PIECE) },
  )

  const url = () => `${origin.url}/file.bin`

  /** Two nodes download while the origin is held back, the attacker joins the first, the origin goes on. */
  async function run(attacker: ScriptedPeer) {
    const victim = await world.node({ seeds: [seed.address] })
    const honest = await world.node({ seeds: [seed.address] })
    const paths = [world.path(), world.path()] as const
    const downloads = [victim, honest].map(({ node }, i) => node.download(url(), paths[i as 0 | 1], { origin: false }))
    const claims = claimsAll(COUNT)
    const { message } = attacker.behaviour
    attacker.behaviour.message = async (m, link, v) => {
      claims(m, link, v)
      await message?.(m, link, v)
    }
    const link = await attacker.meet(victim.address)
    claims(undefined, link, attacker)
    await until(() => attacker.heard.some(m => m.type === 'pieces'), 'the victim takes the attacker for a neighbour')
    origin.release()
    const receipts = await Promise.all(downloads)
    for (const path of paths) expect(await fileHash(path)).to.equal(hex(BODY))
    for (const r of receipts) expect(r.fromSeeds + r.fromPeers).to.equal(BODY.length)
    expect(origin.gets).to.have.length(1)
    return { victim, honest }
  }

  it('sends wrong bytes is banned with the proof, and the download is right', async () => {
    const attacker = await world.scriptedPeer(url(), { ask: givesAlways(new Uint8Array(PIECE)) })
    const { victim, honest } = await run(attacker)
    expect(attacker.asks).to.not.deep.equal([])
    const [banned] = victim.said(/^banned/)
    expect(banned).to.include(attacker.id).and.to.include(attacker.task.id)
    expect(banned).to.match(/piece \d+ of \w+ does not have the digest that the manifest names/)
    expect(Number(/piece (\d+)/.exec(banned ?? '')?.[1])).to.be.oneOf(attacker.asks.map(a => a.piece))
    const metrics = await victim.node.metrics()
    const count = (name: string) => metrics.find(m => m.name === name)?.samples
    expect(count('dragonfly_peers_banned_total')).to.deep.equal([{ labels: {}, value: victim.said(/^banned/).length }])
    expect(count('dragonfly_corrupt_pieces_total')).to.deep.include({ labels: { source: 'peer' }, value: 1 })
    expect(count('dragonfly_peers_banned')).to.deep.equal([{ labels: {}, value: 1 }])
    const { banned: number, bans } = (await victim.node.status()).isolation
    expect({ number, ids: bans.map(ban => ban.peer) }).to.deep.equal({ number: 1, ids: [attacker.id] })
    expect(bans[0]).to.include({ times: 1 })
    expect(bans[0]?.proof).to.match(/piece \d+ of \w+ does not have the digest/)
    expect(bans[0]?.left).to.be.within(1, 3600)
    // the honest peer may have met the attacker too, and found out by itself
    for (const ban of honest.said(/^banned/)) expect(ban).to.include(attacker.id)
    await until(() => attacker.ends.length > 0, 'the victim hangs up')
    const again = await attacker.say(victim.address).catch(error => error)
    expect(again).to.have.property('code', 'peer-refused')
    expect(again.message).to.include('bad-proof')
  })

  it('gives wrong lengths breaks the protocol and is left', async () => {
    // right as far as the piece goes, so that it is the length alone that is wrong
    const attacker = await world.scriptedPeer(url(), {
      ask: async (piece, link) => {
        await link.give(piece, Buffer.concat([BODY.subarray(piece * PIECE, (piece + 1) * PIECE), Buffer.alloc(1)]))
      },
    })
    const { victim } = await run(attacker)
    expect(victim.said(/broke the protocol/)).to.have.length.at.least(1)
  })

  it('falls silent is not waited for', async () => {
    const attacker = await world.scriptedPeer(url())
    const { victim } = await run(attacker)
    expect(attacker.asks).to.not.deep.equal([])
    expect(victim.said(/banned|broke/)).to.deep.equal([])
  })

  it('leaves after its first piece is not missed', async () => {
    const attacker = await world.scriptedPeer(url(), {
      ask: async (piece, link, v) => {
        if (v.asks.length > 1) return await v.stop()
        await link.give(piece, BODY.subarray(piece * PIECE, (piece + 1) * PIECE))
      },
    })
    await run(attacker)
    expect(attacker.asks.length).to.be.at.least(2)
  })

  it('claims what it lacks is asked once for each piece', async () => {
    const attacker = await world.scriptedPeer(url(), { ask: refusesPieces('no-such-piece') })
    await run(attacker)
    expect(attacker.asks).to.not.deep.equal([])
    const asks = attacker.asks.map(({ piece, peer }) => `${piece} ${peer}`)
    expect(new Set(asks).size).to.equal(asks.length)
  })

  it('is always too busy is asked less and less', async () => {
    const attacker = await world.scriptedPeer(url(), { ask: refusesPieces('too-busy') })
    await run(attacker)
  })

  it('floods it with invented peers does no harm', async () => {
    const attacker = await world.scriptedPeer(url(), { met: floodsPeers(seed.id) })
    await run(attacker)
  })
})

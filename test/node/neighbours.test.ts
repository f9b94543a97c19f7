// How real nodes find, refuse, tell and leave one another, over libp2p.
import { expect } from 'chai'
import { LinkRefused } from '../../src/net/exchange.ts'
import type { Link } from '../../src/net/link.ts'
import { DEFAULT_NEIGHBOURHOOD_POLICY as P } from '../../src/swarm/neighbourhood-events.ts'
import type { PeerAddress } from '../../src/wire/codec-peers.ts'
import type { Behaviour, ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const BODY = content('neighbours', 8 * PIECE)

/** A seed that reads an origin which stops in the middle, so that everybody goes on looking. */
async function waitingSeed(world: World): Promise<{ origin: TestOrigin; url: string; seed: Observed }> {
  const origin = await world.origin(BODY)
  origin.hold(3 * PIECE)
  return { origin, url: `${origin.url}/file.bin`, seed: await world.seed() }
}

/** Begins a download that ends with its node. */
async function getter(world: World, url: string, seed: Observed): Promise<Observed> {
  const peer = await world.node({ seeds: [seed.address] })
  peer.node.download(url, world.path()).catch(() => {})
  return peer
}

function named(attacker: ScriptedPeer): PeerAddress[] {
  return attacker.heard.flatMap(message => (message.type === 'peers' ? message.peers : []))
}

async function attackers(world: World, count: number, url: string, behaviour: Behaviour = {}): Promise<ScriptedPeer[]> {
  return await Promise.all(Array.from({ length: count }, () => world.scriptedPeer(url, behaviour)))
}

/** Says hello, as a peer that has so many links. */
function come(attacker: ScriptedPeer, to: Observed, links: number): Promise<Link> {
  return attacker.say(to.address, hello => ({ ...hello, links }))
}

/** Resolves when the node has the task, to somebody who was its neighbour for a moment. */
async function ready(world: World, url: string, peer: Observed): Promise<ScriptedPeer> {
  const first = await world.scriptedPeer(url)
  await first.meet(peer.address).then(link => link.close())
  return first
}

describe('a neighbourhood of nodes', () => {
  together([
    [
      'links up peers that only know the seed',
      async world => {
        const { url, seed } = await waitingSeed(world)
        const newcomer = await world.scriptedPeer(url)
        const peers = await Promise.all(Array.from({ length: 5 }, () => getter(world, url, seed)))
        await newcomer.meet(seed.address)
        // each of them dials the newcomer, or is told to it: they have heard of one another through the seed alone
        const met = () => new Set([...newcomer.links.map(link => link.peer), ...named(newcomer).map(p => p.id)])
        await until(() => peers.every(peer => met().has(peer.id)), 'the newcomer knows everybody')
      },
    ],
    [
      'tells one with few links of others, whom it can dial, and one with enough only when it asks',
      async world => {
        const { url, seed } = await waitingSeed(world)
        const [known, poor, rich] = (await attackers(world, 3, url)) as [ScriptedPeer, ScriptedPeer, ScriptedPeer]
        const peer = await getter(world, url, seed)
        await ready(world, url, peer)
        await come(known, peer, 10)
        const link = await come(rich, peer, 10)
        await come(poor, peer, 0)
        await until(() => named(poor).length >= 2, 'the poor one is told')
        const told = named(poor).find(({ id }) => id === known.id)
        expect(told?.addresses.map(address => `${address}/p2p/${known.id}`)).to.include(known.address)
        expect(named(rich)).to.deep.equal([])
        link.send({ type: 'peers', peers: [], links: 10 })
        const isTold = (id: string) => named(rich).some(peer => peer.id === id)
        await until(() => isTold(known.id) && isTold(poor.id), 'who asks is told')
      },
    ],
    [
      'refuses one too many, naming others; who has few links is let in a while longer',
      async world => {
        const { url, seed } = await waitingSeed(world)
        const peer = await getter(world, url, seed)
        const former = await ready(world, url, peer)
        const enough = await attackers(world, P.surplusLinks, url)
        for (const attacker of enough) await come(attacker, peer, 10)
        const known = [former, ...enough].map(attacker => attacker.id)
        const one = await world.scriptedPeer(url)
        let refusal: LinkRefused
        do {
          refusal = await come(one, peer, 10).catch(error => error)
          expect(refusal).to.be.instanceOf(LinkRefused)
          expect(refusal.reason).to.equal('too-busy')
        } while (refusal.peers.length < 8)
        expect(refusal.peers).to.have.length(8)
        for (const { id, addresses } of refusal.peers) {
          expect(known).to.include(id)
          expect(addresses).to.not.deep.equal([])
        }
        let isIn = false
        while (!isIn) {
          isIn = await come(one, peer, 0).then(
            () => true,
            error => !(error instanceof LinkRefused) && Promise.reject(error),
          )
        }
      },
    ],
    [
      'dials those whom a refusal names',
      async world => {
        const { url, seed } = await waitingSeed(world)
        const other = await world.scriptedPeer(url)
        const hint = [{ id: other.id, addresses: [other.address] }]
        const full = await world.scriptedPeer(url, { refuses: { refused: 'too-busy', peers: hint } })
        const named = await world.scriptedPeer(url, {
          met: link => link.send({ type: 'peers', peers: [{ id: full.id, addresses: [full.address] }], links: 10 }),
        })
        const peer = await getter(world, url, seed)
        await named.meet(peer.address)
        await until(() => other.links.some(link => link.peer === peer.id), 'it tries the one that was named')
      },
    ],
    [
      'ends the link between two that have everything, and still tells who comes of the other',
      async world => {
        const origin = await world.origin(BODY)
        const url = `${origin.url}/whole.bin`
        const seed = await world.seed()
        const first = await world.node({ seeds: [seed.address] })
        await first.node.download(url, world.path())
        const second = await world.node({ bootstrap: [first.address], trust: [seed.id] })
        await second.node.download(url, world.path(), { origin: false })
        const left = () => [...first.said(/needless/), ...second.said(/needless/)]
        await until(() => left().length > 0, 'one of them leaves')
        const late = await world.scriptedPeer(url)
        await late.meet(first.address)
        await until(() => named(late).some(({ id }) => id === second.id), 'it is told of the other')
      },
    ],
    [
      'goes on telling when the seed has long had everything',
      async world => {
        const origin = await world.origin(BODY)
        const url = `${origin.url}/old.bin`
        const seed = await world.seed()
        const first = await world.node({ seeds: [seed.address] })
        await first.node.download(url, world.path())
        const [one, two] = (await attackers(world, 2, url)) as [ScriptedPeer, ScriptedPeer]
        await one.meet(seed.address)
        await two.meet(seed.address)
        await until(() => named(two).some(({ id }) => id === one.id), 'the second hears of the first')
      },
    ],
  ])
})

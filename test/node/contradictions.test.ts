// Two seeds that a node trusts sign different bytes for one version: it says so by name, and bans neither them nor who follows them.
import { expect } from 'chai'
import type { Link } from '../../src/net/link.ts'
import { sealHead } from '../../src/wire/envelope.ts'
import { tellManifest } from '../malicious/forges-manifest.ts'
import { givesPiecesOf } from '../malicious/gives-bytes.ts'
import type { Behaviour, ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { digestsOf, full, manifestOf } from '../world/manifest.ts'
import { together } from '../world/together.ts'
import type { World } from '../world/world.ts'

const COUNT = 4
const BODIES = ['contradictions', 'otherwise'].map(name => content(name, COUNT * PIECE - 7)) as [Buffer, Buffer]

const signs = (body: Buffer): Behaviour => ({
  met: (link, seed) => tellManifest(link, seed, manifestOf(seed.task, body)),
})
/** Has all pieces of the version, with other bytes in them, and signs nothing. */
const gives = (body: Buffer): Behaviour => ({
  met: (link, seed) => {
    link.send({ ...seed.hello(link.peer, manifestOf(seed.task, body).info.version), manifestCount: COUNT })
    link.send({ type: 'pieces', have: full(COUNT), queue: 0 })
  },
  ask: givesPiecesOf(body, PIECE),
})

async function run(world: World, behaviours: Behaviour[]): Promise<void> {
  const origin = await world.origin(BODIES[0])
  const url = `${origin.url}/file.bin`
  const seeds = []
  for (const behaviour of behaviours) seeds.push(await world.scriptedPeer(url, behaviour))
  const victim = await world.node({ bootstrap: seeds.map(s => s.address), trust: seeds.map(s => s.host.id) })
  const stop = new AbortController()
  const done = victim.node.download(url, world.path(), { origin: false, signal: stop.signal }).catch(error => error)
  await until(() => victim.said(/have different bytes/).length > 0, 'the node says that they contradict one another')
  for (const { host } of seeds) expect(victim.said(/have different bytes/)[0]).to.include(host.id)
  const { banned, contradictions } = (await victim.node.status()).isolation
  expect(banned).to.equal(0)
  expect([contradictions[0]?.seed, contradictions[0]?.other]).to.have.members(seeds.map(s => s.host.id))
  expect(victim.said(/banned|broke the protocol/)).to.deep.equal([])
  stop.abort()
  await done
}

/** How a peer shows, when it is asked for all of its manifest, the one of these bytes that this seed signed. */
const shows =
  (seed: ScriptedPeer, body: Buffer): Behaviour['message'] =>
  async (message, link) => {
    if (message.type !== 'hello' || message.version === '' || message.manifestCount !== 0) return
    const manifest = manifestOf(seed.task, body)
    link.send({ type: 'part', from: 0, digests: Buffer.concat(digestsOf(manifest)) })
    link.send({ type: 'head', envelope: await sealHead(manifest.head(), seed.host.privateKey) })
  }

/** A node follows one of the seeds that it trusts, and a peer gives it other bytes; `answers` is how that peer explains itself. */
async function meet(
  world: World,
  trustsBoth: boolean,
  answers: (ours: ScriptedPeer, other: ScriptedPeer) => Behaviour['message'],
) {
  const origin = await world.origin(BODIES[0])
  const url = `${origin.url}/file.bin`
  const ours = await world.scriptedPeer(url, signs(BODIES[0]))
  const other = await world.scriptedPeer(url)
  const victim = await world.node({ bootstrap: [ours.address], trust: [ours.id, ...(trustsBoth ? [other.id] : [])] })
  const path = world.path()
  const download = victim.node.download(url, path, { origin: false })
  await until(() => ours.asks.length > 0, 'it follows this seed')
  const message = answers(ours, other)
  const peer = await world.scriptedPeer(url, { ...gives(BODIES[1]), ...(message && { message }) })
  const give = givesPiecesOf(BODIES[0], PIECE)
  await peer.meet(victim.address)
  await until(() => peer.asks.length > 0, 'the peer is asked')
  ours.behaviour.ask = give
  for (const { piece } of ours.asks) give(piece, ours.links[0] as Link)
  await download
  expect(await fileHash(path)).to.equal(hex(BODIES[0]))
  await until(() => victim.said(/^banned|have different bytes/).length > 0, 'it is known who is to blame')
  const { bans, contradictions } = (await victim.node.status()).isolation
  const named = contradictions.flatMap(({ seed, other }) => [seed, other])
  return { ours, other, peer, found: { banned: bans.map(ban => ban.peer), named } }
}

async function isBanned(...[world, trustsBoth, answers]: Parameters<typeof meet>): Promise<void> {
  const { peer, found } = await meet(world, trustsBoth, answers)
  expect(found).to.deep.equal({ banned: [peer.id], named: [] })
}

describe('node: a peer whose piece does not have the digest that the seed signed', () => {
  together([
    [
      'is not banned when it follows another seed that is trusted',
      async world => {
        const { ours, other, found } = await meet(world, true, (_, followed) => shows(followed, BODIES[1]))
        expect(found).to.deep.equal({ banned: [], named: [ours.id, other.id] })
      },
    ],
    [
      'is banned when it follows a seed that is not trusted',
      world => isBanned(world, false, (_, other) => shows(other, BODIES[1])),
    ],
    ['is banned when it follows the same seed', world => isBanned(world, true, ours => shows(ours, BODIES[0]))],
    [
      'is banned when the other seed signed the same bytes',
      world => isBanned(world, true, (_, other) => shows(other, BODIES[0])),
    ],
    [
      'is banned when it leaves instead of an answer',
      world =>
        isBanned(world, true, () => (m, link) => {
          if (m.type === 'hello' && m.version !== '' && m.manifestCount === 0) link.close()
        }),
    ],
    ['is banned when it does not answer', world => isBanned(world, true, () => undefined)],
  ])
})

describe('node: trusted seeds that contradict one another', () => {
  together([
    ['are named when they sign other bytes', world => run(world, BODIES.map(signs))],
    ['are named when one gives other bytes than the other one signed', world => run(world, [signs(BODIES[0]), gives(BODIES[1])])],
  ])
})

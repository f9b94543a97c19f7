// Two seeds that a node trusts sign different bytes for one version: it says so by name, and bans nobody.
import { expect } from 'chai'
import { tellManifest } from '../malicious/forges-manifest.ts'
import { givesPiecesOf } from '../malicious/gives-bytes.ts'
import type { Behaviour } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { full, manifestOf } from '../world/manifest.ts'
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

describe('node: trusted seeds that contradict one another', () => {
  together([
    ['are named when they sign other bytes', world => run(world, BODIES.map(signs))],
    ['are named when one gives other bytes than the other one signed', world => run(world, [signs(BODIES[0]), gives(BODIES[1])])],
  ])
})

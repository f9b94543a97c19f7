// Performs one plan: a world of an origin, seeds, peers and villains, its troubles at their moments, each download judged.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newFleetSecret, writeFleetFile } from '../../src/store/fleet-file.ts'
import { Actor } from './actor.ts'
import type { Crew, Member } from './crew.ts'
import type { CutNetwork, Place } from './cut-network.ts'
import type { Started } from './orders.ts'
import type { File } from './origin.ts'
import { PeerRun } from './peer-run.ts'
import type { Cut, Kind, NodePlan, PeerPlan, Plan, Trouble } from './plan.ts'
import { type Judged, keyOf, World } from './world.ts'

export interface RoundResult {
  plan: { round: number; kind?: Kind }
  judged: Judged[]
  log: string[]
  seconds: number
  /** Of all files, sent by the origin. */
  copies?: number
}

/** A world with its nodes. */
class Round extends World {
  readonly actors: Actor[] = []

  get seeds(): string[] {
    return this.actors.filter(actor => actor.isSeed).map(actor => actor.address)
  }

  actor(plan: NodePlan, isSeed: boolean): Actor {
    const actor = new Actor(this, plan, isSeed)
    this.actors.push(actor)
    return actor
  }
}

/** `commons`: the process of all nodes without trouble of their own. Works in `dir`, which it removes. Never rejects. */
export async function runRound(
  plan: Plan,
  dir: string,
  { crew, commons, network }: { crew: Crew; commons: Member; network?: CutNetwork | undefined },
): Promise<RoundResult> {
  await mkdir(dir, { recursive: true })
  const world = new Round(plan, dir, crew, commons, network)
  const stop = new AbortController()
  try {
    await world.origin.start()
    if (plan.isFleet) await makeFleet(world)
    const bootstrap = await startVillains(world)
    const seeds: Actor[] = []
    for (const seed of plan.seeds) seeds.push(await startSeed(world, seed))
    await meet(world)
    for (const member of plan.members) seeds.push(await startMember(world, member, bootstrap))
    const troubles = [
      ...seeds.map(seed => seedTrouble(seed, stop.signal)),
      ...(network === undefined ? [] : plan.cuts.map(cut => performCut(world, network, cut, stop.signal))),
    ]
    await Promise.all(plan.peers.map(peer => runPeer(world, peer, bootstrap)))
    stop.abort()
    await Promise.all(troubles)
    await comeLate(world, bootstrap)
  } catch (error) {
    world.say('harness', String((error as Error).stack))
    world.judged.push({ round: plan.round, who: 'round', verdict: 'failed', why: `harness: ${error}`, seconds: 0 })
  } finally {
    stop.abort()
    await Promise.all(world.actors.map(actor => actor.leave()))
    await Promise.all(plan.villains.map(name => commons.order({ do: 'stop', name }).catch(() => {})))
    world.commons.onEvent = () => {}
    await world.origin.stop()
    await Promise.all([...world.places.values()].map(place => network?.giveBack(place)))
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
  return { plan, judged: world.judged, log: world.log, seconds: world.seconds, copies: world.origin.copies }
}

/** They are after the first file. */
async function startVillains(world: Round): Promise<string[]> {
  const { plan, files, origin } = world
  const [{ etag, body }] = files[0] as File
  const started = plan.villains.map(kind =>
    world.commons.order<Started>({
      do: 'villain',
      name: kind,
      kind,
      url: origin.url(0),
      key: keyOf(plan, 0, 0),
      length: body.length,
      hasLength: plan.origin.hasLength,
      version: `etag ${etag}`,
    }),
  )
  return (await Promise.all(started)).map(({ address }) => address)
}

async function startSeed(world: Round, plan: NodePlan): Promise<Actor> {
  const seed = world.actor(plan, true)
  await seed.start({ seeds: world.seeds.filter(address => address !== '') })
  return seed
}

async function makeFleet(world: Round): Promise<void> {
  world.fleet = path.join(world.dir, 'fleet.json')
  await writeFleetFile(world.fleet, [{ secret: newFleetSecret() }])
}

/** One that is there before anybody downloads, and knows those before it. */
async function startMember(world: Round, plan: NodePlan, bootstrap: readonly string[]): Promise<Actor> {
  const others = world.actors.filter(actor => !actor.isSeed && actor.address !== '')
  const member = world.actor(plan, false)
  await member.start({ seeds: world.seeds, bootstrap: [...bootstrap, ...addressesOf(others)] }, others)
  return member
}

/** Ends with its time, or when nobody is at work any more. */
async function performCut(world: Round, network: CutNetwork, cut: Cut, signal: AbortSignal): Promise<void> {
  if (!(await pause(cut.atMs, signal))) return
  const { who, forMs, origin, others } = cut
  const cutOff = world.actors.filter(actor => who.includes(actor.plan.name))
  const places = who.map(name => world.places.get(name) as Place)
  world.say(
    'harness',
    `${who.join(', ')} cut off from ${[origin && 'the origin', others && 'others'].filter(Boolean).join(' and ')} for ${forMs} ms`,
  )
  for (const actor of cutOff) actor.isCut()
  for (const name of who) world.presence.isCut(name, cut)
  const friends = places.map(({ address }) => address)
  await Promise.all(places.map(place => network.cut(place, { friends, origin, others, originPort: world.origin.port })))
  await pause(forMs, signal)
  await Promise.all(places.map(place => network.heal(place)))
  world.say('harness', `${who.join(', ')} no longer cut off`)
  for (const name of who) world.presence.isHealed(name)
  for (const actor of cutOff) actor.isHealed()
}

async function meet({ plan, commons, seeds }: Round): Promise<void> {
  for (const name of plan.villains) for (const address of seeds) await commons.order({ do: 'meet', name, address })
}

/** A seed's trouble comes while the peers are at work, or not any more. */
async function seedTrouble(seed: Actor, signal: AbortSignal): Promise<void> {
  const { trouble } = seed.plan
  if (trouble === undefined || !(await pause(trouble.atMs, signal))) return
  await suffer(seed, trouble)
}

/** Kills and restarts, or freezes and thaws. */
async function suffer(actor: Actor, trouble: Trouble): Promise<void> {
  if (trouble.kind === 'freeze') return await actor.freeze(trouble.forMs)
  await actor.kill()
  if (trouble.restartMs === undefined) return
  await actor.flip(trouble.flips)
  await sleep(trouble.restartMs)
  await actor.restart()
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return await sleep(ms, true, { signal }).catch(() => false)
}

async function runPeer(world: Round, plan: PeerPlan, bootstrap: readonly string[]): Promise<void> {
  await sleep(plan.startMs)
  const others = world.actors.filter(actor => !actor.isSeed && actor.address !== '')
  const peer = world.actor(plan, false)
  await peer.start({ seeds: world.seeds, bootstrap: [...bootstrap, ...addressesOf(others)] }, others)
  await new PeerRun(world, peer, plan).run()
}

async function comeLate(world: Round, bootstrap: readonly string[]): Promise<void> {
  const { newcomer } = world.plan
  if (newcomer === undefined) return
  const { seeds } = world
  if (newcomer.originDies) world.origin.die('refuse')
  if (newcomer.seedsDie) await Promise.all(world.actors.filter(actor => actor.isSeed).map(actor => actor.leave()))
  const others = world.actors.filter(actor => !actor.isSeed && actor.isUp && actor.address !== '')
  const peer = world.actor(newcomer.peer, false)
  await peer.start({ seeds, bootstrap: [...bootstrap, ...addressesOf(others)] }, others)
  await new PeerRun(world, peer, newcomer.peer).run()
}

/** Whoever leaves soon has none. */
function addressesOf(actors: readonly Actor[]): string[] {
  return actors.map(({ address }) => address).filter(address => address !== '')
}

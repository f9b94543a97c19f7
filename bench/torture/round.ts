// Performs one plan: a world of an origin, seeds, peers and villains, its troubles at their moments, each download judged.
import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Actor } from './actor.ts'
import { contentOf, sha256Hex } from './content.ts'
import type { Crew, Member } from './crew.ts'
import type { Judgement } from './judge.ts'
import type { Started } from './orders.ts'
import { type File, TortureOrigin, type Version } from './origin.ts'
import { PeerRun } from './peer-run.ts'
import type { NodePlan, PeerPlan, Plan, Trouble } from './plan.ts'
import { Presence } from './presence.ts'

export interface Judged extends Judgement {
  round: number
  who: string
  seconds: number
}

export interface RoundResult {
  plan: Plan
  judged: Judged[]
  log: string[]
  seconds: number
}

/** What the parts of a round share. */
export class World {
  readonly plan: Plan
  readonly dir: string
  readonly crew: Crew
  /** Where nodes without trouble of their own live. */
  readonly commons: Member
  readonly origin: TortureOrigin
  readonly presence = new Presence()
  readonly files: readonly File[]
  readonly judged: Judged[] = []
  readonly log: string[] = []
  readonly actors: Actor[] = []
  readonly #begun = performance.now()

  constructor(plan: Plan, dir: string, crew: Crew, commons: Member) {
    this.plan = plan
    this.dir = dir
    this.crew = crew
    this.commons = commons
    this.commons.onEvent = (name, message) => this.say(name, message)
    this.files = plan.origin.lengths.map(
      (length, file) => [0, 1].map(n => versionOf(plan, file, length, n)) as [Version, Version],
    )
    this.origin = new TortureOrigin(plan.origin, this.files, line => this.say('origin', line))
  }

  say(who: string, line: string): void {
    this.log.push(`${((performance.now() - this.#begun) / 1000).toFixed(3).padStart(8)} ${who}: ${line}`)
  }

  get seeds(): string[] {
    return this.actors.filter(actor => actor.isSeed).map(actor => actor.address)
  }

  /** sha256, hex, of what the origin has shown so far. */
  shown(file: number): string[] {
    return (this.files[file] as File).slice(0, this.origin.changedAt === undefined ? 1 : 2).map(({ body }) => sha256Hex(body))
  }

  actor(plan: NodePlan, isSeed: boolean): Actor {
    const actor = new Actor(this, plan, isSeed)
    this.actors.push(actor)
    return actor
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000
  }
}

/** `commons`: the process of all nodes without trouble of their own. Works in `dir`, which it removes. Never rejects. */
export async function runRound(plan: Plan, dir: string, crew: Crew, commons: Member): Promise<RoundResult> {
  await mkdir(dir, { recursive: true })
  const world = new World(plan, dir, crew, commons)
  const stop = new AbortController()
  try {
    await world.origin.start()
    const bootstrap = await startVillains(world)
    const seeds: Actor[] = []
    for (const seed of plan.seeds) seeds.push(await startSeed(world, seed))
    await meet(world)
    const troubles = seeds.map(seed => seedTrouble(seed, stop.signal))
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
    await rm(dir, { recursive: true, force: true, maxRetries: 3 })
  }
  return { plan, judged: world.judged, log: world.log, seconds: world.seconds }
}

function versionOf(plan: Plan, file: number, first: number, n: number): Version {
  // the newer one is longer or shorter too
  const length = n === 0 ? first : Math.floor(first * (0.5 + (plan.round % 10) / 10))
  const body = contentOf(keyOf(plan, file, n), length)
  const lastModified = new Date(Date.UTC(2024, 0, 1 + n)).toUTCString()
  return { body, etag: `"${plan.seed}-${plan.round}-${n}"`, lastModified }
}

function keyOf({ seed, round }: Plan, file: number, n: number): string {
  return `${seed}/${round}/${file}/${n}`
}

/** They are after the first file. */
async function startVillains(world: World): Promise<string[]> {
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

async function startSeed(world: World, plan: NodePlan): Promise<Actor> {
  const seed = world.actor(plan, true)
  await seed.start({ seeds: world.seeds.filter(address => address !== '') })
  return seed
}

async function meet({ plan, commons, seeds }: World): Promise<void> {
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

async function runPeer(world: World, plan: PeerPlan, bootstrap: readonly string[]): Promise<void> {
  await sleep(plan.startMs)
  const others = world.actors.filter(actor => !actor.isSeed && actor.address !== '')
  const peer = world.actor(plan, false)
  await peer.start({ seeds: world.seeds, bootstrap: [...bootstrap, ...others.map(actor => actor.address)] }, others)
  await new PeerRun(world, peer, plan).run()
}

async function comeLate(world: World, bootstrap: readonly string[]): Promise<void> {
  const { newcomer } = world.plan
  if (newcomer === undefined) return
  const { seeds } = world
  if (newcomer.originDies) world.origin.die('refuse')
  if (newcomer.seedsDie) await Promise.all(world.actors.filter(actor => actor.isSeed).map(actor => actor.leave()))
  const others = world.actors.filter(actor => !actor.isSeed && actor.isUp)
  const peer = world.actor(newcomer.peer, false)
  await peer.start({ seeds, bootstrap: [...bootstrap, ...others.map(actor => actor.address)] }, others)
  await new PeerRun(world, peer, newcomer.peer).run()
}

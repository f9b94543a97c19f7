// One node of a round: started, killed, frozen, its store spoilt, started again with the same home and address.
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import { randomFor } from '../../src/sim/draw.ts'
import type { Member } from './crew.ts'
import type { Place } from './cut-network.ts'
import { flipBytes, mountSmall, unmount } from './disk.ts'
import type { Started } from './orders.ts'
import type { NodePlan } from './plan.ts'
import type { World } from './world.ts'

/** A node that does not stop in so many milliseconds is killed, and said so. */
const STOP_MS = 30_000

export class Actor {
  readonly plan: NodePlan
  readonly isSeed: boolean
  /** Whether it reads origins for others. */
  readonly serves: boolean
  /** As others dial it; empty before its first start. Stays the same over restarts. */
  address = ''
  isUp = false
  /** Names of the peers whose addresses it has from the start: of others it may never hear. */
  readonly knows = new Set<string>()
  readonly #world: World
  readonly #home: string
  #member: Member | undefined
  #options: NodeOptions = {}
  readonly #listen: string
  readonly #place: Place | undefined
  #isMounted = false
  #isFrozen = false
  #cuts = 0

  constructor(world: World, plan: NodePlan & { isGuest?: boolean }, isSeed: boolean) {
    this.#world = world
    this.plan = plan
    this.isSeed = isSeed
    this.serves = isSeed || (world.plan.isFleet && plan.isGuest !== true)
    this.#place = world.places.get(plan.name)
    this.#home = path.join(world.dir, plan.name)
    this.#listen = plan.isGuest ? '' : `/ip4/${this.#place?.address ?? world.address}/tcp/${world.crew.port()}`
  }

  get member(): Member {
    return this.#member as Member
  }

  /** `others`: peers that it is told of. */
  async start(options: NodeOptions, others: readonly Actor[] = []): Promise<void> {
    for (const other of others) this.knows.add(other.plan.name)
    this.#options = options
    if (this.plan.store === 'small-disk') {
      const bytes = 64 * 1024 + Math.floor(Math.max(...this.#world.plan.origin.lengths) * randomFor(this.#world.plan.round, 7)())
      this.#isMounted = await mountSmall(path.join(this.#home, 'store'), bytes)
    }
    await this.#launch()
  }

  async restart(): Promise<void> {
    this.#world.say(this.plan.name, 'restarts')
    await this.#launch()
  }

  async kill(): Promise<void> {
    this.#world.say(this.plan.name, 'is killed')
    this.#isGone()
    await this.#world.crew.dismiss(this.member)
  }

  async freeze(ms: number): Promise<void> {
    this.#world.say(this.plan.name, `is frozen for ${ms} ms`)
    this.#world.presence.isGone(this.plan.name)
    this.#isFrozen = true
    this.member.freeze()
    await sleep(ms)
    this.#world.say(this.plan.name, 'thaws')
    this.member.thaw()
    this.#isFrozen = false
    this.#isBack()
  }

  /** From now on it cannot reach everybody, nor be reached. */
  isCut(): void {
    this.#cuts++
    this.#world.presence.isGone(this.plan.name)
  }

  isHealed(): void {
    this.#cuts--
    this.#isBack()
  }

  #isBack(): void {
    const isThere = this.isUp && !this.#isFrozen && this.#cuts === 0
    // whoever has no room for it cannot read it for others
    const canServe = this.serves && this.plan.store !== 'small-disk'
    if (canServe && isThere) this.#world.presence.seedIsUp(this.plan.name)
  }

  /** Spoils so many bytes of each content in its store. */
  async flip(count: number): Promise<void> {
    if (count === 0 || this.plan.store === 'memory') return
    const random = randomFor(this.#world.plan.round, count)
    const places = Array.from({ length: count }, random)
    this.#world.say(this.plan.name, `${await flipBytes(path.join(this.#home, 'store'), places)} bytes of its store go bad`)
  }

  /** Stops as a node should; its process ends too when it has one of its own. */
  async leave(): Promise<void> {
    if (!this.isUp) return this.#unmount()
    this.#isGone()
    const stopped = this.member.order({ do: 'stop', name: this.plan.name }).then(
      () => true,
      error => this.#complain(`does not stop: ${error}`),
    )
    const late = new AbortController()
    const isLate = sleep(STOP_MS, false, { signal: late.signal }).catch(() => true)
    if (!(await Promise.race([stopped, isLate]))) this.#complain('does not stop in time')
    late.abort()
    if (this.#isAlone) await this.#world.crew.dismiss(this.member)
    this.#unmount()
  }

  get #isAlone(): boolean {
    return this.plan.trouble !== undefined || this.#place !== undefined
  }

  #complain(why: string): true {
    this.#world.say(this.plan.name, why)
    this.#world.judged.push({ round: this.#world.plan.round, who: this.plan.name, verdict: 'failed', why, seconds: 0 })
    return true
  }

  async #launch(): Promise<void> {
    const { name, store } = this.plan
    const { crew, commons, fleet } = this.#world
    const member = this.#isAlone ? crew.hire(this.#place) : commons
    if (this.#isAlone) member.onEvent = (who, message) => this.#world.say(who, message)
    const home = { home: this.#home, ...(store === 'memory' ? { store } : {}) }
    const company = fleet === undefined ? {} : { fleet, ...(this.serves ? {} : { dhtServer: false }) }
    const listen = this.#listen === '' ? [] : [this.#listen]
    const here = { listen, persistentIdentity: this.#listen !== '', allowOrigins: [this.#world.address] }
    const options = { ...here, ...home, ...company, ...this.#options }
    const { address } = await member.order<Started>({ do: 'node', name, options, isSeed: this.isSeed })
    // not before: an order that is late for the killed one must not meet the next
    this.#member = member
    this.address = address
    this.isUp = true
    this.#world.say(name, `is up at ${address}`)
    this.#isBack()
  }

  #isGone(): void {
    this.isUp = false
    this.#world.presence.isGone(this.plan.name)
  }

  #unmount(): void {
    if (this.#isMounted) unmount(path.join(this.#home, 'store'))
    this.#isMounted = false
  }
}

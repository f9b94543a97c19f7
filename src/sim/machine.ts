// One simulated host with its line, and the budget that its contents share.
import { Budget } from '../swarm/budget.ts'
import type { SwarmEvent, SwarmPolicy } from '../swarm/events.ts'
import type { Swarm } from '../swarm/swarm.ts'
import type { Priority } from '../swarm/weights.ts'
import type { Link } from './link.ts'
import type { Meter } from './meter.ts'
import { SimPacing } from './pacing.ts'
import type { Line } from './scenario.ts'
import type { Surroundings } from './surroundings.ts'

/** One content on a host. */
export interface Content {
  readonly swarm: Pick<Swarm, 'have'>
  /** Whether the run waits for it: its host has no fault and stays. */
  readonly mustFinish: boolean
  /** Virtual milliseconds; Infinity: not yet. */
  readonly joinedAt: number
  readonly doneAt: number | undefined
  /** When and why it gave up. */
  readonly failure: { at: number; why: string } | undefined
  /** Bytes that have left, whole pieces or not. */
  readonly sentBytes: number
  tell(event: SwarmEvent): void
}

export interface MachineOptions {
  line: Line
  /** Name of the class of lines. */
  lineClass: string
  upMeter: Meter
  downMeter: Meter
  policy: Partial<SwarmPolicy>
  /** Bytes per millisecond that it may receive. Default no limit. */
  downLimit?: number | undefined
}

export class Machine {
  readonly lineClass: string
  readonly up: Link
  readonly down: Link
  readonly budget: Budget<Content>
  readonly contents: Content[] = []
  /** When another host last gave a sign of life, and at which content. */
  readonly heard = new Map<Machine, { at: number; content: Content }>()
  /** Where it may receive no more than its line could. */
  readonly pacing: SimPacing<Content> | undefined
  /** What its downlink had when: the first from the start. */
  readonly downRates: { at: number; rate: number }[]
  readonly #around: Surroundings
  readonly #downLimit: number
  readonly #here = new Set<Content>()

  constructor({ line, lineClass, upMeter, downMeter, policy, downLimit }: MachineOptions, around: Surroundings) {
    this.lineClass = lineClass
    this.up = around.links.link(line.up, upMeter)
    this.down = around.links.link(line.down, downMeter)
    this.#downLimit = downLimit ?? Infinity
    this.downRates = [{ at: 0, rate: Math.min(this.#downLimit, this.down.rate) }]
    if (downLimit !== undefined) this.pacing = new SimPacing(around.world, downLimit)
    this.budget = new Budget({
      ...(policy.maxAskedBytes !== undefined && { askedBytes: policy.maxAskedBytes }),
      ...(policy.uploadSlots !== undefined && { uploadSlots: policy.uploadSlots }),
      ...(policy.maxUploadBytes !== undefined && { uploadBytes: policy.maxUploadBytes }),
    })
    this.#around = around
  }

  /** Of the first of its contents that gave up. */
  get failure(): Content['failure'] {
    return this.contents.find(({ failure }) => failure !== undefined)?.failure
  }

  /** Whether any of its contents is there. */
  get isHere(): boolean {
    return this.#here.size > 0
  }

  get mustFinish(): boolean {
    return this.contents.every(content => content.mustFinish)
  }

  get joinedAt(): number {
    return Math.min(...this.contents.map(content => content.joinedAt))
  }

  /** When it had all of its contents. */
  get doneAt(): number | undefined {
    const last = Math.max(...this.contents.map(content => content.doneAt ?? Infinity))
    return last === Infinity ? undefined : last
  }

  /** Pieces of all its contents. */
  get haveCount(): number {
    return this.contents.reduce((sum, { swarm }) => sum + swarm.have.count, 0)
  }

  get sentBytes(): number {
    return this.contents.reduce((sum, content) => sum + content.sentBytes, 0)
  }

  enter(content: Content, priority: Priority = 'normal'): void {
    if (!this.isHere) this.#meter(true)
    this.#here.add(content)
    const { pieceLength } = this.#around
    this.budget.enter(content, { pieceLength, priority })
    if (this.pacing === undefined) return
    this.pacing.enter(content, priority)
    this.budget.cap(content, { asked: this.pacing.window(pieceLength), uploads: Infinity })
  }

  leave(content: Content): void {
    this.#here.delete(content)
    this.budget.leave(content)
    this.pacing?.leave(content)
    this.wakeWaiting()
    if (!this.isHere) this.#meter(false)
  }

  /** Those whose turn it is to use what has become free look around now. */
  wakeWaiting(): void {
    for (const content of this.budget.takeWaiting()) this.#around.world.after(0, () => content.tell({ type: 'wake' }))
  }

  setLine(line: Line): void {
    const { world, links } = this.#around
    if (this.isHere) this.#meter(false)
    links.setLine(this.up, line.up)
    links.setLine(this.down, line.down)
    if (this.isHere) this.#meter(true)
    this.downRates.push({ at: world.now, rate: Math.min(this.#downLimit, this.down.rate) })
  }

  /** Changes to the side of those that it can reach. */
  setSide(side: number): void {
    for (const link of [this.up, this.down]) this.#around.links.setSide(link, side)
  }

  #meter(isHere: boolean): void {
    for (const link of [this.up, this.down]) this.#around.links.meter(link, isHere)
  }
}

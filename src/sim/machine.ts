// One simulated host with its line, and the budget that its contents share.
import { Budget } from '../swarm/budget.ts'
import type { SwarmEvent, SwarmPolicy } from '../swarm/events.ts'
import type { Swarm } from '../swarm/swarm.ts'
import type { Link } from './link.ts'
import type { Meter } from './meter.ts'
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
}

export class Machine {
  readonly lineClass: string
  readonly up: Link
  readonly down: Link
  readonly budget: Budget<Content>
  readonly contents: Content[] = []
  /** What its downlink had when: the first from the start. */
  readonly downRates: { at: number; rate: number }[]
  readonly #around: Surroundings
  readonly #here = new Set<Content>()

  constructor({ line, lineClass, upMeter, downMeter, policy }: MachineOptions, around: Surroundings) {
    this.lineClass = lineClass
    this.up = around.links.link(line.up, upMeter)
    this.down = around.links.link(line.down, downMeter)
    this.downRates = [{ at: 0, rate: this.down.rate }]
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

  enter(content: Content): void {
    if (!this.isHere) this.#meter(true)
    this.#here.add(content)
    this.budget.enter(content, { pieceLength: this.#around.pieceLength })
  }

  leave(content: Content): void {
    this.#here.delete(content)
    this.budget.leave(content)
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
    this.downRates.push({ at: world.now, rate: this.down.rate })
  }

  /** Changes to the side of those that it can reach. */
  setSide(side: number): void {
    for (const link of [this.up, this.down]) this.#around.links.setSide(link, side)
  }

  #meter(isHere: boolean): void {
    for (const link of [this.up, this.down]) this.#around.links.meter(link, isHere)
  }
}

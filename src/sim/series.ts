// Samples a run of unknown length into about 200 points.
import { Call } from './alarm.ts'
import type { Machine } from './machine.ts'
import type { Meter } from './meter.ts'
import type { Sample } from './scenario.ts'
import type { World } from './world.ts'

/** So many samples are thinned out to half of them. */
const MAX_SAMPLES = 256

export interface Meters {
  up: Meter
  down: Meter
  seedUp: Meter
  seedDown: Meter
  origin: Meter
}

type Uses = Pick<Sample, 'upUse' | 'downUse' | 'seedUse' | 'originUse'>

export interface SeriesOptions {
  /** Of all contents. */
  pieces: number
  /** How long the run may well take, virtual milliseconds. */
  expectedMs: number
  /** Told of every sample as it is taken. */
  onSample?: ((sample: Sample) => void) | undefined
}

export class Series {
  readonly #world: World
  readonly #meters: Meters
  /** Peers that may count: those without a fault that stay. */
  readonly #peers: readonly Machine[]
  readonly #pieces: number
  readonly #onSample: ((sample: Sample) => void) | undefined
  readonly #call = new Call(() => this.#onTime())
  #everyMs: number
  #samples: Sample[] = []

  constructor(world: World, meters: Meters, peers: readonly Machine[], options: SeriesOptions) {
    this.#world = world
    this.#meters = meters
    this.#peers = peers
    this.#pieces = options.pieces
    this.#onSample = options.onSample
    this.#everyMs = options.expectedMs / (MAX_SAMPLES / 2)
    this.#onTime()
  }

  /** All samples, with one of this very moment at the end. */
  finish(): readonly Sample[] {
    if (this.#world.now > (this.#samples.at(-1)?.atMs ?? -1)) this.#samples.push(this.#look())
    return this.#samples
  }

  #onTime(): void {
    const sample = this.#look()
    this.#samples.push(sample)
    this.#onSample?.(sample)
    if (this.#samples.length > MAX_SAMPLES) this.#thinOut()
    this.#world.set(this.#call, this.#world.now + this.#everyMs)
  }

  #look(): Sample {
    const now = this.#world.now
    const { up, down, seedUp, origin } = this.#meters
    const counts = this.#peers.filter(p => p.isHere).map(p => p.haveCount)
    counts.sort((a, b) => a - b)
    const share = (count: number | undefined): number => (count ?? 0) / this.#pieces
    return {
      atMs: now,
      done: this.#peers.reduce((n, p) => n + (p.doneAt === undefined ? 0 : 1), 0),
      slowest: share(counts[0]),
      median: share(counts[counts.length >> 1]),
      fastest: share(counts.at(-1)),
      upUse: up.take(now),
      downUse: down.take(now),
      seedUse: seedUp.take(now),
      originUse: origin.take(now),
    }
  }

  /** Keeps the first and every second one after it, which takes the use of the one before into account. */
  #thinOut(): void {
    const kept = this.#samples.slice(0, 1)
    for (let i = 2; i < this.#samples.length; i += 2) {
      const [a, b] = [this.#samples[i - 1] as Sample, this.#samples[i] as Sample]
      kept.push({ ...b, ...mean(a, b) })
    }
    this.#samples = kept
    this.#everyMs *= 2
  }
}

function mean(a: Uses, b: Uses): Uses {
  return {
    upUse: (a.upUse + b.upUse) / 2,
    downUse: (a.downUse + b.downUse) / 2,
    seedUse: (a.seedUse + b.seedUse) / 2,
    originUse: (a.originUse + b.originUse) / 2,
  }
}

// What became of several downloads so far, and what of them is under way.
import { RateWindow } from '../client/index.ts'
import type { Progress, Receipt } from '../index.ts'
import { hereOf } from './bar-line.ts'
import { bytes, rate, seconds } from './figures.ts'
import type { Transfer } from './report.ts'

/** A download that is under way. */
export interface Running {
  progress: Progress
  /** When it was told of first, milliseconds. */
  since: number
}

export class Tally {
  readonly running = new Map<Transfer, Running>()
  readonly #now: () => number
  readonly #begun: number
  readonly #rate: RateWindow
  #files = 0
  #isAll = true
  #over = 0
  #failed = 0
  /** Of all, where the list says so. */
  #allBytes: number | undefined
  /** Of what is over. */
  #bytes = 0
  #received = 0

  /** `now` in milliseconds, on a clock that never goes back. */
  constructor(files: number, now: () => number = () => performance.now()) {
    this.#files = files
    this.#now = now
    this.#begun = now()
    this.#rate = new RateWindow(this.#begun, 0)
  }

  expect(files: number, isAll: boolean, bytes?: number): void {
    this.#allBytes = bytes
    this.#files = files
    this.#isAll = isAll
  }

  progress(transfer: Transfer, progress: Progress): void {
    const since = this.running.get(transfer)?.since ?? this.#now()
    this.running.set(transfer, { progress, since })
  }

  done(transfer: Transfer, { bytes, resumed }: Pick<Receipt, 'bytes' | 'resumed'>): void {
    const received = this.running.get(transfer)?.progress.received
    this.#end(transfer)
    this.#bytes += bytes
    this.#received += received ?? Math.max(0, bytes - resumed)
  }

  /** One download that was several files. */
  packed(transfer: Transfer, files: number, bytes: number): void {
    this.done(transfer, { bytes, resumed: 0 })
    this.#over += files - 1
  }

  /** Nothing was to be done for so many bytes. */
  skipped(transfer: Transfer, bytes: number): void {
    this.#end(transfer)
    if (this.#allBytes !== undefined) this.#bytes += bytes
  }

  failed(transfer: Transfer): void {
    this.#received += this.running.get(transfer)?.progress.received ?? 0
    this.#end(transfer)
    this.#failed++
  }

  /** From 0 to 1; undefined while nobody knows how many there are. */
  get part(): number | undefined {
    if (!this.#isAll || this.#files === 0) return undefined
    if (this.#allBytes) return Math.min(1, this.#here() / this.#allBytes)
    return Math.min(1, this.#over / this.#files + this.#sum(p => (p.length ? hereOf(p) / p.length : 0)) / this.#files)
  }

  /** `312 of 1000 files  4.9 MiB  3.1 MiB/s  12 s left`, from the richest to the shortest. */
  words(): string[] {
    const files = `${this.#over} of ${this.#files}${this.#isAll ? '' : '+'}`
    const failed = this.#failed === 0 ? [] : [`${this.#failed} failed`]
    const here = bytes(this.#here())
    const size = this.#allBytes === undefined ? here : `${here} of ${bytes(this.#allBytes)}`
    const speed = this.#rate.add(this.#now(), this.#received + this.#sum(p => p.received))
    const left = this.#secondsLeft(speed)
    const [short, long] = left === undefined ? [[], []] : [[seconds(left)], [`${seconds(left)} left`]]
    return [
      [`${files} files`, ...failed, size, rate(speed), ...long],
      [files, ...failed, here, rate(speed), ...short],
      [files, ...failed, rate(speed)],
      [files],
    ].map(parts => parts.join('  '))
  }

  /** Of what did not begin yet nobody knows the length: then by the share of what is done. */
  #secondsLeft(speed: number): number | undefined {
    if (this.#isAll && this.#allBytes !== undefined) {
      const left = this.#allBytes - this.#here()
      return left > 0 && speed > 0 ? left / speed : undefined
    }
    const rest = this.#sum(p => (p.length ?? Number.NaN) - hereOf(p))
    if (this.#isAll && this.#over + this.running.size === this.#files && !Number.isNaN(rest)) {
      return rest > 0 && speed > 0 ? rest / speed : undefined
    }
    const part = this.part
    const elapsed = (this.#now() - this.#begun) / 1000
    return part === undefined || part <= 0 || part >= 1 || elapsed < 1 ? undefined : (elapsed * (1 - part)) / part
  }

  #here(): number {
    return this.#bytes + this.#sum(hereOf)
  }

  #end(transfer: Transfer): void {
    this.running.delete(transfer)
    this.#over++
  }

  #sum(of: (progress: Progress) => number): number {
    return [...this.running.values()].reduce((sum, { progress }) => sum + of(progress), 0)
  }
}

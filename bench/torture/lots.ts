// Drawing by lot for plans: the same two numbers give the same draws.
import { seededRandom } from '../../src/swarm/random.ts'

export class Lots {
  readonly random: () => number

  constructor(seed: number, round: number) {
    this.random = seededRandom(Math.floor(seededRandom(seed)() * 2 ** 32) ^ Math.imul(round, 0x9e3779b1))
  }

  chance(share: number): boolean {
    return this.random() < share
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1))
  }

  /** Each order of magnitude is as likely as the next. */
  log(from: number, to: number): number {
    return Math.round(from * (to / from) ** this.random())
  }

  of<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T
  }
}

// By how many streams a read goes on: told of bytes in virtual time.
import { expect } from 'chai'
import { MAX_STREAMS, PAUSE_MS, RangeStreams } from '../../src/swarm/range-streams.ts'

const MiB = 1024 * 1024
const STEP_MS = 50

interface Line {
  /** Bytes a second of `n` streams together. */
  rate(n: number): number
  length?: number
  /** Share of the time in which the origin waits for us. */
  held?: number
  /** Share of the time in which our own event loop is busy. */
  busy?: number
}

/** What a read has come to. */
class Run {
  readonly streams = new RangeStreams(0)
  now = 0
  left: number
  wanted = 1
  /** Streams times seconds beyond the first one. */
  extra = 0
  readonly #line: Line

  constructor(line: Line) {
    this.#line = line
    this.left = line.length ?? 10_000 * MiB
  }

  pass(seconds: number): this {
    const { rate, held = 0, busy = 0 } = this.#line
    for (const end = this.now + 1000 * seconds; this.now < end && this.left > 0; ) {
      this.now += STEP_MS
      const bytes = (rate(this.wanted) * STEP_MS) / 1000
      this.left -= bytes
      this.streams.came(bytes, held * STEP_MS, this.now)
      this.streams.busy(busy * STEP_MS, this.now)
      this.wanted = this.streams.wanted(this.left, this.now)
      this.extra += ((this.wanted - 1) * STEP_MS) / 1000
    }
    return this
  }
}

describe('streams of one read', () => {
  it('are four within seconds where each has a limit of its own', () => {
    const run = new Run({ rate: n => 2 * MiB * n }).pass(7)
    expect(run.streams.kept).to.equal(MAX_STREAMS)
    expect(run.pass(600).wanted).to.equal(MAX_STREAMS)
  })

  it('are two where the origin gives no more than that', () => {
    const run = new Run({ rate: n => 2 * MiB * Math.min(n, 2) }).pass(7)
    expect(run.wanted).to.equal(2)
  })

  it('stay one where the line is full, and trials become rare', () => {
    const run = new Run({ rate: () => 64 * 1024 }).pass(3600)
    expect(run.wanted).to.equal(1)
    // 2 s each, after 0.5, 1, 2 … minutes
    expect(run.extra).to.be.within(8, 16)
  })

  it('stay one where the rest takes no time, the origin is fast, or waits for us', () => {
    const lines: Line[] = [
      { rate: n => 2 * MiB * n, length: 30 * MiB },
      { rate: n => 9 * MiB * n },
      { rate: n => 2 * MiB * n, held: 0.6 },
    ]
    for (const line of lines) expect(new Run(line).pass(30).extra).to.equal(0)
  })

  it('stay one where our own event loop has no time', () => {
    expect(new Run({ rate: n => MiB * n, busy: 0.8 }).pass(60).extra).to.equal(0)
    expect(new Run({ rate: n => MiB * n, busy: 0.3 }).pass(60).wanted).to.equal(MAX_STREAMS)
  })

  it('fall back to what was proven when a trial is refused, and to one when a proven one breaks', () => {
    const run = new Run({ rate: n => 2 * MiB * n }).pass(4.1)
    expect([run.streams.kept, run.wanted]).to.deep.equal([2, 4])
    run.streams.refused(run.now)
    expect(run.pass(3600).wanted).to.equal(2)
    run.streams.broke(run.now)
    expect(run.streams.wanted(run.left, run.now)).to.equal(1)
  })

  it('are tried again some time after one broke, never after a lie', () => {
    const line = { rate: (n: number) => 2 * MiB * n }
    const broken = new Run(line).pass(7)
    broken.streams.broke(broken.now)
    expect(broken.pass(PAUSE_MS / 1000 - 1).wanted).to.equal(1)
    expect(broken.pass(10).wanted).to.equal(MAX_STREAMS)
    const lied = new Run(line).pass(7)
    lied.streams.lied(lied.now)
    expect(lied.pass(3600).wanted).to.equal(1)
  })
})

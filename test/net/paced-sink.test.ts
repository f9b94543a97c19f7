// Bytes pass in order and only when the pace says so; what waits is not released before it has passed.
import { expect } from 'chai'
import fc from 'fast-check'
import { PacedSink } from '../../src/net/paced-sink.ts'
import type { PayloadPace } from '../../src/net/payload-pace.ts'

/** A pace that lets `part` bytes pass at a time, each when `next` is called. */
class Turnstile implements PayloadPace {
  readonly waiting: (() => void)[] = []
  readonly size: number

  constructor(size: number) {
    this.size = size
  }

  part(): number {
    return this.size
  }

  pass(): Promise<void> {
    return new Promise(resolve => this.waiting.push(resolve))
  }
}

function open(pace: PayloadPace | undefined) {
  const passed: number[] = []
  const failures: Error[] = []
  const state = { released: 0, breaks: false }
  const sink = new PacedSink({
    pace: () => pace,
    onHeld() {},
    push: part => {
      if (state.breaks) throw new Error('no such piece')
      passed.push(...part)
    },
    release: bytes => {
      state.released += bytes
    },
    failed: error => failures.push(error),
  })
  return { sink, passed, failures, state }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe('net/paced-sink', () => {
  it('without a limit all passes at once', () => {
    const { sink, passed } = open(undefined)
    expect(sink.push(Uint8Array.of(1, 2, 3))).to.equal(3)
    expect(passed).to.deep.equal([1, 2, 3])
  })

  it('whatever comes passes part by part, in order, and is released then', async () => {
    const run = async (chunks: Uint8Array[], size: number) => {
      const pace = new Turnstile(size)
      const { sink, passed, state } = open(pace)
      const all = chunks.flatMap(chunk => [...chunk])
      let dealt = 0
      for (const chunk of chunks) dealt += sink.push(chunk)
      expect(dealt).to.equal(0)
      while (pace.waiting.length > 0) {
        expect(pace.waiting).to.have.length(1)
        const before = passed.length
        pace.waiting.shift()?.()
        await turn()
        expect(passed.length - before).to.be.within(1, size)
        expect(state.released).to.equal(passed.length)
      }
      await sink.idle()
      expect(passed).to.deep.equal(all)
    }
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 20 })
    await fc.assert(fc.asyncProperty(fc.array(chunk, { maxLength: 6 }), fc.integer({ min: 1, max: 8 }), run), { numRuns: 50 })
  })

  it('an error in what had waited is told, and nothing passes after it', async () => {
    const pace = new Turnstile(2)
    const { sink, passed, failures, state } = open(pace)
    sink.push(Uint8Array.of(1, 2, 3))
    state.breaks = true
    pace.waiting.shift()?.()
    await turn()
    expect(failures.map(e => e.message)).to.deep.equal(['no such piece'])
    state.breaks = false
    expect(sink.push(Uint8Array.of(4))).to.equal(1)
    expect(passed).to.deep.equal([])
    const error = await sink.idle().catch(e => e)
    expect(error).to.equal(failures[0])
  })
})

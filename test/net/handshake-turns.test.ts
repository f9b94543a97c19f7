// Handshakes that come in have their turns: few at a time, in order, and nobody who stalls keeps the others waiting.
import { expect } from 'chai'
import { HandshakeTurns } from '../../src/net/handshake-turns.ts'

/** Longer than the test. */
const NEVER_MS = 1_000_000

describe('turns of handshakes', () => {
  it('so many at a time, first come, first served', async () => {
    const turns = new HandshakeTurns(2, NEVER_MS)
    const begun: number[] = []
    const ends: (() => void)[] = []
    const all = [0, 1, 2, 3, 4].map(async i => {
      ends[i] = await turns.enter(undefined)
      begun.push(i)
    })
    await all[1]
    expect({ begun, waiting: turns.waiting }).to.deep.equal({ begun: [0, 1], waiting: 3 })
    for (const [i, next] of [2, 3, 4].entries()) {
      ends[i]?.()
      ends[i]?.()
      await all[next]
      expect(begun.at(-1)).to.equal(next)
    }
    expect(turns.waiting).to.equal(0)
    for (const end of ends) end()
    const [again, other] = [await turns.enter(undefined), await turns.enter(undefined)]
    again()
    other()
  })

  it('who stalls holds up the next one for a moment only', async () => {
    const turns = new HandshakeTurns(1, 10)
    await turns.enter(undefined)
    const end = await turns.enter(undefined)
    end()
  })

  it('who gives up while waiting leaves no gap', async () => {
    const turns = new HandshakeTurns(1, NEVER_MS)
    const end = await turns.enter(undefined)
    const leaving = new AbortController()
    const gone = turns.enter(leaving.signal)
    const next = turns.enter(undefined)
    leaving.abort(new Error('gone'))
    expect(await gone.catch((error: Error) => error.message)).to.equal('gone')
    expect(turns.waiting).to.equal(1)
    end()
    ;(await next)()
    expect(turns.waiting).to.equal(0)
  })
})

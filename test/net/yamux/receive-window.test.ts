// Credit is told seldom enough to cost little and early enough that nobody waits; a window grows while it is the limit.
import { expect } from 'chai'
import { ReceiveWindow } from '../../../src/net/yamux/receive-window.ts'

const SIZE = 1024
const MAX = 4096

/** Bytes come and are dealt with, an eighth of the first window every `everyMs`; the credits that were told. */
function consume(window: ReceiveWindow, times: number, everyMs: number, rtt = -1): number[] {
  const credits: number[] = []
  for (let i = 1; i <= times; i++) {
    expect(window.allows(SIZE / 8)).to.equal(true)
    window.take(SIZE / 8)
    if (window.isDue(0)) credits.push(window.credit(0, MAX, rtt, i * everyMs))
  }
  return credits
}

describe('net/yamux/receive-window', () => {
  it('tells of credit by the eighth of a window', () => {
    const window = new ReceiveWindow(SIZE, 0)
    window.take(SIZE / 8 - 1)
    expect(window.isDue(0)).to.equal(false)
    window.take(1)
    expect(window.isDue(0)).to.equal(true)
    expect(window.credit(0, MAX, -1, 1000)).to.equal(SIZE / 8)
    expect([window.allows(SIZE), window.allows(SIZE + 1)]).to.deep.equal([true, false])
  })

  it('gives none for what is held', () => {
    const window = new ReceiveWindow(SIZE, 0)
    window.take(SIZE)
    expect(window.isDue(SIZE)).to.equal(false)
    expect(window.allows(1)).to.equal(false)
    expect(window.isDue(SIZE / 2)).to.equal(true)
    expect(window.credit(SIZE / 2, MAX, -1, 1000)).to.equal(SIZE / 2)
  })

  it('stays as it is for who is slow, and grows for who is fast, to its limit', () => {
    const sum = (credits: number[]) => credits.reduce((a, b) => a + b, 0)
    expect(sum(consume(new ReceiveWindow(SIZE, 0), 64, 100)) - 8 * SIZE).to.equal(0)
    expect(sum(consume(new ReceiveWindow(SIZE, 0), 64, 1)) - 8 * SIZE).to.equal(MAX - SIZE)
    // the same rate over a long way
    expect(sum(consume(new ReceiveWindow(SIZE, 0), 64, 100, 1000)) - 8 * SIZE).to.equal(MAX - SIZE)
  })

  it('does not shrink when its limit is lowered', () => {
    const window = new ReceiveWindow(SIZE, 0)
    window.take(SIZE)
    expect(window.credit(0, SIZE / 2, -1, 1)).to.equal(SIZE)
  })
})

import { expect } from 'chai'
import { Latencies } from '../../src/swarm/latencies.ts'
import { seededRandom } from '../../src/swarm/random.ts'

describe('Latencies', () => {
  it('says nothing of fewer than eight', () => {
    const latencies = new Latencies()
    for (let i = 0; i < 7; i++) latencies.add(i)
    expect(latencies.percentile(0.5)).to.equal(undefined)
    latencies.add(7)
    expect(latencies.percentile(0.5)).to.equal(4)
  })

  it('says of the last 64 what sorting them says, with equal ones among them', () => {
    const random = seededRandom(1)
    const latencies = new Latencies()
    const all: number[] = []
    for (let i = 0; i < 500; i++) {
      const ms = Math.floor(random() * 40)
      all.push(ms)
      latencies.add(ms)
      if (all.length < 8) continue
      const sorted = all.slice(-64).sort((a, b) => a - b)
      for (const share of [0, 0.5, 0.95, 1])
        expect(latencies.percentile(share)).to.equal(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))])
    }
  })
})

// For how long a node that would rather read the origin waits for seeds, by what it has heard of them.
import { expect } from 'chai'
import { Absences } from '../../src/node/context/absences.ts'
import { now } from '../../src/node/context/node-context.ts'
import { SilentSeeds } from '../../src/node/context/silent-seeds.ts'
import { SeedSigns } from '../../src/node/sources/seed-signs.ts'

describe('a seed that was silent', () => {
  it('is waited for as usual only when nothing of it has come since', () => {
    const seeds = new SilentSeeds()
    seeds.silent('s', now())
    expect(seeds.patience(1000, ['s'])).to.equal(50)
    expect(seeds.patience(1000, ['s', 'other'])).to.equal(1000)
    seeds.heard('s')
    expect(seeds.patience(1000, ['s'])).to.equal(1000)
  })

  it('was not, when it was heard after it had been asked, whatever of', () => {
    const seeds = new SilentSeeds()
    const askedAt = now()
    const other = new SeedSigns(seeds, ['s'])
    other.observe({ type: 'progress', peer: 's', piece: 3, bytes: 1000 })
    other.observe({ type: 'progress', peer: 'stranger', piece: 3, bytes: 1000 })
    seeds.silent('s', askedAt)
    expect(seeds.patience(1000, ['s'])).to.equal(1000)
    const [sign, ...more] = new SeedSigns(seeds, ['s']).news()
    expect(sign).to.include({ type: 'seed-alive', seed: 's' })
    expect(more).to.deep.equal([])
  })
})

describe('time in which this process could not run', () => {
  it('is measured while somebody wants to know', () => {
    const absences = new Absences()
    const end = absences.watch()
    const busy = (ms: number) => {
      for (const until = now() + ms; now() < until; );
    }
    busy(300)
    const { total } = absences
    expect(total).to.be.at.least(250)
    end()
    busy(100)
    expect(absences.total).to.equal(total)
    end()
  })
})

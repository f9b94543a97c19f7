// The seed that reads the origin freezes in the middle: another one reads the rest for all, while it is still frozen.
import { expect } from 'chai'
import { Ground, type Seed } from '../../bench/scenes/ground.ts'
import { hasNginx } from './lab.ts'

const SIZE = 12 << 20

describe('e2e: a frozen seed', () => {
  let ground: Ground
  before(async function () {
    if (!hasNginx()) return this.skip()
    ground = await Ground.open({ size: SIZE, rate: '2m', seeds: 2, isApart: false, verbose: false })
  })
  after(async () => {
    ground?.seeds.map(({ child }) => child.kill('SIGCONT'))
    await ground?.close()
  })

  it('is replaced by the next one, which reads the rest by range', async () => {
    const [reader, successor] = ground.order as [Seed, Seed]
    const peers = ground.peers(3)
    await ground.reached(peers, 0.4)
    reader.child.kill('SIGSTOP')
    const ends = await Promise.all(peers.map(({ ended }) => ended))
    expect(ends.map(({ error, isRight }) => error ?? isRight)).to.deep.equal([true, true, true])
    const said = (await Promise.all(peers.map(async ({ running }) => await running.ended))).map(
      ({ stderr, stdout }) => `${stdout}${stderr}`,
    )
    expect(said.some(text => text.includes('it is frozen'))).to.equal(true)
    successor.child.kill('SIGTERM')
    await successor.ended
    // the frozen one's own read is not over, and not counted; the others read the rest once; on a busy machine all of it, and a byte to ask whether it is the same
    expect(await ground.copies()).to.be.within(0.05, 1.01)
    const ranges = (await ground.origin.requests()).filter(({ method, bytes }) => method === 'GET' && bytes > 1)
    expect(ranges.every(({ status }) => status === 206)).to.equal(true)
  })
})

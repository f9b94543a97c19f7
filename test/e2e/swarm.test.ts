// One origin read, many peers: the promise, with nginx and real processes.
import { expect } from 'chai'
import { hasNginx, Lab } from './lab.ts'

const MiB = 1024 * 1024

interface Done {
  sha256: string
  bytes: number
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  seconds: number
}

describe('a swarm of processes', function () {
  this.timeout(180_000)
  let lab: Lab

  before(function () {
    if (!hasNginx()) this.skip()
  })
  beforeEach(async () => {
    lab = await Lab.open()
  })
  afterEach(async () => {
    await lab.close()
  })

  it('12 simultaneous gets of 64 MiB cost the origin one read, and peers give most of the bytes', async () => {
    const sha256 = await lab.file('image.bin', 64 * MiB)
    const origin = await lab.nginx()
    const seed = await lab.seed()
    const gets = Array.from({ length: 12 }, (_, i) =>
      lab.df([
        'get',
        `${origin.url}/image.bin`,
        '-o',
        `out-${i}`,
        '--seed',
        seed.address,
        '--listen',
        '/ip4/127.0.0.1/tcp/0',
        '--json',
      ]),
    )
    const ended = await Promise.all(gets.map(g => g.ended))
    const receipts = ended.map(e => {
      expect(e.code, e.stderr + e.stdout).to.equal(0)
      return e.lines.at(-1) as unknown as Done
    })
    for (const [i, receipt] of receipts.entries()) {
      expect(receipt.sha256).to.equal(sha256)
      expect(await lab.read(`out-${i}`)).to.equal(sha256)
      expect(receipt.fromOrigin + receipt.fromPeers + receipt.fromSeeds).to.equal(receipt.bytes)
    }
    expect(await origin.bytes()).to.be.at.most(1.01 * 64 * MiB)
    const fromPeers = receipts.reduce((sum, r) => sum + r.fromPeers, 0)
    const all = receipts.reduce((sum, r) => sum + r.bytes, 0)
    console.log(
      `      peers gave ${((100 * fromPeers) / all).toFixed(0)} %, slowest ${Math.max(...receipts.map(r => r.seconds))} s`,
    )
    expect(fromPeers / all).to.be.at.least(0.5)
  })

  it('the last of 8 peers is done hardly later than the origin alone could be', async () => {
    const length = 32 * MiB
    await lab.file('slow.bin', length)
    const rate = 2 * MiB
    const origin = await lab.nginx({ limitRate: `${rate / MiB}m` })
    const seed = await lab.seed()
    const begun = performance.now()
    const gets = Array.from({ length: 8 }, (_, i) =>
      lab.df([
        'get',
        `${origin.url}/slow.bin`,
        '-o',
        `out-${i}`,
        '--seed',
        seed.address,
        '--listen',
        '/ip4/127.0.0.1/tcp/0',
        '--json',
      ]),
    )
    for (const g of gets) expect((await g.ended).code).to.equal(0)
    const seconds = (performance.now() - begun) / 1000
    console.log(`      last of 8 after ${(seconds / (length / rate)).toFixed(2)} × the origin's own time`)
    expect(seconds).to.be.at.most(1.25 * (length / rate))
    expect(await origin.bytes()).to.be.at.most(1.01 * length)
  })
})

// A fleet of real daemons: no seed has to be set up, and whoever reads for the others may die.
import { expect } from 'chai'
import { receipt } from './expectations.ts'
import { FleetLab, type Member } from './fleet-lab.ts'
import { hasNginx, type Lab, type Nginx } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
/** Of each connection to an origin that is slow. */
const RATE = 4 * MiB
const SMALL = 64 * 1024

describe('a fleet of processes', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  const get = (member: Member, url: string) =>
    lab.df(['get', '--json', '-o', lab.path(`${member.name}.bin`), url], member.name).ended

  it('reads the origin once for all members, and a host that only passes by, without a seed', async () => {
    const sha256 = await lab.file('a.bin', 16 * MiB)
    const origin = await lab.nginx({ limitRate: `${RATE}` })
    const fleet = await FleetLab.open(lab, 6)
    const [first] = fleet.members as [Member]
    const url = `${origin.url}/a.bin`
    const visitor = ['--fleet', fleet.file, '--bootstrap', first.address]
    const gets = [
      ...fleet.members.map(member => get(member, url)),
      lab.df(['get', '--json', '-o', lab.path('visitor.bin'), ...visitor, url]).ended,
    ]
    const done = (await Promise.all(gets)).map(ended => receipt(ended))
    for (const one of done) expect(one.sha256).to.equal(sha256)
    // once where processors suffice; one that answers late is taken for dead by some, who read what it has not told yet
    expect(done.filter(({ trust }) => trust === 'origin')).to.have.length.within(1, 2)
    expect((await bytesOf(origin)) / (16 * MiB)).to.be.at.most(1.3)
    await fleet.close()
  })

  it('spreads 90 URLs at once over its members, each read once', async () => {
    const names = Array.from({ length: 90 }, (_, i) => `small-${i}.bin`)
    await Promise.all(names.map(name => lab.file(name, SMALL)))
    const origin = await lab.nginx()
    const fleet = await FleetLab.open(lab, 3)
    const twice = [0, 1].flatMap(turn => names.map((name, i) => ({ name, member: fleet.members[(i + turn) % 3] as Member })))
    await Promise.all(
      twice.map(({ name, member }) => member.node.download(`${origin.url}/${name}`, lab.path(`${member.name}-${name}`))),
    )
    const reads = await Promise.all(fleet.members.map(readsOf))
    const all = reads.reduce((sum, n) => sum + n, 0)
    // 90 where processors suffice; a member that answers late is taken for dead by some
    expect(all, `reads: ${reads}`).to.be.within(90, 105)
    expect((await bytesOf(origin)) / (90 * SMALL), 'copies').to.be.at.most(1.2)
    // by chance beyond that in one run of a thousand
    for (const n of reads) expect(n, `reads: ${reads}`).to.be.within(15, 60)
    await fleet.close()
  })

  for (const [what, isSeed, signal] of [
    ['its seed killed', true, 'SIGKILL'],
    ['the member that reads killed', false, 'SIGKILL'],
    ['the member that reads frozen', false, 'SIGSTOP'],
  ] as const) {
    it(`goes on with ${what}: the rest is read once`, async () => {
      const length = 24 * MiB
      const sha256 = await lab.file('b.bin', length)
      const origin = await lab.nginx({ limitRate: `${RATE}` })
      const fleet = await FleetLab.open(lab, isSeed ? 8 : 5)
      const seed = isSeed ? await fleet.add('seed', ['seed']) : undefined
      await fleet.settled()
      const others = fleet.members.filter(member => member !== seed)
      let most = 0
      const jobs = others.map(({ name, node }) =>
        node.download(`${origin.url}/b.bin`, lab.path(`${name}.bin`), {
          onProgress: ({ bytes }) => {
            most = Math.max(most, bytes)
          },
        }),
      )
      const settled = jobs.map(job =>
        job.then(
          done => done,
          error => error as Error,
        ),
      )
      while (most < length / 3) await new Promise(resolve => setTimeout(resolve, 20))
      const [reader] = (await fleet.readers()) as [Member]
      if (isSeed) expect(reader).to.equal(seed)
      reader.child.kill(signal)
      const ended = await Promise.all(settled.filter((_, i) => others[i] !== reader))
      for (const one of ended) expect(one).to.include({ sha256 })
      reader.child.kill('SIGKILL')
      // what lies in the socket of the one that died was sent, too, though nobody has read it: not counted
      const read = ended.reduce((sum, one) => sum + ('fromOrigin' in one ? one.fromOrigin : 0), 0)
      expect(read / length, 'read after the loss').to.be.at.most(0.8)
      await fleet.close()
    })
  }
})

async function readsOf({ node }: Member): Promise<number> {
  const samples = (await node.metrics()).filter(({ name }) => name === 'dragonfly_origin_reads_total').flatMap(one => one.samples)
  return samples.filter(({ labels }) => labels.kind === 'whole').reduce((sum, { value }) => sum + value, 0)
}

/** nginx writes a line a moment after the last byte. */
async function bytesOf(origin: Nginx): Promise<number> {
  for (let last = -1; ; ) {
    const bytes = await origin.bytes()
    if (bytes === last) return bytes
    last = bytes
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

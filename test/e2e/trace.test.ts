// df get --trace and --explain with real processes: the recorded decisions are made again, and the account adds up.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import type { Explanation, Receipt } from '../../src/index.ts'
import { replay } from '../../src/sim/replay.ts'
import { decodeLine, type TraceHeader, type TraceStep } from '../../src/swarm/trace.ts'
import { hasNginx, holds, type Lab, LISTEN, type Nginx } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const SECRET = 'open-sesame-4711'

describe('traces and accounts of processes', () => {
  let lab: Lab
  let origin: Nginx

  before(function () {
    // its origin is a real nginx, which CI installs; without one the lab says so
    if (!hasNginx()) this.skip()
  })
  labForEach(l => {
    lab = l
  })
  beforeEach(async () => {
    origin = await lab.nginx()
  })

  /** The lines of a trace in the lab. */
  async function trace(name: string): Promise<string[]> {
    const text = await readFile(lab.path(name), 'utf8')
    expect(text.endsWith('\n'), 'the last line is whole').to.equal(true)
    return text.slice(0, -1).split('\n')
  }

  it('a download from a seed and another peer is replayed into the identical actions', async () => {
    const sha256 = await lab.file('private.bin', 24 * MiB + 5)
    const url = `${origin.url}/private.bin?token=${SECRET}`
    const headers = ['-H', `Authorization: Bearer ${SECRET}`]
    const seed = await lab.seed()
    const get = ['get', '--json', '--seed', seed.address, ...headers]
    const other = lab.df([...get, ...LISTEN, '--linger', '2m', '--trace', 'other.trace', '-o', 'a', url])
    await other.line('done')
    const mine = await lab.df([...get, '--trace', 'mine.trace', '--explain', '-o', 'b', url]).ended
    expect(mine.code, mine.stderr + mine.stdout).to.equal(0)
    expect(await lab.read('b')).to.equal(sha256)
    const receipt = mine.lines.at(-1) as unknown as Receipt & { explain: Explanation }
    expect(receipt.fromPeers, 'the other peer gave some').to.be.above(0)
    // the other one has served meanwhile: its trace goes on until it leaves the content
    other.child.kill('SIGTERM')
    await other.ended

    for (const name of ['mine.trace', 'other.trace']) {
      const lines = await trace(name)
      const result = await replay(lines)
      expect(result.difference, name).to.equal(undefined)
      expect(result).to.include({ runs: 1, events: lines.length - 1 })
      expect(holds(lines.join('\n'), [SECRET, origin.url, 'private', 'Bearer']), `${name} tells no secret`).to.equal(false)
      const { setup, date, versions } = decodeLine(lines[0] as string, 1) as TraceHeader
      expect(setup).to.include({ isSeed: false, pieceLength: 128 * 1024 })
      expect(Date.parse(date)).to.be.within(Date.now() - 600_000, Date.now())
      expect(versions).to.have.keys('dragonfly', 'node')
      expect(versions.dragonfly).to.match(/^\d+\.\d+\.\d+/)
    }
    const steps = (await trace('mine.trace')).slice(1).map((line, i) => decodeLine(line, i + 2) as TraceStep)
    const pieces = steps.filter(s => s.event.type === 'received')
    expect(pieces.length).to.be.at.least(97)
    const served = (await trace('other.trace')).filter(line => line.includes('"type":"serve"'))
    expect(served, 'what it gave was recorded').to.not.have.length(0)
    adds(receipt)
  })

  it('a read of the origin is replayed, too, and a stream; its account tells who gave', async () => {
    await lab.file('plain.bin', 3 * MiB)
    const ended = await lab.df(['get', '--json', '--trace', 't', '--explain', '-o', '-', `${origin.url}/plain.bin`]).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect((await replay(await trace('t'))).difference).to.equal(undefined)
    const receipt = JSON.parse(ended.stderr.trim().split('\n').at(-1) as string)
    adds(receipt)
    expect(receipt.explain.givers).to.deep.equal([{ kind: 'origin', bytes: 3 * MiB }])
    expect(receipt.explain.requests).to.include({ asked: 0, wastedBytes: 0 })
  })

  it('a trace that cannot be opened is an error before anything is fetched', async () => {
    await lab.file('plain.bin', MiB)
    const ended = await lab.df(['get', '--trace', 'no/such/folder/t', '-o', 'out', `${origin.url}/plain.bin`]).ended
    expect(ended.code).to.equal(6)
    expect(ended.stderr).to.match(/^df: cannot write the trace: .*no\/such\/folder/m)
    expect(await lab.files('.')).to.not.include('out')
    expect(await origin.requests()).to.deep.equal([])
  })

  it('a trace that cannot be written on is a warning, and the download goes on', async function () {
    // only root may mount a disk; the lab says so
    if (!(await lab.disk('small', 4096))) this.skip()
    const sha256 = await lab.file('plain.bin', 24 * MiB)
    const ended = await lab.df(['get', '--trace', 'small/t', '-o', 'out', `${origin.url}/plain.bin`]).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect(ended.stderr).to.match(/^df: warning: the trace ends here: ENOSPC/m)
    expect(await lab.read('out')).to.equal(sha256)
  })

  it('a person is told where the time went; only who asks is', async () => {
    await lab.file('plain.bin', 3 * MiB)
    const asked = await lab.df(['get', '--explain', '-o', 'a', `${origin.url}/plain.bin`]).ended
    expect(asked.stderr).to.match(
      /^efficiency \d+ %: at [\d.]+ (?:[kKMG]i?)?B\/s, the best rate kept up for .* Where the .* went:$/m,
    )
    expect(asked.stderr).to.match(/^ +\d[^%]* \d+ % {2}finding the content and its sources$/m)
    expect(asked.stderr).to.match(/^given by the origin 3\.0 MiB \(100 %\)$/m)
    const plain = await lab.df(['get', '--json', '-o', 'b', `${origin.url}/plain.bin`]).ended
    expect(plain.lines.at(-1)).to.include({ type: 'done' }).and.not.have.property('explain')
  })
})

/** Bound and losses are all of the time, and the givers gave all of the bytes. */
function adds({ explain, seconds, bytes, fromPeers, fromSeeds, fromOrigin }: Receipt): void {
  if (explain === undefined) throw new Error('no account')
  const all = Object.values(explain.lost).reduce((sum, s) => sum + s, explain.bound)
  expect(all).to.be.closeTo(seconds, 0.01)
  for (const lost of Object.values(explain.lost)) expect(lost).to.be.at.least(0)
  expect(explain.efficiency).to.be.within(0, 1)
  const { origin, seeds, peers } = explain.series
  const came = [...origin, ...seeds, ...peers].reduce((sum, rate) => sum + rate * explain.series.seconds, 0)
  expect(came).to.be.closeTo(bytes + explain.requests.wastedBytes, 1000)
  const given = (kind: string) => explain.givers.filter(g => g.kind === kind).reduce((sum, g) => sum + g.bytes, 0)
  expect({ peer: given('peer'), seed: given('seed'), origin: given('origin') }).to.deep.equal({
    peer: fromPeers,
    seed: fromSeeds,
    origin: fromOrigin,
  })
}

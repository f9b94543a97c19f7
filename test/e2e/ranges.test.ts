// `df get -r` with a real nginx and real processes: what is fetched, what comes out, how it fails.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { type Ended, hasNginx, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const LENGTH = 24 * MiB + 12_345
const PIECE = 128 * 1024

describe('df get -r', () => {
  let lab: Lab

  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(l => {
    lab = l
  })

  const RANGES: [string, number, number][] = [
    ['0-499', 0, 500],
    ['1000000-9000000', 1_000_000, 9_000_001],
    ['25000000-', 25_000_000, LENGTH],
    ['-500', LENGTH - 500, LENGTH],
    ['25000000-99000000', 25_000_000, LENGTH],
  ]

  it('alone, reads just the range from the origin, by one request', async () => {
    await lab.file('image.bin', LENGTH)
    const bytes = await readFile(lab.path('www', 'image.bin'))
    const origin = await lab.nginx()
    for (const [i, [range, start, end]] of RANGES.entries()) {
      const done = await succeeded(lab.df(['get', '--json', '-r', range, '-o', `out-${i}`, `${origin.url}/image.bin`]).ended)
      expect((await readFile(lab.path(`out-${i}`))).equals(bytes.subarray(start, end)), range).to.equal(true)
      expect(done).to.deep.include({ bytes: end - start, range: { start, end }, length: LENGTH, trust: 'origin' })
    }
    // nginx writes a line when the answer has ended
    while ((await origin.requests()).length < RANGES.length) await new Promise(resolve => setTimeout(resolve, 5))
    expect((await origin.requests()).map(({ status, bytes }) => [status, bytes])).to.deep.equal(
      RANGES.map(([, start, end]) => [206, end - start]),
    )
  })

  it('writes to standard output, and says on a line what it was', async () => {
    await lab.file('image.bin', LENGTH)
    const bytes = await readFile(lab.path('www', 'image.bin'))
    const origin = await lab.nginx()
    const ended = await lab.df(['get', '-r', '100-2000000', '-o', '-', `${origin.url}/image.bin`]).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect(ended.stdout.equals(bytes.subarray(100, 2_000_001))).to.equal(true)
    expect(ended.stderr).to.include(`streamed bytes 100-2000000 of ${LENGTH}, `)
  })

  it('fetches the pieces that the range lies in from a seed and a peer, and keeps nothing', async () => {
    await lab.file('image.bin', LENGTH)
    const bytes = await readFile(lab.path('www', 'image.bin'))
    const origin = await lab.nginx()
    const seed = await lab.seed()
    const url = `${origin.url}/image.bin`
    const first = lab.df(['get', '--json', '--seed', seed.address, ...LISTEN, '--linger', '10m', '-o', 'whole', url])
    await first.line('done')
    const read = await origin.bytes()
    const args = ['get', '--json', '--seed', seed.address, ...LISTEN, '-r', '1000000-2000000', '-o', 'part', url]
    const done = await succeeded(lab.df(args, 'second').ended)
    expect((await readFile(lab.path('part'))).equals(bytes.subarray(1_000_000, 2_000_001))).to.equal(true)
    const pieces = Math.floor(2_000_000 / PIECE) - Math.floor(1_000_000 / PIECE) + 1
    expect(Number(done.fromPeers) + Number(done.fromSeeds)).to.be.at.most(pieces * PIECE)
    expect(done).to.include({ fromOrigin: 0, trust: 'seed' })
    expect(await origin.bytes()).to.equal(read)
    expect(await lab.kept('second')).to.deep.equal([])
    first.child.kill('SIGINT')
    await first.ended
  })

  it('fails clearly: beyond the end 5, what is no range 2', async () => {
    await lab.file('image.bin', 1000)
    const origin = await lab.nginx()
    const url = `${origin.url}/image.bin`
    const beyond = await lab.df(['get', '--quiet', '-r', '1000-', url]).ended
    expect(beyond.code, beyond.stderr).to.equal(5)
    expect(beyond.stderr).to.match(/^df: the content has no bytes 1000-: it has 1000 bytes; .*\n$/)
    const MALFORMED: [string, string][] = [
      ['0-1,5-6', 'several ranges at once are not supported; ask for one range at a time'],
      ['x', 'not a range: "x"; write 0-499'],
      ['5-4', 'the range ends before it begins; write 0-499'],
    ]
    for (const [range, line] of MALFORMED) {
      const ended = await lab.df(['get', '-r', range, url]).ended
      expect(ended.code, ended.stderr).to.equal(2)
      expect(ended.stderr).to.include(`df: ${line}`)
    }
    const digested = await lab.df(['get', '-r', '0-1', '--digest', `sha256:${'0'.repeat(64)}`, url]).ended
    expect(digested.code, digested.stderr).to.equal(2)
    expect(digested.stderr).to.include('a digest belongs to the whole content')
    expect(await lab.files('image.bin')).to.deep.equal([])
  })
})

async function succeeded(end: Promise<Ended>): Promise<Record<string, unknown>> {
  const { code, stderr, stdout, lines } = await end
  expect(code, stderr + stdout).to.equal(0)
  return lines.at(-1) as Record<string, unknown>
}

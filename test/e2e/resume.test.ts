// Resume and interruption: killed at any moment, run again, several at once; and nothing is left behind.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { content, type HostileOrigin, honest, hostileOrigin, pausing } from '../origin/hostile-origin.ts'
import { type Done, expectFile, receipt, refusal } from './expectations.ts'
import { hasNginx, type Lab, type Nginx, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const KiB = 1024
const MiB = 1024 * KiB
const PIECE = 128 * KiB
const LENGTH = 12 * MiB + 5
/** Bytes a second of the origin: slow enough to be killed in time. */
const RATE = 6 * MiB
/** Seconds by which what is kept may lag behind what was told. */
const LAG_S = 0.5
/**
 * What a kill may cost at the origin: what it sent after the last piece that was kept (a manifest is written every 100 ms,
 * by a busy machine later),
 * the piece under way, and what stood in socket buffers.
 */
const SLACK = LAG_S * RATE + 2 * PIECE + 1 * MiB
const KILLS = 3
const SEED = Number(process.env.DF_TEST_SEED ?? Date.now() % 1_000_000)

describe('df get, interrupted', () => {
  let lab: Lab

  before(() => console.log(`      DF_TEST_SEED=${SEED}`))
  labForEach(l => {
    lab = l
  })

  /** Moments to kill at, as bytes that are there, ascending: the same ones for the same seed. */
  const moments = (): number[] =>
    fc.sample(fc.integer({ min: PIECE, max: LENGTH - 3 * MiB }), { numRuns: KILLS, seed: SEED }).toSorted((a, b) => a - b)

  const bytesOf = (stdout: Buffer): number => {
    const all = [...stdout.toString().matchAll(/"type":"progress","bytes":(\d+)/g)]
    return Number(all.at(-1)?.[1] ?? 0)
  }
  const arrives = async (df: Running, bytes: number): Promise<void> => {
    await df.said(stdout => bytesOf(stdout) >= bytes)
  }
  const kill = async (df: Running): Promise<void> => {
    df.child.kill('SIGKILL')
    expect(await df.ended).to.include({ signal: 'SIGKILL' })
  }
  const slowOrigin = async (): Promise<{ nginx: Nginx; url: string; sha256: string }> => {
    const sha256 = await lab.file('f.bin', LENGTH)
    const nginx = await lab.nginx({ limitRate: `${RATE / KiB}k` })
    return { nginx, url: `${nginx.url}/f.bin`, sha256 }
  }
  /** An honest origin, but for the first answer: it goes silent. */
  const stallingOnce = (body: Uint8Array, stallAfter: number): Promise<HostileOrigin> =>
    hostileOrigin((request, nth) => ({ ...honest(request, body, { etag: '"1"' }), ...(nth === 1 ? { stallAfter } : {}) }))
  /** Runs df again and again, and kills it each time with more of the file there; nothing of it shows. */
  const killAtMoments = async (args: readonly string[]): Promise<void> => {
    await lab.folder('out')
    for (const moment of moments()) {
      const df = lab.df(args, 'home')
      await arrives(df, moment)
      await kill(df)
      expect(await lab.files('out')).to.deep.equal([])
    }
  }
  /** The last run must have found at least `before` bytes, and fetched only the rest: none when a kill came late. */
  const expectResumed = async (done: Done, sha256: string, before: number): Promise<void> => {
    expect(done).to.include({ sha256, bytes: LENGTH })
    expect(await lab.read('out/f')).to.equal(sha256)
    expect(done.resumed).to.be.within(before, LENGTH)
  }

  it(`kill -9 at ${KILLS} random moments of one's own read: the rest only is fetched`, async function () {
    // its origin is a real nginx, which CI installs; without one the lab says so
    if (!hasNginx()) return this.skip()
    const { nginx, url, sha256 } = await slowOrigin()
    const args = ['get', '--json', '-o', 'out/f', url]
    await killAtMoments(args)
    const done = receipt(await lab.df(args, 'home').ended)
    const last = moments().at(-1) as number
    await expectResumed(done, sha256, last - LAG_S * RATE - 2 * PIECE)
    expect(done.fromOrigin).to.equal(LENGTH - done.resumed)
    expect(await nginx.bytes()).to.be.at.most(LENGTH + KILLS * SLACK)
    expect(await lab.kept('home')).to.deep.equal([])
  })

  it(`kill -9 at ${KILLS} random moments of a download from a seed: the rest only is fetched`, async function () {
    // its origin is a real nginx, which CI installs; without one the lab says so
    if (!hasNginx()) return this.skip()
    const { nginx, url, sha256 } = await slowOrigin()
    const seed = await lab.seed()
    const args = ['get', '--json', '--no-origin', '--seed', seed.address, '-o', 'out/f', url]
    await killAtMoments(args)
    const done = receipt(await lab.df(args, 'home').ended)
    await expectResumed(done, sha256, PIECE)
    expect(done).to.include({ fromOrigin: 0, fromPeers: 0, fromSeeds: LENGTH - done.resumed, trust: 'seed' })
    // a seed that nobody listens to any more stops reading, too
    expect(await nginx.bytes()).to.be.at.most(LENGTH + KILLS * SLACK)
  })

  it('killed alone, gone on with through a seed, and the other way round', async function () {
    // its origin is a real nginx, which CI installs; without one the lab says so
    if (!hasNginx()) return this.skip()
    const { url, sha256 } = await slowOrigin()
    const seed = await lab.seed()
    await lab.folder('out')
    for (const [i, [first, then]] of [
      [[], ['--seed', seed.address]],
      [['--seed', seed.address], []],
    ].entries()) {
      const df = lab.df(['get', '--json', ...(first as string[]), '-o', 'out/f', url], `home-${i}`)
      await arrives(df, 2 * MiB)
      await kill(df)
      const done = receipt(await lab.df(['get', '--json', ...(then as string[]), '-o', 'out/f', url], `home-${i}`).ended)
      expect(done.sha256).to.equal(sha256)
      expect(await lab.read('out/f')).to.equal(sha256)
    }
  })

  it('a flipped byte and a torn end in the store are found, and fetched again', async () => {
    const body = content(LENGTH)
    const { url } = await stallingOnce(body, LENGTH - PIECE)
    const df = lab.df(['get', '--json', '-o', 'f', url], 'home')
    // told three times that nothing moves any more: what came is written down by then
    await df.said(stdout => stdout.toString().split(`"bytes":${11 * MiB + 7 * PIECE},`).length > 3)
    await kill(df)
    const folder = lab.path('home/store/entries', (await lab.kept('home'))[0] as string)
    const data = await readFile(`${folder}/data`)
    const at = 5 * PIECE + 77
    data[at] = (data[at] as number) ^ 1
    await writeFile(`${folder}/data`, data)
    const marks = await readFile(`${folder}/marks`)
    await writeFile(`${folder}/marks`, marks.subarray(0, marks.length - 3))
    const done = receipt(await lab.df(['get', '--json', '-o', 'f', url], 'home').ended)
    // one piece for the flipped byte, one for the torn mark
    expect(done.resumed).to.equal(93 * PIECE)
    await expectFile(lab.path('f'), body)
  })

  it('a store full of rubbish is no obstacle', async () => {
    const body = content(2 * MiB)
    const { url } = await stallingOnce(body, MiB)
    const df = lab.df(['get', '--json', '-o', 'f', url], 'home')
    await arrives(df, MiB)
    await kill(df)
    const folder = lab.path('home/store/entries', (await lab.kept('home'))[0] as string)
    for (const name of await readdir(folder)) await writeFile(`${folder}/${name}`, content(70_000, 9))
    expect(receipt(await lab.df(['get', '--json', '-o', 'f', url], 'home').ended)).to.include({ resumed: 0 })
    await expectFile(lab.path('f'), body)
  })

  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    it(`${signal}: ${code}, no half file, no process; and it can be gone on with`, async () => {
      const body = content(4 * MiB)
      const { url } = await stallingOnce(body, 3 * MiB)
      await lab.folder('out')
      const df = lab.df(['get', '--json', '-o', 'out/f', url], 'home')
      await arrives(df, 2 * MiB)
      df.child.kill(signal)
      refusal(await df.ended, code, 'aborted')
      expect(await lab.files('out')).to.deep.equal([])
      expect(await lab.processes()).to.deep.equal([])
      const done = receipt(await lab.df(['get', '--json', '-o', 'out/f', url], 'home').ended)
      expect(done.resumed).to.be.within(2 * MiB, 3 * MiB)
      expect(done.resumed + done.fromOrigin).to.equal(body.length)
      expect(await lab.files('out')).to.deep.equal(['f'])
    })
  }

  it('--timeout: 8, no half file', async () => {
    const { url } = await hostileOrigin(() => ({ body: content(4 * MiB), stallAfter: MiB }))
    await lab.folder('out')
    refusal(await lab.df(['get', '--json', '--timeout', '700ms', '-o', 'out/f', url]).ended, 8, 'timeout')
    expect(await lab.files('out')).to.deep.equal([])
  })

  it('two at once with one home: both have it, and nothing stays in the store', async () => {
    const body = content(4 * MiB)
    const { url, goOn } = await pausing({ headers: { etag: '"1"' }, body }, MiB)
    const both = ['a', 'b'].map(name => lab.df(['get', '--json', '-o', name, url], 'home'))
    // both are under way at the same moment
    await Promise.all(both.map(df => arrives(df, MiB)))
    goOn()
    for (const df of both) expect(receipt(await df.ended).bytes).to.equal(body.length)
    for (const name of ['a', 'b']) await expectFile(lab.path(name), body)
    expect(await lab.kept('home')).to.deep.equal([])
  })

  it('a killed one whose place was taken leaves nothing that stays for ever', async () => {
    const body = content(2 * MiB)
    const { url } = await hostileOrigin((_, nth) => ({ headers: { etag: '"1"' }, body, ...(nth < 3 ? { stallAfter: MiB } : {}) }))
    const both = ['a', 'b'].map(name => lab.df(['get', '--json', '-o', name, url], 'home'))
    await Promise.all(both.map(df => arrives(df, MiB)))
    await Promise.all(both.map(kill))
    receipt(await lab.df(['get', '--json', '-o', 'c', url], 'home').ended)
    expect(await lab.kept('home')).to.deep.equal([])
  })

  it('50 at once of a small file with one home', async () => {
    const body = content(300_000)
    const { url } = await hostileOrigin(() => ({ headers: { etag: '"1"' }, body }))
    const all = Array.from({ length: 50 }, (_, i) => lab.df(['get', '--quiet', '-o', `f-${i}`, url], 'home'))
    for (const df of all) {
      const ended = await df.ended
      expect(ended, ended.stderr).to.include({ code: 0, stderr: '' })
    }
    for (let i = 0; i < 50; i++) await expectFile(lab.path(`f-${i}`), body)
    expect(await lab.kept('home')).to.deep.equal([])
    expect(await lab.processes()).to.deep.equal([])
  })
})

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { linesOf } from '../../src/cli/lines.ts'
import { parseRate, parseSize, wholeNumber } from '../../src/cli/numbers.ts'
import { ProgressLine } from '../../src/cli/progress-line.ts'
import { DEFAULT_POLICY, type SwarmEvent } from '../../src/swarm/events.ts'
import { startSwarm } from '../../src/swarm/setup.ts'
import { encodeHeader, encodeStep } from '../../src/swarm/trace.ts'
import { DF, type Ended, run, start } from './processes.ts'

const SMALL = ['--peers', '8', '--pieces', '16', '--piece-length', '256KiB']

describe('df sim', () => {
  let dir: string
  let env: NodeJS.ProcessEnv
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-sim-'))
    env = { PATH: '/usr/bin:/bin', HOME: os.homedir(), DRAGONFLY_HOME: path.join(dir, 'home') }
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  const df = (...args: string[]): Promise<Ended> => run(DF, ['sim', ...args], { env, cwd: dir })

  it('runs a swarm as flags say, prints the random number and the figures, and touches nothing', async () => {
    const ended = await df(...SMALL, '--up', '16mbit', '--down', '4MB/s', '--seed', '7')
    expect(ended).to.include({ code: 0, stderr: '' })
    expect(ended.stdout).to.match(
      /^equal-100: .*\n8 peers, 16 pieces of 256 KiB, links 16 Mbit\/s up, 32 Mbit\/s down, the seed 32 Mbit\/s up, 5 ms, random number 7\n/,
    )
    for (const row of [
      'bound',
      'last peer',
      '99 of 100',
      'median',
      'lost',
      'the seed sent',
      'origin read',
      'wasted bytes',
      'messages',
    ])
      expect(ended.stdout).to.match(new RegExp(`^${row} {2,}\\S`, 'm'))
    expect(await readdir(dir)).to.deep.equal([])
  })

  it('gives the same run for the same number, and another one for another', async () => {
    const [first, again, other] = await Promise.all(['5', '5', '6'].map(n => df('mixed', ...SMALL, '--seed', n, '--json')))
    expect(first).to.include({ code: 0, stderr: '' })
    expect(again?.stdout).to.equal(first?.stdout)
    expect(other?.stdout).to.not.equal(first?.stdout)
  })

  it('draws a picture, and speaks JSON', async () => {
    const ended = await df('crash', ...SMALL, '--origin', '20mbit', '--svg', 'c.svg', '--json')
    expect(ended).to.include({ code: 0, stderr: '' })
    expect(ended.stdout.trimEnd().split('\n')).to.have.length(1)
    const told = JSON.parse(ended.stdout)
    expect(told).to.deep.include({ type: 'done', name: 'crash', seed: 1, peers: 7, complete: 7, originCopies: 1 })
    expect(told.bound.last).to.be.within(0.1, 1)
    expect(told.scenario).to.deep.include({ peers: 8, originRate: 2500 })
    expect(told.result.series.at(-1)).to.include({ done: 7, slowest: 1 })
    expect(await readFile(path.join(dir, 'c.svg'), 'utf8')).to.match(/^<svg [\s\S]*1 peer crashes[\s\S]*<\/svg>\n$/)
  })

  it('lists the scenarios', async () => {
    const { stdout, code } = await df('--list')
    expect(code).to.equal(0)
    expect(stdout)
      .to.match(/^equal-24 +24 equal peers.*\n/)
      .and.match(/^mixed +A tenth slow/m)
    const json = (await df('--list', '--json')).stdout.trimEnd().split('\n')
    expect(json.map(line => JSON.parse(line).name))
      .to.include('partition')
      .and.have.length(stdout.trimEnd().split('\n').length)
  })

  it('ends at once with Ctrl-C, and leaves no half picture', async () => {
    const { child, says, ended } = start(DF, ['sim', 'equal-10000', '--svg', 'x.svg'], { env, cwd: dir })
    await says(/10,000 peers.*random number 1/)
    child.kill('SIGINT')
    expect(await ended).to.include({ code: null, signal: 'SIGINT', stderr: '' })
    expect(await readdir(dir)).to.deep.equal([])
  })

  describe('--replay', () => {
    async function trace(change: (text: string) => string = text => text): Promise<string> {
      const setup = { self: 'me', isSeed: false, pieceLength: 65_536, seed: 3, policy: { ...DEFAULT_POLICY } }
      const swarm = startSwarm(setup)
      const events: SwarmEvent[] = [
        { type: 'manifest', count: 4, sealed: true },
        { type: 'stored', piece: 1 },
        { type: 'stored', piece: 3 },
      ]
      const steps = events.map((event, at) => encodeStep({ at, event, actions: swarm.handle(event, at) }))
      const lines = [encodeHeader({ date: '2026-01-01T00:00:00.000Z', versions: {}, setup }), ...steps]
      const file = path.join(dir, 'trace')
      await writeFile(file, change(`${lines.join('\n')}\n`))
      return file
    }

    it('says identical', async () => {
      expect(await df('--replay', await trace())).to.deep.include({
        code: 0,
        stdout: 'identical: 3 events, 2 actions\n',
        stderr: '',
      })
    })

    it('shows a difference, and ends with 1', async () => {
      const file = await trace(text => text.replace(/("announce".*)3/, '$12'))
      const ended = await df('--replay', file)
      expect(ended.stdout).to.match(/^different at line 4,/)
      expect(ended).to.include({ code: 1, stderr: '' })
    })

    it('refuses what is no trace, with the line', async () => {
      for (const text of ['nonsense\n', '', '{}\n']) {
        const ended = await df('--replay', await trace(() => text))
        expect(ended, text).to.include({ code: 2, stdout: '' })
        expect(ended.stderr, text).to.match(/^df: .*line 1.*\n$/)
      }
    })
  })

  const wrong: [what: string, code: number, args: string[]][] = [
    ['an unknown scenario', 2, ['nonsense']],
    ['no peers', 2, ['--peers', '0']],
    ['too many peers', 2, ['--peers', '100001']],
    ['half a piece', 2, ['--pieces', '1.5']],
    ['a rate of nothing', 2, ['--up', '0']],
    ['a rate that may be bits or bytes', 2, ['--up', '100Mb']],
    ['a piece of a rate', 2, ['--piece-length', '1mbit']],
    ['a random number that is none', 2, ['--seed', 'x']],
    ['a scenario to replay', 2, ['crash', '--replay', 'x']],
    ['a trace that is not there', 2, ['--replay', 'nowhere/x']],
    ['a folder that is not there', 6, ['--svg', 'nowhere/x.svg']],
  ]
  for (const [what, code, args] of wrong) {
    it(`${what} is exit code ${code} and one line`, async () => {
      const ended = await df(...args)
      expect(ended).to.include({ code, stdout: '' })
      expect(ended.stderr)
        .to.match(/^df: [^\n]+\n$/)
        .and.not.match(/unexpected|undefined|\[object/)
      const json = await df(...args, '--json')
      expect(json).to.include({ code, stderr: '' })
      expect(JSON.parse(json.stdout)).to.have.property('type', 'error')
    })
  }
})

describe('cli: the progress line', () => {
  function line(terminal: { isTTY?: boolean; columns?: number }): {
    progress: ProgressLine
    wait: (ms: number) => void
    said: string[]
  } {
    const said: string[] = []
    let now = 0
    const progress = new ProgressLine({ ...terminal, write: (text: string) => said.push(text) }, () => now)
    const wait = (ms: number): void => {
      now += ms
    }
    return { progress, wait, said }
  }

  it('is replaced, cut to the width, and gone in the end', () => {
    const { progress, wait, said } = line({ isTTY: true, columns: 6 })
    progress.show('early')
    wait(1000)
    progress.show('10 %')
    progress.show('20 percent')
    progress.clear()
    progress.clear()
    expect(said.map(text => text.replaceAll('\r\x1b[K', '<'))).to.deep.equal(['<10 %', '<20 pe', '<'])
  })

  it('says nothing in a short run, nor where nobody looks', () => {
    for (const [terminal, ms] of [
      [{ isTTY: true }, 999],
      [{ isTTY: false }, 5000],
      [{}, 5000],
    ] as const) {
      const { progress, wait, said } = line(terminal)
      wait(ms)
      progress.show('x')
      progress.clear()
      expect(said).to.deep.equal([])
    }
  })
})

describe('cli: sizes and rates', () => {
  const sizes: [string, number][] = [
    ['1', 1],
    ['512KiB', 524_288],
    ['1 MiB', 1_048_576],
    ['1.5kB', 1500],
    ['2GB', 2e9],
    [' 7B ', 7],
  ]
  const rates: [string, number][] = [
    ['100mbit', 12.5e6],
    ['100 Mbit/s', 12.5e6],
    ['12.5MB', 12.5e6],
    ['12.5MB/s', 12.5e6],
    ['1MiB/s', 1_048_576],
    ['8kibit', 1024],
    ['100M', 100e6],
    ['1.5Ki/s', 1536],
    ['8bit', 1],
    ['1Gbit', 125e6],
    ['1000', 1000],
  ]
  for (const [text, bytes] of sizes) it(`size ${text}`, () => expect(parseSize(text)).to.equal(bytes))
  for (const [text, bytes] of rates) it(`rate ${text}`, () => expect(parseRate(text)).to.equal(bytes))
  for (const text of ['', '0', '-1', 'x', '1 2', '1mb', '1Mb', 'MB', '1iB', '1e3', '9PB', '9000TB', '1mbit'])
    it(`no size: '${text}'`, () => expect(() => parseSize(text)).to.throw('not a size'))
  for (const text of ['', '0', '-1', '100Mb', '100mbps', '1ibit', '1/s', 'Infinity', '9'.repeat(400)])
    it(`no rate: '${text.slice(0, 9)}'`, () => expect(() => parseRate(text)).to.throw('not a rate'))

  it('whole numbers within bounds', () => {
    const parse = wholeNumber(2, 4)
    expect([' 2 ', '4'].map(parse)).to.deep.equal([2, 4])
    for (const text of ['1', '5', '2.5', '', '-3', '0x3', '1e0']) expect(() => parse(text), text).to.throw('from 2 to 4')
  })
})

describe('cli: lines of a file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-lines-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  async function lines(text: string, maxLength: number): Promise<string[]> {
    await writeFile(path.join(dir, 'f'), text)
    const read: string[] = []
    for await (const line of linesOf(path.join(dir, 'f'), maxLength)) read.push(line)
    return read
  }

  it('with any end, and across chunks', async () => {
    expect(await lines('', 9)).to.deep.equal([])
    expect(await lines('a\r\n\nb', 9)).to.deep.equal(['a', '', 'b'])
    const long = ['é'.repeat(100_000), 'x', 'y'.repeat(100_000)]
    expect(await lines(`${long.join('\n')}\n`, 100_000)).to.deep.equal(long)
  })

  it('refuses a line that is too long before it has all of it', async () => {
    const error = await lines('x'.repeat(1_000_000), 100_000).catch(e => e)
    expect(error)
      .to.be.instanceOf(Error)
      .and.have.property('message')
      .that.matches(/a line is too long$/)
  })
})

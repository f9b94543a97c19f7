import { expect } from 'chai'
import { CommanderError } from 'commander'
import { UsageError } from '../../src/cli/errors.ts'
import type { GetFlags } from '../../src/cli/get-flags.ts'
import { parseQuota } from '../../src/cli/numbers.ts'
import type { PreheatFlags } from '../../src/cli/preheat.ts'
import { makeProgram } from '../../src/cli/program.ts'
import type { SeedFlags } from '../../src/cli/seed.ts'
import type { SimFlags } from '../../src/cli/sim.ts'
import type { StoreCommand } from '../../src/cli/store-admin.ts'
import type { StoreFlags } from '../../src/cli/store-keeper.ts'

interface Understood {
  get?: GetFlags
  urls?: string[]
  preheat?: PreheatFlags
  seed?: SeedFlags
  scenario?: string | undefined
  sim?: SimFlags
  command?: StoreCommand
  flags?: StoreFlags
  exitCode: number
  text: string
}

async function understand(...args: string[]): Promise<Understood> {
  const seen: Omit<Understood, 'exitCode'> = { text: '' }
  const parsed = makeProgram('df', {
    get: async (urls, get) => {
      Object.assign(seen, { urls, get })
      return 41
    },
    preheat: async (urls, preheat) => {
      Object.assign(seen, { urls, preheat })
      return 44
    },
    startSeed: async seed => {
      Object.assign(seen, { seed })
      return 42
    },
    daemon: async () => 0,
    administrate: async (command, flags) => {
      Object.assign(seen, { command, flags })
      return 44
    },
    fleet: async () => 0,
    gateway: async () => 0,
    lfs: async () => 0,
    top: async () => 0,
    share: async () => 0,
    simulate: async (scenario, sim) => {
      Object.assign(seen, { scenario, sim })
      return 43
    },
  })
  const collect = (text: string): void => {
    seen.text += text
  }
  for (const command of [parsed.program, ...parsed.program.commands, ...parsed.program.commands.flatMap(c => c.commands)]) {
    command.configureOutput({ writeOut: collect })
  }
  await parsed.run(args)
  return { ...seen, exitCode: parsed.exitCode }
}

async function refused(...args: string[]): Promise<Error> {
  try {
    await understand(...args)
  } catch (error) {
    return error as Error
  }
  throw new Error(`was understood: ${args.join(' ')}`)
}

const DEFAULTS = {
  ...{ origin: true, daemon: true, clobber: true, remoteTime: true, linger: 0, timeout: 0 },
  ...{ parallel: 8, maxFiles: 10_000 },
}

describe('cli arguments', () => {
  it('df get URL', async () => {
    const { urls, get, exitCode } = await understand('get', 'http://example.org/x')
    expect(urls).to.deep.equal(['http://example.org/x'])
    expect(get).to.deep.equal(DEFAULTS)
    expect(exitCode).to.equal(41)
  })

  it('df preheat URL…, and every flag of it', async () => {
    const { urls, preheat, exitCode } = await understand('preheat', 'http://a/x', 'http://b/y')
    expect(urls).to.deep.equal(['http://a/x', 'http://b/y'])
    expect(preheat).to.deep.equal({ parallel: 4, timeout: 0 })
    expect(exitCode).to.equal(44)
    const all = await understand(
      ...['preheat', '-i', 'list', '--seed', 'A', '--seed', 'B', '--at', 'C', '--at', 'D', '--parallel', '9', '-H', 'A: 1'],
      ...['--header', 'B: 2', '--filter', 'a,b', '--tag', 't', '--digest', 'sha256:00', '--timeout', '5m', '--json'],
    )
    expect(all.urls).to.deep.equal([])
    expect(all.preheat).to.deep.equal({
      inputFile: 'list',
      seed: ['A', 'B'],
      at: ['C', 'D'],
      parallel: 9,
      header: ['A: 1', 'B: 2'],
      filter: ['a', 'b'],
      tag: 't',
      digest: 'sha256:00',
      timeout: 300_000,
      json: true,
    })
    for (const n of ['0', '257', 'x']) expect(await refused('preheat', '--parallel', n, 'http://a/x')).to.be.instanceOf(Error)
  })

  it('every flag of df get', async () => {
    const { get } = await understand(
      ...['get', '-o', 'f', '--seed', 'A', '--seed', 'B', '--bootstrap', 'C', '--trust', 'T', '--listen', 'L', '--listen', 'M'],
      ...['--digest', 'A0'.repeat(32), '-H', 'A: 1', '--header', 'B: 2', '--filter', 'a,b', '--tag', 't', '--no-origin'],
      ...['--revalidate', '--linger', '5m', '--timeout', '30', '--store', 'dir', '--no-daemon', '--json', 'http://example.org/x'],
      ...['--parallel', '3', '--recursive', '--level', '2', '--max-files', '9'],
      ...['-P', 'dir', '-N', '--no-clobber', '--retry', '2', '--connect-timeout', '3', '--no-remote-time', '-u', 'me:it'],
    )
    expect(get).to.deep.equal({
      output: 'f',
      seed: ['A', 'B'],
      directoryPrefix: 'dir',
      parallel: 3,
      recursive: true,
      level: 2,
      maxFiles: 9,
      timestamping: true,
      clobber: false,
      retry: 2,
      connectTimeout: 3000,
      remoteTime: false,
      user: 'me:it',
      bootstrap: ['C'],
      trust: ['T'],
      listen: ['L', 'M'],
      digest: `sha256:${'a0'.repeat(32)}`,
      header: ['A: 1', 'B: 2'],
      filter: ['a', 'b'],
      tag: 't',
      origin: false,
      revalidate: true,
      linger: 300_000,
      timeout: 30_000,
      store: 'dir',
      daemon: false,
      json: true,
    })
  })

  it('-o - and --quiet, flags after the URL, and a URL after --', async () => {
    expect((await understand('get', 'http://x', '-o', '-', '--quiet')).get).to.include({ output: '-', quiet: true })
    expect((await understand('get', '--', 'http://x')).urls).to.deep.equal(['http://x'])
  })

  it('df seed start', async () => {
    expect(await understand('seed', 'start')).to.deep.include({ seed: {}, exitCode: 42 })
    const all = [
      '--listen',
      'L',
      '--listen',
      'M',
      '--seed',
      'A',
      '--trust',
      'T',
      '--bootstrap',
      'B',
      '--store',
      'dir',
      '--json',
      '--expire',
      '90d',
      '--quota',
      '50G',
      '--allow-origin',
      'private',
      '--allow-origin',
      'localhost:80',
      '--announce',
      'N',
    ]
    expect((await understand('seed', 'start', ...all)).seed).to.deep.equal({
      listen: ['L', 'M'],
      announce: ['N'],
      seed: ['A'],
      trust: ['T'],
      bootstrap: ['B'],
      allowOrigin: ['private', 'localhost:80'],
      store: 'dir',
      expire: 7_776_000_000,
      quota: 50 * 2 ** 30,
      json: true,
    })
    expect((await understand('seed', 'start', '--expire', '0')).seed).to.deep.equal({ expire: 0 })
    expect(await refused('seed', 'start', '--expire', '11y')).to.be.instanceOf(UsageError)
  })

  it('looking after a seed', async () => {
    for (const word of ['status', 'ls', 'gc'] as const)
      expect(await understand('seed', word, '--json')).to.deep.include({
        command: { do: word },
        flags: { json: true },
        exitCode: 44,
      })
    for (const word of ['rm', 'pin', 'unpin'] as const) {
      const { command, flags } = await understand('seed', word, '--store', 'dir', 'http://example.org/x', 'bafy')
      expect(command).to.deep.equal({ do: word, what: ['http://example.org/x', 'bafy'] })
      expect(flags).to.deep.equal({ store: 'dir' })
    }
    for (const parent of [[], ['seed']]) {
      expect(await understand(...parent, 'ls')).to.deep.include({ command: { do: 'ls' } })
      expect(await understand(...parent, 'pin', 'bafy')).to.deep.include({ command: { do: 'pin', what: ['bafy'] } })
      expect(await understand(...parent, 'verify')).to.deep.include({ command: { do: 'verify', what: [] }, flags: {} })
      expect(await understand(...parent, 'verify', '--seed', 'a,b', 'bafy')).to.deep.include({
        command: { do: 'verify', what: ['bafy'] },
        flags: { seed: ['a', 'b'] },
      })
    }
    expect((await understand('seed', 'gc', '--quota', '20%')).flags).to.deep.equal({ quota: { share: 0.2 } })
    expect(await understand('gc', '--quota', '20%')).to.deep.include({ command: { do: 'gc' }, flags: { quota: { share: 0.2 } } })
  })

  const quotas: [string, number | { share: number }][] = [
    ['50G', 50 * 2 ** 30],
    ['50GiB', 50 * 2 ** 30],
    ['1.5 t', 1.5 * 2 ** 40],
    ['50GB', 50e9],
    ['4096', 4096],
    ['20%', { share: 0.2 }],
    ['100 %', { share: 1 }],
  ]
  for (const [text, quota] of quotas) it(`quota ${text}`, () => expect(parseQuota(text)).to.deep.equal(quota))
  for (const text of ['', '0', '0%', '101%', '%', '-1G', '50X', '50Gbit', 'G', 'much']) {
    it(`no quota: '${text}'`, () => expect(() => parseQuota(text)).to.throw('not a quota'))
  }

  it('df sim', async () => {
    expect(await understand('sim')).to.deep.include({ scenario: undefined, sim: {}, exitCode: 43 })
    const { scenario, sim } = await understand(
      ...['sim', 'crash', '--peers', '24', '--pieces', '64', '--piece-length', '256KiB', '--up', '20mbit', '--down', '12.5MB/s'],
      ...['--seed-up', '5000000', '--origin', '8Mbit/s', '--neighbours', '8', '--seed', '0', '--svg', 'f.svg', '--json'],
    )
    expect(scenario).to.equal('crash')
    expect(sim).to.deep.equal({
      peers: 24,
      pieces: 64,
      pieceLength: 262_144,
      up: 2_500_000,
      down: 12_500_000,
      seedUp: 5_000_000,
      origin: 1_000_000,
      neighbours: 8,
      seed: 0,
      svg: 'f.svg',
      json: true,
    })
    expect((await understand('sim', '--list')).sim).to.deep.equal({ list: true })
    expect((await understand('sim', '--replay', 'f')).sim).to.deep.equal({ replay: 'f' })
  })

  it('help on everything', async () => {
    expect((await understand('help')).text).to.match(/Usage: df[\s\S]*Examples:\n {2}df get https:/)
    expect((await understand('help', 'get')).text).to.match(/Usage: df get[\s\S]*--linger[\s\S]*Examples:/)
    expect((await understand('help', 'seed', 'start')).text).to.match(/Usage: df seed start[\s\S]*Examples:/)
    expect((await understand('help', 'sim')).text).to.match(/Usage: df sim[\s\S]*--replay[\s\S]*Examples:/)
    expect((await understand('help', 'exit-codes')).text).to.match(/^ {4}0 {2}done[\s\S]*\n {2}143 {2}/)
    expect((await understand('version')).text).to.match(/^\d+\.\d+\.\d+\n$/)
  })

  const wrong: string[][] = [
    [],
    ['get', '--nonsense', 'http://x'],
    ['get', 'http://x', '--seed'],
    ['get', 'http://x', '--json', '--quiet'],
    ['seed'],
    ['seed', 'stop'],
    ['seed', 'start', 'now'],
    ['seed', 'rm'],
    ['seed', 'status', 'x'],
    ['sim', 'crash', 'silent'],
    ['sim', '--list', '--replay', 'f'],
    ['sim', '--replay', 'f', '--svg', 'g'],
    ['help', 'nonsense'],
    ['nonsense'],
  ]
  for (const args of wrong) {
    it(`refuses: df ${args.join(' ')}`, async () => {
      const error = await refused(...args)
      expect(error).to.be.instanceOf(CommanderError)
      expect((error as CommanderError).exitCode).to.not.equal(0)
    })
  }

  it('refuses a bad duration', async () => {
    for (const flag of ['--linger', '--timeout'])
      expect(await refused('get', 'http://x', flag, 'soon')).to.be.instanceOf(UsageError)
  })
})

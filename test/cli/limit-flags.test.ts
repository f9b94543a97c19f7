// Limits of rates on the command line: flags, environment, config file, and what is said about malformed ones.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { readSettings } from '../../src/cli/config.ts'
import { UsageError } from '../../src/cli/errors.ts'
import type { GetFlags } from '../../src/cli/get-flags.ts'
import { downloadLimitsOf, limitsOfFlags } from '../../src/cli/limit-flags.ts'
import { makeProgram } from '../../src/cli/program.ts'
import type { SeedFlags } from '../../src/cli/seed.ts'
import { DF, run } from './processes.ts'

async function parse(...args: string[]): Promise<{ get?: GetFlags; seed?: SeedFlags }> {
  const given: { get?: GetFlags; seed?: SeedFlags } = {}
  const nothing = async () => 0
  const get = async (_: string[], flags: GetFlags) => {
    given.get = flags
    return 0
  }
  const startSeed = async (flags: SeedFlags) => {
    given.seed = flags
    return 0
  }
  const { program } = makeProgram('df', {
    get,
    startSeed,
    preheat: nothing,
    administrate: nothing,
    daemon: nothing,
    fleet: nothing,
    gateway: nothing,
    lfs: nothing,
    top: nothing,
    share: nothing,
    simulate: nothing,
  })
  await program.parseAsync(args, { from: 'user' })
  return given
}

describe('cli: limits of rates', () => {
  let home: string

  before(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'df-limits-'))
  })
  after(() => rm(home, { recursive: true }))

  it('of a seed are flags, else the environment, else the file, each on its own', async () => {
    const { seed } = await parse('seed', 'start', '--limit', '09:00-18:00=20M', '--total-limit', '50%')
    const limits = limitsOfFlags(seed as SeedFlags)
    await writeFile(path.join(home, 'config.json'), JSON.stringify({ limit: '1M', uploadLimit: 5000, totalLimit: '9M' }))
    const env = { DRAGONFLY_LIMIT: '2M', DRAGONFLY_UPLOAD_LIMIT: '100mbit', DRAGONFLY_TOTAL_LIMIT: '' }
    const read = async (...args: Parameters<typeof readSettings>) => (await readSettings(...args)).limits
    expect(await read({}, {}, home)).to.deep.equal({ down: '1M', up: 5000, total: '9M' })
    expect(await read({}, env, home)).to.deep.equal({ down: '2M', up: '100mbit', total: '9M' })
    expect(await read({ limits }, env, home)).to.deep.equal({ down: '09:00-18:00=20M', up: '100mbit', total: '50%' })
    expect(await readSettings({}, {}, undefined)).not.to.have.property('limits')
  })

  it('say where they are malformed', async () => {
    const malformed = async (flags: SeedFlags, env: NodeJS.ProcessEnv, file: object): Promise<UsageError> => {
      await writeFile(path.join(home, 'config.json'), JSON.stringify(file))
      const error = await readSettings({ limits: limitsOfFlags(flags) }, env, home).catch(e => e)
      expect(error).to.be.instanceOf(UsageError)
      expect(error.hint).to.include('09:00-18:00=20M')
      return error
    }
    expect((await malformed({ uploadLimit: 'x' }, {}, {})).message).to.equal('--upload-limit: not a rate limit: "x"')
    expect((await malformed({}, { DRAGONFLY_LIMIT: '0' }, {})).message).to.match(/^DRAGONFLY_LIMIT: not/)
    expect((await malformed({}, {}, { totalLimit: '200%' })).message).to.match(/config\.json: totalLimit: not/)
  })

  it('of a download are a rate and a priority', async () => {
    const of = async (...args: string[]) => downloadLimitsOf((await parse('get', 'http://x/', ...args)).get as GetFlags)
    expect(await of()).to.deep.equal({})
    expect(await of('--limit', '20M', '--priority', 'high')).to.deep.equal({ limit: 20e6, priority: 'high' })
    expect(await of('--limit-rate', '100mbit')).to.deep.equal({ limit: 12.5e6 })
    for (const args of [
      ['--limit', 'fast'],
      ['--limit-rate', '0'],
      ['--priority', 'urgent'],
    ])
      expect(await of(...args).catch(e => e), args.join(' ')).to.be.instanceOf(Error)
  })

  it('that are malformed are exit code 2, with a hint', async () => {
    const env = { ...process.env, DRAGONFLY_HOME: home }
    await rm(path.join(home, 'config.json'), { force: true })
    for (const args of [
      ['seed', 'start', '--limit', 'fast'],
      ['seed', 'start', '--upload-limit', '25:00-26:00=1M'],
      ['get', 'http://127.0.0.1:9/x', '--limit', 'fast'],
      ['get', 'http://127.0.0.1:9/x', '--priority', 'urgent'],
    ]) {
      const { code, stderr } = await run(DF, args, { env })
      expect(code, args.join(' ')).to.equal(2)
      expect(stderr, args.join(' ')).to.match(/09:00-18:00=20M|100mbit|low, normal, high/)
    }
    const { code, stderr } = await run(DF, ['get', 'http://127.0.0.1:9/x'], { env: { ...env, DRAGONFLY_LIMIT: 'x' } })
    expect(code).to.equal(2)
    expect(stderr).to.include('DRAGONFLY_LIMIT: not a rate limit')
  })
})

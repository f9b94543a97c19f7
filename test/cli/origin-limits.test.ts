import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { parseConfig, readSettings, settingsOfEnv } from '../../src/cli/config.ts'
import { UsageError } from '../../src/cli/errors.ts'
import { makeProgram } from '../../src/cli/program.ts'
import type { SeedFlags } from '../../src/cli/seed.ts'
import { createNode } from '../../src/node/node.ts'

/** The flags of `df seed start` with these arguments. */
async function flagsOf(...args: string[]): Promise<SeedFlags> {
  let flags: SeedFlags = {}
  const nothing = async () => 0
  const startSeed = async (given: SeedFlags) => {
    flags = given
    return 0
  }
  const { program } = makeProgram('df', {
    get: nothing,
    startSeed,
    preheat: nothing,
    daemon: async () => 0,
    administrate: nothing,
    fleet: nothing,
    gateway: nothing,
    lfs: nothing,
    top: nothing,
    share: nothing,
    simulate: nothing,
  })
  await program.parseAsync(['seed', 'start', ...args], { from: 'user' })
  return flags
}

describe('cli: limits of origins', () => {
  it('are flags of a seed', async () => {
    expect(await flagsOf('--origin-limit', '100M', '--origin-connections', '4')).to.deep.equal({
      originLimit: 100e6,
      originConnections: 4,
    })
    expect(await flagsOf()).to.deep.equal({})
  })

  for (const args of [
    ['--origin-limit', '0'],
    ['--origin-limit', 'fast'],
    ['--origin-connections', '0'],
    ['--origin-connections', '1001'],
    ['--origin-connections', '1.5'],
  ]) {
    it(`refuse ${args.join(' ')}`, async () => {
      const error = await flagsOf(...args).catch(e => e)
      expect(error).to.be.instanceOf(Error)
      expect(error.message).to.match(/not a (rate|whole number)/)
    })
  }

  it('come from flags, else the environment, else the file, each on its own', async () => {
    const home = await mkdtemp(path.join(os.tmpdir(), 'df-limits-'))
    try {
      await writeFile(path.join(home, 'config.json'), JSON.stringify({ originLimit: '1MB', originConnections: 3 }))
      const env = { DRAGONFLY_ORIGIN_LIMIT: '16mbit' }
      const none = { seeds: [], bootstrap: [], trust: [], announce: [], allowOrigins: [] }
      expect(await readSettings({}, {}, home)).to.deep.equal({ ...none, originLimit: 1e6, originConnections: 3 })
      expect(await readSettings({}, env, home)).to.deep.equal({ ...none, originLimit: 2e6, originConnections: 3 })
      expect(await readSettings({ originLimit: 7 }, env, home)).to.deep.equal({ ...none, originLimit: 7, originConnections: 3 })
    } finally {
      await rm(home, { recursive: true })
    }
  })

  it('say where they are malformed', () => {
    expect(() => parseConfig('{"originLimit": [1]}', 'c.json')).to.throw(
      UsageError,
      'c.json: originLimit must be a number or a text',
    )
    expect(() => parseConfig('{"originConnections": 0}', 'c.json')).to.throw(UsageError, 'c.json: originConnections: not a whole')
    expect(() => settingsOfEnv({ DRAGONFLY_ORIGIN_LIMIT: 'x' })).to.throw(
      UsageError,
      'DRAGONFLY_ORIGIN_LIMIT: originLimit: not a rate',
    )
    expect(settingsOfEnv({ DRAGONFLY_ORIGIN_CONNECTIONS: '' })).to.deep.equal({})
  })

  it('are checked by the library before anything is started', async () => {
    for (const options of [
      { originLimit: 0 },
      { originLimit: Number.NaN },
      { originConnections: 0 },
      { originConnections: 1.5 },
    ]) {
      const error = await createNode({ store: 'memory', network: false, ...options }).catch(e => e)
      expect(error).to.have.property('code', 'bad-option')
    }
  })
})

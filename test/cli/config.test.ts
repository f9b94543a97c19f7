import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { chooseSettings, parseConfig, readConfig, readDaemonUse, readSettings, settingsOfEnv } from '../../src/cli/config.ts'
import { UsageError } from '../../src/cli/errors.ts'

const A = '/ip4/10.0.0.1/tcp/4801/p2p/PeerA'
const B = '/ip4/10.0.0.2/tcp/4801/p2p/PeerB'
const C = '/dns4/seed.example.org/tcp/4801/p2p/PeerC'

describe('cli config', () => {
  let home: string
  beforeEach(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'df-config-'))
  })
  afterEach(() => rm(home, { recursive: true }))

  it('takes each key from flags, else the environment, else the file', async () => {
    await writeFile(
      path.join(home, 'config.json'),
      JSON.stringify({ seeds: [C], bootstrap: [B], trust: ['PeerT'], announce: ['/f'], allowOrigins: ['x'] }),
    )
    const env = { DRAGONFLY_SEEDS: B, DRAGONFLY_ANNOUNCE: '/e', DRAGONFLY_ALLOW_ORIGIN: 'y' }
    expect(await readSettings({ seeds: [A], announce: ['/a'], allowOrigins: ['z'] }, env, home)).to.deep.equal({
      seeds: [A],
      bootstrap: [B],
      trust: ['PeerA', 'PeerT'],
      announce: ['/a'],
      allowOrigins: ['z'],
    })
    expect(await readSettings({}, env, home)).to.deep.equal({
      seeds: [B],
      bootstrap: [B],
      trust: ['PeerB', 'PeerT'],
      announce: ['/e'],
      allowOrigins: ['y'],
    })
    expect(await readSettings({ trust: ['PeerX'] }, {}, home)).to.deep.equal({
      seeds: [C],
      bootstrap: [B],
      trust: ['PeerC', 'PeerX'],
      announce: ['/f'],
      allowOrigins: ['x'],
    })
  })

  it('passes on from the file whose connections count for more, and names what is no list of networks', async () => {
    const file = path.join(home, 'config.json')
    const connections = { trustedNetworks: ['10.0.0.0/8'] }
    await writeFile(file, JSON.stringify({ connections }))
    expect(await readSettings({}, {}, home)).to.deep.include({ connections })
    expect(() => parseConfig('{"connections": {"trustedNetworks": "10.0.0.0/8"}}', file)).to.throw(
      'connections must be an object (trustedNetworks: a list',
    )
    expect(() => parseConfig('{"connections": {"trusted": []}}', file)).to.throw('connections')
  })

  it('works without a file, and without a home', async () => {
    const nothing = { seeds: [], bootstrap: [], trust: [], announce: [], allowOrigins: [] }
    expect(await readSettings({}, {}, home)).to.deep.equal(nothing)
    expect(await readSettings({}, {}, path.join(home, 'nowhere'))).to.deep.equal(nothing)
  })

  it('reads the file that DRAGONFLY_CONFIG names in place of that of the home, with or without one', async () => {
    await writeFile(path.join(home, 'config.json'), JSON.stringify({ seeds: [A], bootstrap: [A] }))
    const named = path.join(home, 'other.json')
    await writeFile(named, JSON.stringify({ seeds: [B], fleet: 'f.json', daemon: 'never' }))
    const env = { DRAGONFLY_CONFIG: named }
    for (const place of [home, undefined]) {
      expect(await readSettings({}, env, place))
        .to.include({ fleet: path.join(home, 'f.json') })
        .and.deep.include({ seeds: [B], bootstrap: [] })
      expect(await readDaemonUse(false, env, place)).to.equal('never')
    }
    expect(await readSettings({}, { DRAGONFLY_CONFIG: '' }, home)).to.deep.include({ seeds: [A] })
    const failure = await readSettings({}, { DRAGONFLY_CONFIG: `${named}x` }, home).catch(error => error)
    expect(failure).to.be.instanceOf(UsageError).with.property('message', `DRAGONFLY_CONFIG: there is no file ${named}x`)
  })

  it('trusts every seed once, and no bootstrap peer', () => {
    const peers = chooseSettings({ seeds: [A, A, B], bootstrap: [C], trust: ['PeerB', 'PeerX'] }, {}, {})
    expect(peers.trust).to.deep.equal(['PeerA', 'PeerB', 'PeerX'])
  })

  it('splits DRAGONFLY_SEEDS and DRAGONFLY_ALLOW_ORIGIN at commas and spaces', () => {
    expect(settingsOfEnv({ DRAGONFLY_SEEDS: ` ${A}, ${B}\n${C},` })).to.deep.equal({ seeds: [A, B, C] })
    expect(settingsOfEnv({ DRAGONFLY_SEEDS: ' ,' })).to.deep.equal({})
    expect(settingsOfEnv({})).to.deep.equal({})
    expect(() => settingsOfEnv({ DRAGONFLY_SEEDS: 'x,'.repeat(257) })).to.throw(UsageError, 'DRAGONFLY_SEEDS: more than 256')
    expect(settingsOfEnv({ DRAGONFLY_ALLOW_ORIGIN: 'a, b:80,, 10.0.0.0/8' })).to.deep.equal({
      allowOrigins: ['a', 'b:80', '10.0.0.0/8'],
    })
    const many = { DRAGONFLY_ALLOW_ORIGIN: 'x '.repeat(257) }
    expect(() => settingsOfEnv(many)).to.throw(UsageError, 'DRAGONFLY_ALLOW_ORIGIN: more than 256')
  })

  const malformed: Array<[what: string, text: string, message: RegExp]> = [
    ['not JSON', '{"seeds": [', /config\.json: not JSON/],
    ['a list', '[]', /config\.json: not an object/],
    ['null', 'null', /config\.json: not an object/],
    ['a string for seeds', '{"seeds": "x"}', /config\.json: seeds must be a list of at most 256 texts/],
    ['a number among trust', '{"trust": ["x", 7]}', /config\.json: trust must be a list of at most 256 texts/],
    ['a misspelt key', '{"seed": []}', /config\.json: unknown key "seed"/],
    ['a key of every object', '{"__proto__": []}', /config\.json: unknown key "__proto__"/],
    [
      'too many entries',
      JSON.stringify({ bootstrap: Array(257).fill('x') }),
      /config\.json: bootstrap must be a list of at most 256 texts/,
    ],
    ['too long a file', ' '.repeat(1024 * 1024 + 1), /config\.json: longer than/],
  ]
  for (const [what, text, message] of malformed) {
    it(`refuses ${what}, naming the file`, () => {
      expect(() => parseConfig(text, '/home/x/config.json')).to.throw(UsageError, message)
    })
  }

  it('refuses a file that cannot be read', async () => {
    let caught: unknown
    await readConfig(home).catch(error => {
      caught = error
    })
    expect(caught).to.be.instanceOf(UsageError).with.property('message').that.includes(`${home}: it is a folder`)
  })
})

// Where a member of a fleet listens that was not told where, and what a daemon in the background says of itself: on a host of its own.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { buildOnce } from '../cli/built.ts'
import { DF, type Ended, Lab } from './lab.ts'
import { hasNamespaces, type LanHost, LocalNetwork } from './lan.ts'

const HOMES = ['home', 'second', 'third']

describe('a member of a fleet in the background', () => {
  let lab: Lab
  let network: LocalNetwork
  let host: LanHost
  const df = (args: string[], home: string): Promise<Ended> => host.run(DF, args, home).ended

  before(async function () {
    this.timeout(120_000)
    if (!hasNamespaces()) return this.skip()
    await buildOnce()
  })
  beforeEach(async () => {
    lab = await Lab.open()
    network = new LocalNetwork(lab)
    host = network.host()
    for (const home of HOMES) await lab.folder(home)
  })
  afterEach(async () => {
    for (const home of HOMES) await df(['daemon', 'stop'], home)
    network.close()
    await lab.close()
  })

  it('listens on the usual port, another one on a free one, and both say where they are', async () => {
    await df(['fleet', 'init'], 'home')
    const first = await df(['daemon', 'start', '--detach', '--json', '--web', '127.0.0.1:0', '--gateway', '127.0.0.1:0'], 'home')
    const [ready] = first.lines as { addresses: string[]; web: string; gateway: string }[]
    expect(ready?.addresses.join(' '), first.stderr).to.match(new RegExp(`/ip4/${host.address}/tcp/4801/p2p/`))
    expect([ready?.web, ready?.gateway].join(' ')).to.match(/^http:\/\/127\.0\.0\.1:\d+\/ http:\/\/127\.0\.0\.1:\d+$/)

    const join = ['--fleet', lab.path('home/fleet.json'), '--bootstrap', `/ip4/${host.address}/tcp/4801`]
    const second = await df(['daemon', 'start', '--detach', ...join], 'second')
    expect(second.code, second.stderr).to.equal(0)
    expect(second.stdout.toString())
      .to.match(/^daemon ready\n/)
      .and.not.match(/tcp\/4801\//)
    const log = await readFile(lab.path('second/daemon.log'), 'utf8')
    expect(log).to.include('TCP port 4801, where members of a fleet are expected, is in use')
    for (;;) {
      const { lines } = await df(['fleet', 'status', '--json'], 'home')
      const members = lines.filter(({ type }) => type === 'member')
      if (members.length < 2) continue
      for (const { addresses } of members) expect((addresses as string[])[0]).to.match(/^\/ip4\/10\.77\./)
      break
    }
    const table = (await df(['fleet', 'status'], 'home')).stdout.toString()
    expect(table).to.match(/\n10\.77\.0\.1:4801 .*\n10\.77\.0\.1:\d+ /)
  })

  it('that cannot serve what it was told to serve is not said to be ready', async () => {
    const { code, stderr } = await df(['daemon', 'start', '--detach', '--web', '192.0.2.1:65002'], 'third')
    expect(code).to.equal(7)
    expect(stderr).to.match(/^df: the daemon did not start: [^\n]*cannot serve the live page on 192\.0\.2\.1:65002[^\n]*\n$/)
  })
})

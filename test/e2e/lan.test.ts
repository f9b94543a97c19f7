// Real daemons on a local network of their own: nobody tells them of one another.
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { LAN_POLICY } from '../../src/swarm/lan-peers.ts'
import { receipt } from './expectations.ts'
import { DF, type Ended, type Lab, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'
import { hasNamespaces, type LanHost, LocalNetwork } from './lan.ts'

const MiB = 1024 * 1024
const ORIGIN_PORT = 8080

describe('peers of a local network', () => {
  let lab: Lab
  let network: LocalNetwork
  before(function () {
    if (!hasNamespaces()) this.skip()
  })
  labForEach(opened => {
    lab = opened
    network = new LocalNetwork(lab)
  })
  afterEach(() => network?.close())

  /** An origin of its own for each test; resolves to what counts the bytes that left it. */
  async function origin(host: LanHost): Promise<{ url: string; bytes: () => Promise<number> }> {
    const server = host.run(process.execPath, [new URL('lan-origin.ts', import.meta.url).pathname, lab.path('www')], 'origin')
    await server.line('ready')
    const url = `http://${host.address}:${ORIGIN_PORT}`
    const bytes = async () => {
      const lines = (await server.said(() => true)).toString().trim().split('\n')
      return lines.map(text => JSON.parse(text)).reduce((sum, { sent = 0 }) => sum + sent, 0)
    }
    return { url, bytes }
  }

  async function daemon(host: LanHost, home: string, flags: readonly string[] = []): Promise<Running> {
    const running = host.run(DF, ['daemon', 'start', '--json', ...flags], home)
    await running.line('ready')
    return running
  }

  const status = async (host: LanHost, home: string) =>
    (await host.run(DF, ['daemon', 'status', '--json'], home).ended).lines[0] as { lanPeers?: number; pid: number }

  /** Until the daemon has so many peers; mocha's limit ends it. */
  async function untilPeers(host: LanHost, home: string, count: number): Promise<void> {
    while (((await status(host, home)).lanPeers ?? 0) < count) await sleep(100)
  }

  const get = async (host: LanHost, home: string, args: readonly string[]): Promise<Ended> =>
    await host.run(DF, ['get', '--json', ...args], home).ended

  it('find each other, and what a digest names, without a seed or a bootstrap peer', async () => {
    const digest = `sha256:${await lab.file('a.bin', 3 * MiB)}`
    const [first, second, third] = [network.host(), network.host(), network.host()]
    const { url, bytes } = await origin(third)
    await daemon(first, 'first')
    await daemon(second, 'second')
    await untilPeers(first, 'first', 1)
    await untilPeers(second, 'second', 1)
    receipt(await get(first, 'first', ['-o', lab.path('one'), `${url}/a.bin`]))
    expect(await bytes()).to.equal(3 * MiB)

    const found = receipt(await get(second, 'second', ['--digest', digest, '-o', lab.path('two'), `${url}/a.bin`]))
    expect(found).to.include({ trust: 'digest', fromOrigin: 0, fromPeers: 3 * MiB })
    expect((await readFile(lab.path('two'))).equals(await readFile(lab.path('www', 'a.bin')))).to.equal(true)
    expect(await bytes()).to.equal(3 * MiB)

    // under a URL that nobody has asked for: the digest alone names it
    await daemon(third, 'third')
    await untilPeers(third, 'third', 2)
    const mirrored = receipt(await get(third, 'third', ['--digest', digest, '-o', lab.path('three'), `${url}/absent`]))
    expect(mirrored).to.include({ trust: 'digest', fromOrigin: 0, fromPeers: 3 * MiB })
    expect(await bytes()).to.equal(3 * MiB)
  })

  it('are not believed without a digest: the origin is asked', async () => {
    await lab.file('b.bin', 2 * MiB)
    const [first, second, third] = [network.host(), network.host(), network.host()]
    const { url, bytes } = await origin(third)
    await daemon(first, 'first')
    await daemon(second, 'second')
    await untilPeers(second, 'second', 1)
    receipt(await get(first, 'first', ['-o', lab.path('one'), `${url}/b.bin`]))
    const before = await bytes()
    const again = receipt(await get(second, 'second', ['-o', lab.path('two'), `${url}/b.bin`]))
    expect(again).to.include({ trust: 'origin', fromOrigin: 2 * MiB })
    expect((await bytes()) - before).to.equal(2 * MiB)
  })

  it('get nothing of private contents, and hear nothing of them', async () => {
    const digest = `sha256:${await lab.file('c.bin', MiB)}`
    const [first, second, third] = [network.host(), network.host(), network.host()]
    const { url, bytes } = await origin(third)
    await daemon(first, 'first')
    const listener = await daemon(second, 'second', ['--log-level', 'debug'])
    await untilPeers(second, 'second', 1)
    const secret = ['-H', 'Authorization: Bearer secret', '--digest', digest]
    receipt(await get(first, 'first', [...secret, '-o', lab.path('one'), `${url}/c.bin`]))
    const before = await bytes()
    const theirs = receipt(await get(second, 'second', ['--digest', digest, '-o', lab.path('two'), `${url}/c.bin`]))
    expect(theirs).to.include({ fromOrigin: MiB, fromPeers: 0 })
    expect((await bytes()) - before).to.equal(MiB)
    listener.child.kill('SIGTERM')
    expect((await listener.ended).stderr).to.not.include('link to peer')
  })

  it('are not looked for with --no-lan, and cannot be found then', async () => {
    const [first, second] = [network.host(), network.host()]
    await daemon(first, 'first', ['--no-lan'])
    await daemon(second, 'second')
    await sleep(2500) // two questions of the second one
    expect(await status(first, 'first')).to.not.have.property('lanPeers')
    expect(await status(second, 'second')).to.include({ lanPeers: 0 })
  })

  it('do not keep a daemon from starting where there is no multicast', async () => {
    const host = network.host()
    // somebody has the port for itself
    const holder = host.run(process.execPath, ['-e', HOLD_PORT], 'holder')
    await holder.said(out => out.length > 0)
    const running = await daemon(host, 'first', ['--log-level', 'debug'])
    expect(await status(host, 'first')).to.include({ lanPeers: 0 })
    running.child.kill('SIGTERM')
    expect((await running.ended).stderr).to.match(/cannot look for peers on the local network: .*EADDRINUSE/)
  })

  it('change nothing by 10,000 invented peers: memory and dials are bounded', async () => {
    const [host, forger] = [network.host(), network.host()]
    const running = await daemon(host, 'first')
    const pid = running.pid
    const before = await residentBytes(pid)
    // answers for as many peers, each at a port of the forger that counts who comes
    const forging = forger.run(process.execPath, [new URL('lan-forger.ts', import.meta.url).pathname, forger.address], 'forger')
    const { dials, seconds } = (await forging.line('done')) as { dials: number; seconds: number }
    const grown = (await residentBytes(pid)) - before
    console.log(`      10,000 forged answers: ${dials} dials in ${seconds.toFixed(0)} s, ${(grown / MiB).toFixed(1)} MiB`)
    const { burst, dialEveryMs } = LAN_POLICY
    expect(dials).to.be.within(1, burst + (seconds * 1000) / dialEveryMs + 1)
    expect(grown).to.be.below(48 * MiB)
    expect(await status(host, 'first')).to.include({ lanPeers: 0 })
    // and those that are real are still found
    const other = network.host()
    await daemon(other, 'other')
    await untilPeers(host, 'first', 1)
  })
})

const HOLD_PORT = `require('node:dgram').createSocket({ type: 'udp4' }).bind(5353, '0.0.0.0', () => console.log('held'))`

async function residentBytes(pid: number): Promise<number> {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) * 1024
}

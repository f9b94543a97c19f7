// `df get ipfs://…` by real processes, from a trustless gateway over blocks of IPFS's own importer.
import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { fetchByHelia, fromCar } from '../gateway/ipfs/helia-client.ts'
import { ask } from '../gateway/registry/mirror-lab.ts'
import { TrustlessGateway } from '../origin/ipfs/trustless-gateway.ts'
import { TestOrigin } from '../world/origin.ts'
import { type Ended, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const BYTES = randomBytes(20 * MiB + 12_345)
const SHA256 = createHash('sha256').update(BYTES).digest('hex')

describe('df get ipfs://', () => {
  let lab: Lab
  let gateway: TrustlessGateway
  let root: CID

  labForEach(l => {
    lab = l
  })
  beforeEach(async () => {
    gateway = await TrustlessGateway.start()
    const files = { 'model.bin': BYTES, 'sub/small.txt': Buffer.from('small'), 'sub/leaves.bin': BYTES.subarray(0, MiB) }
    root = (await gateway.addFolder(files, { chunk: 256 * 1024, fanout: 174 })).root
  })
  afterEach(() => gateway?.stop())

  const env = () => ({ IPFS_GATEWAY: gateway.url })
  /** Of a whole that is read once. */
  const oneRead = async (): Promise<void> => {
    const times = new Map<string, number>()
    for (const cid of gateway.asked) times.set(cid, (times.get(cid) ?? 0) + 1)
    // the folder and the root are looked at by each host
    const again = [...times.values()].filter(count => count > 1)
    expect(again.length).to.be.at.most(2)
  }

  it('is read by the seed once; hosts that cannot reach a gateway share it by its CID', async () => {
    const seed = await lab.seed('seed', ['--ipfs-gateway', gateway.url])
    const first = await succeeded(
      lab.df(['get', '--json', '--seed', seed.address, ...LISTEN, '-o', 'a.bin', `ipfs://${root}/model.bin`], 'a', env()).ended,
    )
    expect(first).to.include({ sha256: SHA256, trust: 'seed', fromOrigin: 0 })
    await oneRead()
    expect(first.url).to.equal(`ipfs://${root}/model.bin`)
    // its own CID, which needs no path to be looked up
    const { cid } = await cidOf('model.bin')
    const asked = gateway.asked.length
    const nowhere = { IPFS_GATEWAY: 'http://127.0.0.1:1' }
    const hosts = ['b', 'c'].map(
      name =>
        lab.df(['get', '--json', '--seed', seed.address, ...LISTEN, '-o', `${name}.bin`, `ipfs://${cid}`], name, nowhere).ended,
    )
    for (const ended of hosts) expect(await succeeded(ended)).to.include({ sha256: SHA256, fromOrigin: 0 })
    expect(gateway.asked.length).to.equal(asked)
    for (const name of ['a', 'b', 'c']) expect((await readFile(lab.path(`${name}.bin`))).equals(BYTES), name).to.equal(true)
  })

  it('goes on where it was killed, and fetches no block of what is there again', async () => {
    const { cid } = await cidOf('model.bin')
    gateway.answer = (_cid, _response, honest) => void setTimeout(honest, gateway.asked.length > 40 ? 400 : 0)
    const args = ['get', '--json', '--store', lab.path('store'), '-o', 'out', `ipfs://${cid}`]
    const running = lab.df(args, 'home', env())
    while (gateway.asked.length < 60) await new Promise(resolve => setTimeout(resolve, 5))
    running.child.kill('SIGKILL')
    await running.ended
    const asked = gateway.asked.length
    gateway.answer = (_cid, _response, honest) => honest()
    const done = await succeeded(lab.df(args, 'home', env()).ended)
    expect(done).to.include({ sha256: SHA256 })
    expect(gateway.asked.length - asked).to.be.below(65)
    expect((await readFile(lab.path('out'))).equals(BYTES)).to.equal(true)
  })

  it('writes a folder as a tree, with a seed', async () => {
    const seed = await lab.seed('seed', ['--ipfs-gateway', gateway.url])
    const args = ['get', '--seed', seed.address, ...LISTEN, '-P', 'tree', `ipfs://${root}`]
    const ended = await lab.df(args, 'a', env()).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect(await filesBelow('tree')).to.deep.equal(['model.bin', 'sub/leaves.bin', 'sub/small.txt'])
    expect((await readFile(lab.path('tree', 'model.bin'))).equals(BYTES)).to.equal(true)
    const part = await lab.df(['get', '-P', 'part', `ipfs://${root}/sub`], 'b', env()).ended
    expect(part.code, part.stderr).to.equal(0)
    expect(await filesBelow('part')).to.deep.equal(['leaves.bin', 'small.txt'])
  })

  it('goes through a daemon, by the gateways of the daemon', async () => {
    const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, '--ipfs-gateway', gateway.url], 'home')
    await daemon.line('ready')
    const done = await succeeded(lab.df(['get', '--json', '-o', 'out', `ipfs://${root}/model.bin`], 'home', env()).ended)
    expect(done).to.include({ sha256: SHA256, url: `ipfs://${root}/model.bin` })
    expect((await readFile(lab.path('out'))).equals(BYTES)).to.equal(true)
    daemon.child.kill('SIGTERM')
    await daemon.ended
  })

  it("does not open a seed's gateway to others: what else is there stays refused", async () => {
    const seed = await strictSeed()
    const { cid } = await cidOf('sub/small.txt')
    const args = ['preheat', '--json', '--at', seed.address]
    await succeeded(lab.df([...args, `ipfs://${cid}`], 'a', env()).ended)
    const asked = gateway.asked.length
    const refused = await lab.df([...args, `${gateway.url}/ipfs/${cid}?format=raw`], 'a', env()).ended
    expect(refused.code).to.not.equal(0)
    expect(refused.stdout.toString() + refused.stderr).to.include('not a public address')
    expect(gateway.asked.length).to.equal(asked)
  })

  it('says in one line what is wrong, and leaves no file', async () => {
    const cases: Record<string, string> = {
      [`ipfs://${root}/nobody`]: `nothing at ipfs://${root}/nobody`,
      'ipfs://bafybroken': 'a malformed CID',
      'ipfs://example.org/x': 'a name, not a CID',
    }
    for (const [url, message] of Object.entries(cases)) {
      const ended = await lab.df(['get', '-o', 'out', url], 'home', env()).ended
      expect(ended.code, url).to.not.equal(0)
      expect(ended.stderr).to.include(message)
    }
    const { cid } = await cidOf('model.bin')
    gateway.answer = (_cid, response) => void response.end('wrong')
    const wrong = await lab.df(['get', '-o', 'out', `ipfs://${cid}`], 'home', env()).ended
    expect(wrong.code).to.not.equal(0)
    expect(wrong.stderr).to.include('sent wrong bytes')
    const bad = await lab.df(['get', '-o', 'out', '--ipfs-gateway', 'ftp://x', `ipfs://${cid}`], 'home', env()).ended
    expect(bad.stderr).to.include('not the URL of an IPFS gateway')
    expect(await lab.files('.')).to.not.include('out')
  })

  async function filesBelow(name: string): Promise<string[]> {
    const found = await readdir(lab.path(name), { recursive: true, withFileTypes: true })
    const files = found.filter(entry => entry.isFile()).map(({ parentPath, name: file }) => path.join(parentPath, file))
    return files.map(file => path.relative(lab.path(name), file)).sort()
  }

  /** Reads public addresses only. */
  async function strictSeed(): Promise<{ address: string }> {
    const seed = lab.df(['seed', 'start', '--json', ...LISTEN, '--ipfs-gateway', gateway.url], 'seed')
    const { addresses } = await seed.line('ready')
    return { address: (addresses as string[])[0] as string }
  }

  async function cidOf(path: string): Promise<{ cid: string }> {
    const { resolveSource } = await import('../../src/origin/sources/resolve-source.ts')
    const { url } = await resolveSource(`ipfs://${root}/${path}`, { ipfsGateways: [gateway.url] })
    return { cid: url.slice('ipfs://'.length) }
  }
})

describe('df daemon start --ipfs', () => {
  let lab: Lab
  labForEach(l => {
    lab = l
  })

  it('gives what was downloaded to a client of IPFS, by the cid that --json says', async () => {
    const origin = await new TestOrigin(BYTES).start()
    try {
      const daemon = lab.df(['daemon', 'start', '--json', ...LISTEN, '--gateway', '127.0.0.1:0', '--ipfs'], 'home')
      const { gateway } = await daemon.line('ready')
      const done = await succeeded(lab.df(['get', '--json', '-o', 'out', `${origin.url}/file.bin`], 'home').ended)
      const cid = CID.parse(String(done.cid))
      expect((await fetchByHelia(String(gateway), cid)).equals(BYTES)).to.equal(true)
      const car = await ask(`${gateway}/ipfs/${cid}?format=car`, {})
      expect((await fromCar(car.body, cid)).equals(BYTES)).to.equal(true)
      const read = ['get', '--json', '--no-daemon', '-o', 'again', '--ipfs-gateway', String(gateway), `ipfs://${cid}`]
      expect(await succeeded(lab.df(read, 'other').ended)).to.include({ sha256: SHA256 })
    } finally {
      await origin.stop()
    }
  })

  it('needs the gateway', async () => {
    const ended = await lab.df(['daemon', 'start', '--ipfs'], 'home').ended
    expect(ended.code).to.equal(2)
    expect(ended.stderr).to.include('--ipfs is a part of the gateway; name its place, too: --gateway 127.0.0.1:65001')
  })
})

async function succeeded(ended: Promise<Ended>): Promise<Record<string, unknown>> {
  const { code, stderr, lines } = await ended
  expect(code, stderr + JSON.stringify(lines.at(-1))).to.equal(0)
  return lines.at(-1) as Record<string, unknown>
}

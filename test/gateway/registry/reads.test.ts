// The account of what engines read: kind, times, who gave the bytes. No credential in it.
import { expect } from 'chai'
import { registryReadLines } from '../../../src/cli/registry-read-lines.ts'
import { RegistryReads } from '../../../src/daemon/registry-reads.ts'
import { World } from '../../world/world.ts'
import { RegistryLab } from '../auth/registry-lab.ts'
import { ALICE, ask, skipWithoutRegistry, startMirrorOf } from './mirror-lab.ts'

describe('the account of registry reads', () => {
  before(skipWithoutRegistry)
  let world: World
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  it('has a manifest, a blob of the origin, and the same blob once more', async () => {
    const lab = await RegistryLab.open()
    world.atEnd(() => lab.close())
    const image = await lab.image('team/app', 'v1', 300_000, 3_000_000)
    const host = (await lab.registry()).replace('http://', '')
    const { url, service } = await startMirrorOf(world)
    const ns = `?ns=${encodeURIComponent(host)}`
    const digest = image.layers[1]?.digest as string
    await ask(`${url}/v2/team/app/manifests/v1${ns}`)
    await ask(`${url}/v2/team/app/blobs/${digest}${ns}`, { authorization: ALICE })
    await ask(`${url}/v2/team/app/blobs/${digest}${ns}`, { authorization: ALICE })
    const reads = service.registryReads.latest
    while (!reads.every(({ seconds }) => seconds !== undefined)) await new Promise(resolve => setTimeout(resolve, 10))
    const [again, blob, manifest] = reads
    expect(reads).to.have.length(3)
    expect(manifest).to.include({ kind: 'manifest', reference: 'v1', repository: 'team/app', status: 200, isBrokenOff: false })
    expect(blob).to.include({ kind: 'blob', reference: digest, status: 200 })
    expect(blob?.bytes).to.be.within(3_000_000, 3_100_000)
    expect(blob?.from).to.include({ peers: 0, seeds: 0, store: 0 })
    expect(blob?.from?.origin).to.be.at.least(3_000_000)
    // who gave it to this host when it came
    expect(again?.from).to.deep.equal(blob?.from)
    expect(blob?.firstByte).to.be.at.most(blob?.seconds as number)
    const text = registryReadLines(reads).join('\n')
    expect(text).to.match(/team\/app blob sha256:[0-9a-f]{12}\n.*first byte after .*, 2\.\d MiB from origin 100 %/)
    expect(JSON.stringify(reads) + text)
      .not.to.include('s3cret')
      .and.not.include(ALICE)
  })

  it('adds up the time of tokens, and keeps the latest hundred', () => {
    const all = new RegistryReads()
    for (let i = 0; i < 150; i++) {
      all.begin({ registry: 'r.example', repository: 'a'.repeat(300), kind: 'blob', reference: `v${i}` }).waitedForToken(250)
    }
    expect(all.latest).to.have.length(100)
    expect(all.latest[0]).to.include({ reference: 'v149', token: 0.25 })
    expect(all.latest[0]?.repository).to.have.length(200)
    expect(registryReadLines(all.latest)[2]).to.include('under way, token 250 ms, no byte')
  })
})

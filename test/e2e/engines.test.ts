// Real container engines pull the same image through the mirror of a daemon, with the files that `df gateway setup` has written.
import { expect } from 'chai'
import { isInstalled, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { FaultProxy } from '../gateway/registry/fault-proxy.ts'
import { CELLS } from './engine-cells.ts'
import { type EngineImage, engineImage } from './engine-image.ts'
import { ENGINES, type Engine } from './engine-sessions.ts'
import { atOnce, imageOf, Sessions, setUp } from './engine-setup.ts'
import { startGateway } from './gateway-lab.ts'
import { Lab } from './lab.ts'

describe('container engines through the registry mirror', () => {
  let lab: Lab
  let registry: RegistryLab
  let proxy: FaultProxy
  let sessions: Sessions
  let image: EngineImage
  let pulls: ReadonlyMap<Engine, Promise<string[] | undefined>>

  before(async function () {
    if (!isInstalled('docker-registry')) {
      console.warn('SKIPPED: docker-registry is not installed')
      return this.skip()
    }
    lab = await Lab.open()
    registry = await RegistryLab.open()
    image = await engineImage(registry, lab, [500_000, 3_000_000])
    proxy = await FaultProxy.before(await registry.registry())
    sessions = new Sessions(lab)
    // dockerd names no registry: it means the default one
    const { url } = await startGateway(lab, 'home', { registry: proxy.host })
    const root = await setUp(lab, url, proxy.host)
    // two hosts' worth of each engine, all at the same time
    pulls = atOnce(async engine => {
      const digests = await Promise.all(
        [0, 1].map(async () => {
          const opened = await sessions.open(engine, { root })
          return await opened?.session.pull(imageOf(engine, proxy.host))
        }),
      )
      return digests.filter(digest => digest !== undefined)
    })
  })
  after(async () => {
    await Promise.allSettled(pulls?.values() ?? [])
    await sessions?.close()
    await lab?.close()
    await proxy?.close()
    await registry?.close()
  })

  for (const engine of ENGINES) {
    it(`${engine}: ${CELLS[engine].mirror}`, async function () {
      const digests = await pulls.get(engine)
      if (digests?.length === 0) return this.skip()
      const expected = engine === 'containerd (CRI)' ? image.id : image.digest
      expect(digests).to.deep.equal([expected, expected])
    })
  }

  it('the registry was read once for all of them', async () => {
    await Promise.all(pulls.values())
    const read = proxy.requests.filter(({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status < 300)
    const digests = read.map(({ url }) => /sha256:\w+/.exec(url)?.[0])
    expect(digests.toSorted()).to.deep.equal([image.id, ...image.layers.map(({ digest }) => digest)].toSorted())
  })
})

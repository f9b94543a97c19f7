// Real container engines pull the same image through the mirror of a daemon, with the files that `df gateway setup` has written.
import { expect } from 'chai'
import { isInstalled } from '../gateway/auth/registry-lab.ts'
import { CELLS } from './engine-cells.ts'
import { EngineGround } from './engine-ground.ts'
import { ENGINES, type Engine } from './engine-sessions.ts'
import { atOnce, imageOf, setUp } from './engine-setup.ts'
import { startGateway } from './gateway-lab.ts'

describe('container engines through the registry mirror', () => {
  let ground: EngineGround
  let pulls: ReadonlyMap<Engine, Promise<string[] | undefined>>

  before(async function () {
    if (!isInstalled('docker-registry')) {
      console.warn('SKIPPED: docker-registry is not installed')
      return this.skip()
    }
    ground = await EngineGround.open({ layers: [500_000, 3_000_000] })
    const { lab, proxy, sessions } = ground
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
    await ground?.close(pulls)
  })

  for (const engine of ENGINES) {
    it(`${engine}: ${CELLS[engine].mirror}`, async function () {
      const digests = await pulls.get(engine)
      if (digests?.length === 0) return this.skip()
      const expected = ground.digestFor(engine)
      expect(digests).to.deep.equal([expected, expected])
    })
  }

  it('the registry was read once for all of them', async () => {
    await Promise.all(pulls.values())
    const { image, proxy } = ground
    const read = proxy.requests.filter(({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status < 300)
    const digests = read.map(({ url }) => /sha256:\w+/.exec(url)?.[0])
    expect(digests.toSorted()).to.deep.equal([image.id, ...image.layers.map(({ digest }) => digest)].toSorted())
  })
})

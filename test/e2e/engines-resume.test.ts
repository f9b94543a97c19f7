// A pull is cut in the middle of a layer: the seed dies, then the gateway. It ends right, and what has come is not read again.
import { expect } from 'chai'
import { isInstalled, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { FaultProxy, type PassedRequest } from '../gateway/registry/fault-proxy.ts'
import { until } from '../waiting.ts'
import { CELLS } from './engine-cells.ts'
import { type EngineImage, engineImage } from './engine-image.ts'
import { type Engine, received } from './engine-sessions.ts'
import { atOnce, imageOf, refusal, Sessions, setUp } from './engine-setup.ts'
import { type GatewayHost, startGateway } from './gateway-lab.ts'
import { freePort, Lab } from './lab.ts'

const LAYER = 8_000_000
/** Where the registry stops until something has died, and what an engine has by then at least, bytes. */
const HOLD = 5_000_000
const RECEIVED = 2_500_000

interface Pull {
  place: string
  outcome: Promise<string>
}

describe('container engines, cut in the middle of a layer', () => {
  let lab: Lab
  let registry: RegistryLab
  let proxy: FaultProxy
  let sessions: Sessions
  let image: EngineImage
  let goOn: () => void

  before(function () {
    if (isInstalled('docker-registry')) return
    console.warn('SKIPPED: docker-registry is not installed')
    this.skip()
  })
  beforeEach(async () => {
    lab = await Lab.open()
    registry = await RegistryLab.open()
    image = await engineImage(registry, lab, [LAYER])
    proxy = await FaultProxy.before(await registry.registry())
    sessions = new Sessions(lab)
    const { promise, resolve } = Promise.withResolvers<void>()
    proxy.faults = { hold: { after: HOLD, until: promise } }
    goOn = resolve
  })
  afterEach(async () => {
    goOn()
    await sessions.close()
    await lab.close()
    await proxy.close()
    await registry.close()
  })

  /** By every engine that runs here. */
  async function pullAll(root: string): Promise<ReadonlyMap<Engine, Pull>> {
    const opened = atOnce(async engine => await sessions.open(engine, { root }))
    const pulls = new Map<Engine, Pull>()
    for (const [engine, opening] of opened) {
      const one = await opening
      if (one === undefined) continue
      const outcome = one.session.pull(imageOf(engine, proxy.host))
      outcome.catch(() => {})
      pulls.set(engine, { place: one.place, outcome })
    }
    return pulls
  }

  /** Every engine has a good part of the layer. */
  async function areInTheMiddle(pulls: ReadonlyMap<Engine, Pull>): Promise<void> {
    for (const [engine, { place }] of pulls) {
      let bytes = 0
      const look = async () => {
        while (bytes < RECEIVED) {
          bytes = await received(place)
          await new Promise(resolve => setTimeout(resolve, 50))
        }
      }
      const looking = look()
      await until(() => bytes >= RECEIVED, `${engine} is in the middle of the layer`)
      await looking
    }
  }

  const readsOfLayer = () =>
    proxy.requests.filter(
      ({ method, url, status }) => method === 'GET' && url.includes(image.layers[0]?.digest ?? '') && status < 300,
    )
  const bytesOf = (reads: readonly PassedRequest[]) => reads.reduce((sum, { bytes }) => sum + bytes, 0)
  const digestFor = (engine: Engine) => (engine === 'containerd (CRI)' ? image.id : image.digest)

  it('the seed dies: no engine sees anything of it', async function () {
    const seed = await lab.seed()
    const { url } = await startGateway(lab, 'home', { registry: proxy.host }, ['--seed', seed.address])
    const pulls = await pullAll(await setUp(lab, url, proxy.host))
    if (pulls.size === 0) return this.skip()
    await areInTheMiddle(pulls)
    const before = proxy.requests.length
    seed.child.kill('SIGKILL')
    await seed.ended
    goOn()
    for (const [engine, { outcome }] of pulls) expect(await outcome, engine).to.equal(digestFor(engine))
    // a gateway that has waited a second for a busy seed reads beside it
    expect(bytesOf(readsOfLayer())).to.be.within(LAYER, LAYER + HOLD)
    for (const { range } of readsOfLayer().filter(read => proxy.requests.indexOf(read) >= before))
      expect(range).to.match(/^bytes=[1-9]/)
  })

  it('the gateway dies, and is started again', async function () {
    const at = `127.0.0.1:${await freePort()}`
    const start = async (): Promise<GatewayHost> => await startGateway(lab, 'home', { registry: proxy.host }, ['--gateway', at])
    const gateway = await start()
    const root = await setUp(lab, gateway.url, proxy.host)
    const pulls = await pullAll(root)
    if (pulls.size === 0) return this.skip()
    await areInTheMiddle(pulls)
    const before = proxy.requests.length
    gateway.daemon.child.kill('SIGKILL')
    await gateway.daemon.ended
    goOn()
    // those that go on at the registry do so at once
    const atRegistry = [...pulls].filter(([engine]) => CELLS[engine].resume === 'at the registry')
    for (const [engine, { outcome }] of atRegistry) expect(await outcome, engine).to.equal(digestFor(engine))
    const direct = proxy.requests.slice(before).filter(({ url }) => url.includes(image.layers[0]?.digest ?? ''))
    expect(direct).to.have.length(atRegistry.length)
    for (const { range } of direct) expect(Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1])).to.be.at.least(RECEIVED)
    const again = proxy.requests.length
    await start()
    for (const [engine, { outcome }] of pulls) {
      if (CELLS[engine].resume === 'at the gateway') expect(await outcome, engine).to.equal(digestFor(engine))
      if (CELLS[engine].resume !== 'by the next pull') continue
      expect(await refusal(outcome), engine).to.match(/^refused/)
      const next = await sessions.open(engine, { root })
      expect(await next?.session.pull(imageOf(engine, proxy.host)), engine).to.equal(digestFor(engine))
    }
    const rest = readsOfLayer().filter(read => proxy.requests.indexOf(read) >= again)
    expect(bytesOf(rest)).to.be.at.most(LAYER - RECEIVED)
  })
})

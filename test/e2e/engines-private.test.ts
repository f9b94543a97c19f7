// Private images: real engines with logins of their own, at a registry with htpasswd and at one with a token server. Without a
// login nothing is given, although the gateway has every layer.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { missingPrograms, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { TokenServer } from '../gateway/auth/token-server.ts'
import { FaultProxy } from '../gateway/registry/fault-proxy.ts'
import { CELLS } from './engine-cells.ts'
import { type EngineImage, engineImage } from './engine-image.ts'
import { ENGINES, type Engine } from './engine-sessions.ts'
import { atOnce, imageOf, refusal, Sessions, setUp } from './engine-setup.ts'
import { startGateway } from './gateway-lab.ts'
import { Lab } from './lab.ts'

const run = promisify(execFile)
const LOGIN = 'alice:s3cret'
const BASIC = Buffer.from(LOGIN).toString('base64')
/** Of docker's files, for Docker Hub. */
const HUB = 'https://index.docker.io/v1/'

interface Outcome {
  refused: string
  digest: string
}

for (const kind of ['htpasswd', 'tokens'] as const) {
  describe(`private images of a registry with ${kind}`, () => {
    let lab: Lab
    let registry: RegistryLab
    let tokens: TokenServer
    let proxy: FaultProxy
    let sessions: Sessions
    let image: EngineImage
    let pulls: ReadonlyMap<Engine, Promise<Outcome | undefined>>

    before(async function () {
      const missing = missingPrograms()
      if (missing.length > 0) {
        console.warn(`SKIPPED: not installed: ${missing.join(', ')}`)
        return this.skip()
      }
      lab = await Lab.open()
      registry = await RegistryLab.open()
      tokens = await TokenServer.open(registry.dir)
      image = await engineImage(registry, lab, [100_000, 900_000])
      proxy = await FaultProxy.before(await registry.registry(kind === 'htpasswd' ? await registry.htpasswd() : tokens.config))
      sessions = new Sessions(lab)
      // the default registry is dockerd's, whose gateway has a place of its own: others find their registry in the path
      const [hub, other] = await Promise.all([startGateway(lab, 'hub', { registry: proxy.host }), startGateway(lab, 'home', {})])
      const rootOfHub = await setUp(lab, hub.url, proxy.host, 'root-hub')
      const root = await setUp(lab, other.url, proxy.host)
      await layersLieThere(other.url, hub.url)
      pulls = atOnce(engine => twice(engine, engine === 'dockerd' ? rootOfHub : root, other.url))
    })
    after(async () => {
      await Promise.allSettled(pulls?.values() ?? [])
      await sessions?.close()
      await lab?.close()
      await proxy?.close()
      await tokens?.close()
      await registry?.close()
    })

    const pathOf = (gateway: string) => `${new URL(gateway).host}/${proxy.host.replace(':', '_')}`

    /** Somebody who may has read them by every gateway. */
    async function layersLieThere(...gateways: string[]): Promise<void> {
      for (const gateway of gateways)
        for (const { digest, size } of image.layers) {
          const url = `${gateway}/v2/team/app/blobs/${digest}?ns=${encodeURIComponent(proxy.host)}`
          const answer = await fetch(url, { headers: { authorization: `Basic ${BASIC}` } })
          expect((await answer.arrayBuffer()).byteLength).to.equal(size)
        }
    }

    /** Without a login, then with one. */
    async function twice(engine: Engine, root: string, gateway: string): Promise<Outcome | undefined> {
      const name = imageOf(engine, proxy.host)
      const stranger = await sessions.open(engine, { root })
      if (stranger === undefined) return undefined
      const refused = await refusal(stranger.session.pull(name))
      if (engine.startsWith('containerd')) return { refused, digest: await stranger.session.pull(name, LOGIN) }
      const logins = lab.path(`logins-${engine}`, engine === 'dockerd' ? '' : 'auth.json')
      await logIn(engine, logins, gateway)
      const friend = await sessions.open(engine, { root, logins })
      return { refused, digest: (await friend?.session.pull(name)) ?? '' }
    }

    /** As docs/containers.md has it. docker's own command would ask Docker Hub. */
    async function logIn(engine: Engine, file: string, gateway: string): Promise<void> {
      if (engine === 'dockerd') {
        await mkdir(file, { recursive: true })
        return await writeFile(path.join(file, 'config.json'), JSON.stringify({ auths: { [HUB]: { auth: BASIC } } }))
      }
      const flags = ['--authfile', file, '--tls-verify=false', '-u', 'alice', '-p', 's3cret']
      await mkdir(path.dirname(file), { recursive: true })
      await run(engine, ['login', ...flags, pathOf(gateway)])
    }

    for (const engine of ENGINES) {
      it(`${engine}: ${CELLS[engine].private}`, async function () {
        const outcome = await pulls.get(engine)
        if (outcome === undefined) return this.skip()
        expect(outcome.refused).to.match(/^refused/)
        expect(outcome.digest).to.equal(engine === 'containerd (CRI)' ? image.id : image.digest)
      })
    }

    it('each of the two gateways has read each layer once, and asked for few tokens', async () => {
      await Promise.all(pulls.values())
      // a single byte is asked for to see who may read
      const read = proxy.requests.filter(
        ({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status === 200,
      )
      for (const { digest } of image.layers) expect(read.filter(({ url }) => url.includes(digest))).to.have.length(2)
      if (kind === 'tokens') expect(tokens.seen.filter(({ shown }) => shown === 'alice').length).to.be.at.most(6)
    })
  })
}

// Private images: real engines with logins of their own, at a registry with htpasswd and at one with a token server. Without a
// login nothing is given, although the gateway has every layer.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { missingPrograms } from '../gateway/auth/registry-lab.ts'
import { TokenServer } from '../gateway/auth/token-server.ts'
import { CELLS } from './engine-cells.ts'
import { EngineGround } from './engine-ground.ts'
import { ENGINES, type Engine } from './engine-sessions.ts'
import { atOnce, imageOf, refusal, setUp } from './engine-setup.ts'
import { startGateway } from './gateway-lab.ts'

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
    let ground: EngineGround
    let tokens: TokenServer
    let pulls: ReadonlyMap<Engine, Promise<Outcome | undefined>>

    before(async function () {
      const missing = missingPrograms()
      if (missing.length > 0) {
        console.warn(`SKIPPED: not installed: ${missing.join(', ')}`)
        return this.skip()
      }
      ground = await EngineGround.open({
        layers: [100_000, 900_000],
        config: async registry => {
          tokens = await TokenServer.open(registry.dir)
          return kind === 'htpasswd' ? await registry.htpasswd() : tokens.config
        },
      })
      const { lab, proxy } = ground
      // the default registry is dockerd's, whose gateway has a place of its own: others find their registry in the path
      const [hub, other] = await Promise.all([startGateway(lab, 'hub', { registry: proxy.host }), startGateway(lab, 'home', {})])
      const rootOfHub = await setUp(lab, hub.url, proxy.host, 'root-hub')
      const root = await setUp(lab, other.url, proxy.host)
      await layersLieThere(other.url, hub.url)
      pulls = atOnce(engine => twice(engine, engine === 'dockerd' ? rootOfHub : root, other.url))
    })
    after(async () => {
      await ground?.close(pulls)
      await tokens?.close()
    })

    const pathOf = (gateway: string) => `${new URL(gateway).host}/${ground.proxy.host.replace(':', '_')}`

    /** Somebody who may has read them by every gateway. */
    async function layersLieThere(...gateways: string[]): Promise<void> {
      const { image, proxy } = ground
      for (const gateway of gateways)
        for (const { digest, size } of image.layers) {
          const url = `${gateway}/v2/team/app/blobs/${digest}?ns=${encodeURIComponent(proxy.host)}`
          const answer = await fetch(url, { headers: { authorization: `Basic ${BASIC}` } })
          expect((await answer.arrayBuffer()).byteLength).to.equal(size)
        }
    }

    /** Without a login, then with one. */
    async function twice(engine: Engine, root: string, gateway: string): Promise<Outcome | undefined> {
      const { lab, proxy, sessions } = ground
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
        expect(outcome.digest).to.equal(ground.digestFor(engine))
      })
    }

    it('each of the two gateways has read each layer once, and asked for few tokens', async () => {
      await Promise.all(pulls.values())
      const { image, proxy } = ground
      // a single byte is asked for to see who may read
      const read = proxy.requests.filter(
        ({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status === 200,
      )
      for (const { digest } of image.layers) expect(read.filter(({ url }) => url.includes(digest))).to.have.length(2)
      if (kind === 'tokens') expect(tokens.seen.filter(({ shown }) => shown === 'alice').length).to.be.at.most(6)
    })
  })
}

// The gateway is down: engines pull from the registry, with the files that `df gateway setup` has written.
import { mkdir, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { isInstalled } from '../gateway/auth/registry-lab.ts'
import { CELLS } from './engine-cells.ts'
import { EngineGround } from './engine-ground.ts'
import { ENGINES, type Engine } from './engine-sessions.ts'
import { atOnce, imageOf, setUp } from './engine-setup.ts'
import { has, makeCertificate, startGateway } from './gateway-lab.ts'
import { knowing } from './named-host.ts'

const HUB = 'registry-1.docker.io'

describe('container engines whose gateway is down', () => {
  let ground: EngineGround
  let pulls: ReadonlyMap<Engine, Promise<string | undefined>>

  before(async function () {
    if (!isInstalled('docker-registry') || !has('openssl', 'version')) {
      console.warn('SKIPPED: docker-registry is not installed')
      return this.skip()
    }
    ground = await EngineGround.open({ layers: [100_000, 900_000] })
    const { lab, proxy, sessions } = ground
    const gateway = await startGateway(lab, 'home', { registry: proxy.host })
    const root = await setUp(lab, gateway.url, proxy.host)
    gateway.daemon.child.kill('SIGKILL')
    await gateway.daemon.ended
    makeCertificate(lab, 'hub', `DNS:${HUB}`)
    pulls = atOnce(async engine => {
      const options =
        engine === 'dockerd' ? { root, env: { SSL_CERT_FILE: lab.path('hub.pem') }, inside: await besideHub() } : { root }
      const opened = await sessions.open(engine, options)
      return await opened?.session.pull(imageOf(engine, proxy.host))
    })
  })
  after(async () => {
    await ground?.close(pulls)
  })

  /** Words before dockerd: a network of its own in which this registry is Docker Hub, and nothing answers at the gateway's address. */
  async function besideHub(): Promise<string[]> {
    const { lab, registry } = ground
    await mkdir(lab.path('hub'))
    const config = `version: 0.1
log: {level: info}
storage: {filesystem: {rootdirectory: ${registry.dir}/store}}
http: {addr: '127.0.0.1:443', tls: {certificate: ${lab.path('hub.pem')}, key: ${lab.path('hub.key')}}}
`
    await writeFile(lab.path('hub', 'registry.yml'), config)
    // ends the registry with dockerd; 01BB is port 443
    const script = `ip link set lo up || exit 1
docker-registry serve "$0" > /dev/null 2>&1 & hub=$!
until grep -q ':01BB ' /proc/net/tcp; do kill -0 $hub || exit 1; sleep 0.05; done
"$@" & own=$!
trap 'kill $own' TERM
wait $own; wait $own; kill $hub`
    return [...(await knowing(lab, HUB)), 'unshare', '-n', 'sh', '-c', script, lab.path('hub', 'registry.yml')]
  }

  for (const engine of ENGINES) {
    it(`${engine}: ${CELLS[engine].fallback}`, async function () {
      const digest = await pulls.get(engine)
      if (digest === undefined) return this.skip()
      expect(digest).to.equal(ground.digestFor(engine))
    })
  }
})

// Real engines pull through the gateway as their HTTP proxy: from a registry with http, from one with https whose TLS the gateway
// ends, and from one with a token server.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { missingPrograms, RegistryLab } from '../gateway/auth/registry-lab.ts'
import { TokenServer } from '../gateway/auth/token-server.ts'
import { CELLS } from './engine-cells.ts'
import { type EngineImage, engineImage } from './engine-image.ts'
import { ENGINES, type Engine } from './engine-sessions.ts'
import { atOnce, refusal, Sessions } from './engine-setup.ts'
import { makeCertificate, startGateway } from './gateway-lab.ts'
import { isRoot, Lab } from './lab.ts'
import { knowing } from './named-host.ts'

/** Programs written in Go use no proxy for loopback addresses. Only the gateway knows these names. */
const NAMES = { http: 'open.lab', https: 'secure.lab', private: 'private.lab' }
const LOGIN = 'alice:s3cret'
const KINDS = ['http', 'https', 'private'] as const
type Kind = (typeof KINDS)[number]

describe('container engines with the gateway as their proxy', () => {
  let lab: Lab
  let registry: RegistryLab
  let tokens: TokenServer
  let sessions: Sessions
  const logs: Record<Kind, string[]> = { http: [], https: [], private: [] }
  const hosts = {} as Record<Kind, string>
  const images = {} as Record<Kind, EngineImage>
  let pulls: ReadonlyMap<Engine, Promise<Record<string, string> | undefined>>

  before(async function () {
    const missing = missingPrograms()
    if (missing.length > 0 || !isRoot()) {
      console.warn(missing.length > 0 ? `SKIPPED: not installed: ${missing.join(', ')}` : 'SKIPPED: it needs root')
      return this.skip()
    }
    lab = await Lab.open()
    registry = await RegistryLab.open()
    tokens = await TokenServer.open(registry.dir)
    sessions = new Sessions(lab)
    for (const kind of KINDS) images[kind] = await engineImage(registry, lab, [100_000, 900_000], `${kind}/app`)
    makeCertificate(lab, 'registry', `DNS:${NAMES.https}`)
    const start = async (kind: Kind, auth: string, tls?: string) => {
      const url = await registry.registry(auth, line => void logs[kind].push(line), tls)
      hosts[kind] = `${NAMES[kind]}:${new URL(url).port}`
    }
    await Promise.all([start('http', ''), start('https', '', lab.path('registry')), start('private', tokens.config)])
    expect((await lab.df(['gateway', 'ca', '--out', lab.path('ca.pem')], 'home').ended).code).to.equal(0)
    const rules = [{ match: '^https?://[a-z]+\\.lab[:/]', action: 'swarm' }]
    const trust = ['--cacert', lab.path('registry.pem')]
    const { url } = await startGateway(
      lab,
      'home',
      { rules, intercept: [NAMES.https] },
      trust,
      await knowing(lab, ...Object.values(NAMES)),
    )
    pulls = atOnce(engine => pullAll(engine, url))
  })
  after(async () => {
    await Promise.allSettled(pulls?.values() ?? [])
    await sessions?.close()
    await lab?.close()
    await tokens?.close()
    await registry?.close()
  })

  async function pullAll(engine: Engine, proxy: string): Promise<Record<string, string> | undefined> {
    const env = {
      HTTP_PROXY: proxy,
      HTTPS_PROXY: proxy,
      http_proxy: proxy,
      https_proxy: proxy,
      SSL_CERT_FILE: lab.path('ca.pem'),
    }
    const image = (kind: Kind) => `${hosts[kind]}/${kind}/app:v1`
    const logins = lab.path(`logins-${engine}`, engine === 'dockerd' ? '' : 'config.json')
    const folder = engine === 'dockerd' ? logins : path.dirname(logins)
    await mkdir(folder, { recursive: true })
    const auths = { [hosts.private]: { auth: Buffer.from(LOGIN).toString('base64') } }
    await writeFile(path.join(folder, 'config.json'), JSON.stringify({ auths }))
    const isClient = !engine.startsWith('containerd') && engine !== 'dockerd'
    const plain = [hosts.http, hosts.private]
    const daemons = { env, plain }
    const options = isClient ? { env } : daemons
    const secure = await sessions.open(engine, options)
    if (secure === undefined) return undefined
    const open = isClient ? await sessions.open(engine, { env, plain }) : secure
    const friend = isClient ? await sessions.open(engine, { env, plain, logins }) : secure
    const known = engine === 'dockerd' ? await sessions.open(engine, { ...daemons, logins }) : friend
    const digests: Record<string, string> = {}
    digests.https = await secure.session.pull(image('https'))
    digests.http = (await open?.session.pull(image('http'))) ?? ''
    digests.private = (await known?.session.pull(image('private'), LOGIN)) ?? ''
    // by now the gateway has its layers
    const stranger = await sessions.open(engine, isClient ? { env, plain } : daemons)
    digests.refused = await refusal(stranger?.session.pull(image('private')) ?? Promise.resolve())
    return digests
  }

  for (const engine of ENGINES) {
    it(`${engine}: ${CELLS[engine].proxy}`, async function () {
      const digests = await pulls.get(engine)
      if (digests === undefined) return this.skip()
      for (const kind of KINDS)
        expect(digests[kind], kind).to.equal(images[kind][engine === 'containerd (CRI)' ? 'id' : 'digest'])
      expect(digests.refused).to.match(/^refused/)
    })
  }

  it('the registries were read once for all of them', async () => {
    await Promise.all(pulls.values())
    for (const kind of KINDS) {
      const served = logs[kind].filter(line => /"GET \S+\/blobs\/\S+ HTTP\/[\d.]+" 200/.test(line))
      for (const { digest } of images[kind].layers)
        expect(
          served.filter(line => line.includes(digest)),
          kind,
        ).to.have.length(1)
    }
  })
})

// Tokens and the mirror: what engines show, what the gateway asks for by itself, and who is given what.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import type { GatewayOptions } from '../../../src/gateway/gateway.ts'
import type { NodeOptions } from '../../../src/node/api/node-options.ts'
import { World } from '../../world/world.ts'
import { type Image, RegistryLab } from '../auth/registry-lab.ts'
import { TokenServer } from '../auth/token-server.ts'
import { FaultProxy } from './fault-proxy.ts'
import { ACCEPT, ALICE, skipWithoutRegistry, startMirror } from './mirror-lab.ts'

const NOBODY = `Basic ${Buffer.from(':').toString('base64')}`
const SIZE = 1_000_000

describe('the registry mirror and a token server', () => {
  before(skipWithoutRegistry)

  let world: World
  let lab: RegistryLab
  let tokens: TokenServer
  let proxy: FaultProxy
  let open: Image
  let secret: Image

  beforeEach(async () => {
    world = await World.open()
    lab = await RegistryLab.open()
    world.atEnd(() => lab.close())
    tokens = await TokenServer.open(lab.dir)
    world.atEnd(() => tokens.close())
    open = await lab.image('public/app', 'v1', SIZE)
    secret = await lab.image('team/app', 'v1', SIZE)
    proxy = await FaultProxy.before(await lab.registry(tokens.config))
    world.atEnd(() => proxy.close())
  })
  afterEach(() => world.close())

  const gateway = (options: Partial<GatewayOptions> = {}, more?: NodeOptions) => startMirror(world, options, more)

  const urlOf = (at: string, rest: string) => `${at}/v2/${rest}?ns=${encodeURIComponent(proxy.host)}`
  const manifestOf = (at: string, name: string) => urlOf(at, `${name}/manifests/v1`)
  const blobOf = (at: string, name: string, image: Image) => urlOf(at, `${name}/blobs/${image.layers[0]?.digest}`)
  const ask = async (url: string, authorization?: string) => {
    const answer = await fetch(url, {
      headers: { accept: ACCEPT, connection: 'close', ...(authorization !== undefined && { authorization }) },
    })
    return {
      status: answer.status,
      challenge: answer.headers.get('www-authenticate') ?? '',
      body: Buffer.from(await answer.arrayBuffer()),
    }
  }
  /** As engines do it: the challenge of a refusal, the token, the request again. */
  async function pull(at: string, name: string, image: Image, login: string): Promise<number[]> {
    const { challenge } = await ask(manifestOf(at, name))
    const [realm, service, scope] = ['realm', 'service', 'scope'].map(
      key => new RegExp(`${key}="([^"]*)"`).exec(challenge)?.[1] ?? '',
    )
    const url = new URL(realm as string)
    url.searchParams.set('service', service as string)
    url.searchParams.set('scope', scope as string)
    const answer = await ask(url.href, login)
    const { token } = answer.status === 200 ? JSON.parse(answer.body.toString()) : { token: 'none' }
    const read = [manifestOf(at, name), blobOf(at, name, image)].map(each => ask(each, `Bearer ${token}`))
    return (await Promise.all(read)).map(({ status }) => status)
  }

  it('reads what anybody may read for guests that show nothing, with one token for all', async () => {
    const at = await gateway()
    const guests = Array.from({ length: 50 }, async (_, i) => {
      const shown = i % 2 === 0 ? undefined : NOBODY
      const manifest = await ask(manifestOf(at, 'public/app'), shown)
      return [manifest.status, (await ask(blobOf(at, 'public/app', open), shown)).body.equals(open.layers[0]?.bytes as Buffer)]
    })
    for (const got of await Promise.all(guests)) expect(got).to.deep.equal([200, true])
    expect(tokens.seen).to.have.length(1)
    expect(proxy.blobReads()).to.equal(1)
  })

  it('shares it with other hosts as public, whatever their tokens', async () => {
    const seed = await world.seed()
    for (let host = 0; host < 2; host++) {
      const at = await gateway({}, { seeds: [seed.address] })
      await ask(manifestOf(at, 'public/app'))
      expect((await ask(blobOf(at, 'public/app', open))).body.length).to.equal(SIZE)
    }
    const bodies = proxy.requests.filter(
      ({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status === 200,
    )
    expect(bodies).to.have.length(1)
  })

  it('gives it when registry and token server are gone, and nothing private', async () => {
    const at = await gateway()
    for (const name of ['public/app', 'team/app'] as const) await ask(manifestOf(at, name))
    expect((await ask(blobOf(at, 'public/app', open))).status).to.equal(200)
    expect(await pull(at, 'team/app', secret, ALICE)).to.deep.equal([200, 200])
    const known = [manifestOf(at, 'public/app'), blobOf(at, 'public/app', open), blobOf(at, 'team/app', secret)] as const
    await Promise.all([proxy.close(), tokens.close()])
    expect((await ask(known[0])).status).to.equal(200)
    expect((await ask(known[1])).body.length).to.equal(SIZE)
    expect((await ask(known[2])).status).to.be.oneOf([401, 502])
  })

  it('asks for one token for 50 simultaneous pulls of a private image, and reads it once', async () => {
    const at = await gateway()
    const got = await Promise.all(Array.from({ length: 50 }, () => pull(at, 'team/app', secret, ALICE)))
    for (const statuses of got) expect(statuses).to.deep.equal([200, 200])
    expect(tokens.seen.filter(({ shown }) => shown === 'alice')).to.have.length(1)
    expect(tokens.seen.length).to.be.at.most(5)
    const bodies = proxy.requests.filter(
      ({ method, url, status }) => method === 'GET' && url.includes('/blobs/') && status === 200,
    )
    expect(bodies).to.have.length(1)
  })

  it('gives a private image to nobody without its secret, although it is there', async () => {
    const at = await gateway()
    expect(await pull(at, 'team/app', secret, ALICE)).to.deep.equal([200, 200])
    for (const login of [NOBODY, `Basic ${Buffer.from('alice:wrong').toString('base64')}`]) {
      expect(await pull(at, 'team/app', secret, login), login).to.deep.equal([401, 401])
    }
    for (const shown of [undefined, NOBODY, 'Bearer x']) {
      expect((await ask(blobOf(at, 'team/app', secret), shown)).status, shown).to.equal(401)
      // nor by the name of a repository that anybody may read
      expect((await ask(blobOf(at, 'public/app', secret), shown)).status, shown).to.be.oneOf([401, 404])
    }
  })

  it('uses logins of its own for who shows none, where it was given some', async () => {
    const file = path.join(lab.dir, 'logins.json')
    await writeFile(file, JSON.stringify({ auths: { [proxy.host]: { auth: ALICE.slice('Basic '.length) } } }))
    const at = await gateway({ mirror: { credentials: file } })
    expect((await ask(manifestOf(at, 'team/app'))).status).to.equal(200)
    expect((await ask(blobOf(at, 'team/app', secret), NOBODY)).body.length).to.equal(SIZE)
    expect((await ask(manifestOf(await gateway(), 'team/app'))).status).to.equal(401)
  })

  describe('engines that name the registry in the path (podman, buildah, skopeo)', () => {
    const PODMAN = { 'docker-distribution-api-version': 'registry/2.0' }
    const inPath = (at: string, rest: string) => `${at}/v2/${proxy.host.replace(':', '_')}/${rest}`
    const ping = async (at: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${at}/v2/`, { headers: { ...PODMAN, ...headers } })
      return [answer.status, answer.headers.get('www-authenticate')?.split(' ')[0] ?? '']
    }

    it('are asked for a login first, and nothing is asked of the registry for that', async () => {
      const at = await gateway()
      expect(await ping(at)).to.deep.equal([401, 'Basic'])
      expect(await ping(at, { authorization: NOBODY })).to.deep.equal([200, ''])
      expect(await ping(at, { authorization: ALICE })).to.deep.equal([200, ''])
      expect(proxy.requests).to.deep.equal([])
    })

    it('get private images by name and password, for one token, and nobody gets them without', async () => {
      const at = await gateway()
      const [manifest, blob] = [inPath(at, 'team/app/manifests/v1'), inPath(at, `team/app/blobs/${secret.layers[0]?.digest}`)]
      for (let pull = 0; pull < 3; pull++) {
        expect((await ask(manifest, ALICE)).status).to.equal(200)
        expect((await ask(blob, ALICE)).body.length).to.equal(SIZE)
      }
      expect(tokens.seen.map(({ shown, scope }) => ({ shown, scope }))).to.deep.equal([
        { shown: 'alice', scope: ['repository:team/app:pull'] },
      ])
      const wrong = `Basic ${Buffer.from('alice:wrong').toString('base64')}`
      for (const shown of [undefined, NOBODY, wrong])
        for (const url of [manifest, blob]) expect((await ask(url, shown)).status, shown).to.equal(401)
      // the registry has not asked for the password: its token server has
      expect(proxy.requests.filter(({ authorization }) => authorization?.startsWith('Basic'))).to.deep.equal([])
    })

    it('and what anybody may read as before, shared as public with who shows no login', async () => {
      const at = await gateway()
      const blob = inPath(at, `public/app/blobs/${open.layers[0]?.digest}`)
      for (const shown of [NOBODY, undefined]) expect((await ask(blob, shown)).body.length).to.equal(SIZE)
      expect(proxy.blobReads()).to.equal(1)
    })
  })
})

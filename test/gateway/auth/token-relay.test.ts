// The token relay in front of a real registry with a token server; skopeo as the engine where it is installed.
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { TokenRelay } from '../../../src/gateway/auth/token-relay.ts'
import { guestOf } from '../../../src/gateway/front/guest.ts'
import { ask, giveBack } from '../../../src/gateway/front/relay.ts'
import { parseChallenges } from '../../../src/origin/registries/challenge.ts'
import { TokenServers } from '../../../src/origin/registries/token-servers.ts'
import { Tokens } from '../../../src/origin/registries/tokens.ts'
import { Upstream } from '../../../src/origin/upstream.ts'
import { isInstalled, missingPrograms, RegistryLab } from './registry-lab.ts'
import { TokenServer } from './token-server.ts'

const missing = missingPrograms()
const run = promisify(execFile)

describe('token relay', () => {
  if (missing.length > 0) {
    it(`SKIPPED: ${missing.join(', ')} not installed`, function () {
      this.skip()
    })
    return
  }

  let lab: RegistryLab
  let server: TokenServer
  let upstream: Upstream
  let front: Server
  let gateway: string
  let registry: URL
  let tokens: Tokens
  before(async () => {
    lab = await RegistryLab.open()
    server = await TokenServer.open(lab.dir)
    await lab.image('team/app', 'v1', 1000)
    registry = new URL(await lab.registry(server.config))
    upstream = new Upstream({})
  })
  after(async () => {
    await upstream?.stop()
    await server?.close()
    await lab?.close()
  })
  beforeEach(async () => {
    server.seen.length = 0
    server.busy.length = 0
    server.life = 300
    const servers = new TokenServers(upstream)
    tokens = new Tokens(servers)
    const relay = new TokenRelay(servers, tokens)
    front = createServer(async (request, response) => {
      const guest = guestOf(request, response)
      if (relay.isAsked(request)) return await relay.handle(guest)
      const answer = await ask(upstream, guest, new URL(request.url ?? '/', registry))
      const headers = answer.status === 401 ? relay.redirected(answer.headers, registry, request) : answer.headers
      return await giveBack(guest, { ...answer, headers })
    })
    await new Promise<void>(resolve => front.listen(0, '127.0.0.1', resolve))
    gateway = `http://127.0.0.1:${(front.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    front.closeAllConnections()
    await new Promise(resolve => front.close(resolve))
  })

  /** As an engine does it: to the realm of the challenge, with its service and scope. */
  async function tokenUrl(repository = 'team/app'): Promise<URL> {
    const answer = await fetch(`${gateway}/v2/${repository}/manifests/v1`)
    expect(answer.status).to.equal(401)
    const [challenge] = parseChallenges(answer.headers.get('www-authenticate') ?? '')
    const params = challenge?.params ?? new Map<string, string>()
    const url = new URL(params.get('realm') ?? '')
    expect(url.origin).to.equal(gateway)
    url.searchParams.set('service', params.get('service') ?? '')
    url.searchParams.set('scope', params.get('scope') ?? '')
    return url
  }

  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const ALICE = basic('alice:s3cret')

  it('200 engines with one credential cost one token request, and each can pull', async () => {
    const url = await tokenUrl()
    const answers = await Promise.all(Array.from({ length: 200 }, () => fetch(url, { headers: ALICE })))
    const given = (await Promise.all(answers.map(answer => answer.json()))) as Array<{ token: string }>
    expect(new Set(given.map(({ token }) => token)).size).to.equal(1)
    expect(server.seen).to.deep.equal([{ method: 'GET', shown: 'alice', scope: ['repository:team/app:pull'] }])
    const headers = { authorization: `Bearer ${given[0]?.token}`, accept: 'application/vnd.oci.image.manifest.v1+json' }
    expect((await fetch(`${gateway}/v2/team/app/manifests/v1`, { headers })).status).to.equal(200)
  })

  it('different credentials share nothing; a wrong one is refused, also while the right one is under way', async () => {
    const url = await tokenUrl()
    const [right, wrong, none] = await Promise.all([
      fetch(url, { headers: ALICE }),
      fetch(url, { headers: basic('alice:wr0ng') }),
      fetch(url),
    ])
    expect([right.status, wrong.status, none.status]).to.deep.equal([200, 401, 200])
    expect(await wrong.text()).to.equal('{"errors":[]}')
    const [a, b] = (await Promise.all([right.json(), none.json()])) as Array<{ token: string }>
    expect(a?.token).to.not.equal(b?.token)
    expect(server.seen.map(({ shown }) => shown).toSorted()).to.deep.equal(['', 'alice', 'alice'])
    expect((await fetch(url, { headers: basic('alice:wr0ng') })).status).to.equal(401)
    // only the one without credentials is anybody's
    expect(tokens.isAnonymous(registry, `Bearer ${b?.token}`)).to.equal(true)
    expect(tokens.isAnonymous(registry, `Bearer ${a?.token}`)).to.equal(false)
    expect(tokens.isAnonymous(new URL('http://other.example'), `Bearer ${b?.token}`)).to.equal(false)
  })

  it('a form of OAuth 2.0 (containerd) is shared by the same form alone, and shows a credential', async () => {
    const url = await tokenUrl()
    const form = (password: string) => {
      const fields = {
        grant_type: 'password',
        client_id: 'containerd-client',
        username: 'alice',
        password,
        scope: 'repository:team/app:pull',
      }
      return fetch(url, { method: 'POST', body: new URLSearchParams(fields) })
    }
    const answers = await Promise.all([form('s3cret'), form('s3cret'), form('wr0ng'), form('s3cret')])
    expect(answers.map(({ status }) => status)).to.deep.equal([200, 200, 401, 200])
    expect(server.seen).to.have.length(2)
    const { access_token: token } = (await (answers[0] as Response).json()) as { access_token: string }
    expect(tokens.isAnonymous(registry, `Bearer ${token}`)).to.equal(false)
  })

  it('an answer is shared until it expires', async () => {
    server.life = 1
    const url = await tokenUrl()
    const first = await (await fetch(url, { headers: ALICE })).text()
    while ((await (await fetch(url, { headers: ALICE })).text()) === first) await new Promise(setImmediate)
    expect(server.seen).to.have.length(2)
  })

  it('429 with Retry-After is waited for, and a longer one told to the engine', async () => {
    const url = await tokenUrl()
    server.busy.push({ status: 429, retryAfter: '1' })
    expect((await fetch(url, { headers: ALICE })).status).to.equal(200)
    server.busy.push({ status: 429, retryAfter: '100' })
    const busy = await fetch(url)
    expect([busy.status, busy.headers.get('retry-after')]).to.deep.equal([429, '100'])
    const later = await fetch(url, { headers: basic('alice:other') })
    expect(later.status).to.equal(429)
    expect(Number(later.headers.get('retry-after'))).to.be.within(1, 100)
    expect(server.seen).to.have.length(3)
  })

  it('is no open relay: what this process has not signed is refused', async () => {
    const url = await tokenUrl()
    for (const [name, value] of [
      ['realm', 'http://127.0.0.1:1/'],
      ['registry', 'http://other.example'],
      ['signature', 'x'.repeat(43)],
      ['signature', ''],
    ] as const) {
      const forged = new URL(url)
      forged.searchParams.set(name, value)
      expect((await fetch(forged)).status, name).to.equal(403)
    }
    const twice = new URL(url)
    twice.searchParams.append('realm', 'http://127.0.0.1:1/')
    expect((await fetch(twice)).status).to.equal(200)
    expect((await fetch(`${gateway}/_dragonfly/token`)).status).to.equal(403)
    expect((await fetch(url, { method: 'PUT' })).status).to.equal(405)
    expect((await fetch(`${url.href}&x=${'x'.repeat(9000)}`)).status).to.equal(414)
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(40_000) })).status).to.equal(413)
    expect(server.seen).to.have.length(1)
  })

  it('skopeo takes its token through the relay', async function () {
    if (!isInstalled('skopeo')) this.skip()
    const source = `docker://${new URL(gateway).host}/team/app:v1`
    const copy = (to: string, login: string) =>
      run('skopeo', ['copy', '-q', '--src-tls-verify=false', '--src-creds', login, source, `dir:${path.join(lab.dir, to)}`])
    await Promise.all(['a', 'b', 'c'].map(to => copy(to, 'alice:s3cret')))
    expect(server.seen).to.have.length(1)
    const refused = await copy('d', 'alice:wr0ng').then(
      () => '',
      error => String(error),
    )
    expect(refused).to.match(/invalid username\/password|unauthorized|401/i)
  })

  it('leaves the realm alone for an engine on another host when the token server has https', () => {
    const relay = new TokenRelay(new TokenServers(upstream), tokens)
    const from = (remoteAddress: string) =>
      ({ headers: { host: 'gateway:65001' }, socket: { remoteAddress, localAddress: '10.0.0.1' } }) as never
    const secure = ['WWW-Authenticate', 'Bearer realm="https://auth.example/token",service="s"', 'x', 'y']
    const at = (remote: string, headers = secure, of = 'https://reg.example') =>
      relay.redirected(headers, new URL(of), from(remote)).join(' ')
    expect(at('10.0.0.2')).to.equal(secure.join(' '))
    for (const remote of ['10.0.0.1', '127.0.0.1', '::ffff:127.0.0.1', '::1'])
      expect(at(remote), remote).to.match(
        /^x y WWW-Authenticate Bearer realm="http:\/\/gateway:65001\/_dragonfly\/token\?[^"]*",service="s"$/,
      )
    const plain = ['WWW-Authenticate', 'Bearer realm="http://auth.example/token"']
    expect(at('10.0.0.2', plain, 'http://reg.example')).to.include('http://gateway:65001/_dragonfly/token')
    const basicOnly = ['WWW-Authenticate', 'Basic realm="a"']
    expect(at('127.0.0.1', basicOnly)).to.equal(basicOnly.join(' '))
  })
})

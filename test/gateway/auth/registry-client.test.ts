// The registry client against real registries: open, with htpasswd, and with a token server.
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { expect } from 'chai'
import { Credentials } from '../../../src/origin/registries/credentials.ts'
import { type RegistryAnswer, RegistryClient } from '../../../src/origin/registries/registry-client.ts'
import { TokenServers } from '../../../src/origin/registries/token-servers.ts'
import { Tokens } from '../../../src/origin/registries/tokens.ts'
import { Upstream } from '../../../src/origin/upstream.ts'
import { type Image, missingPrograms, RegistryLab } from './registry-lab.ts'
import { TokenServer } from './token-server.ts'

const NEVER = new AbortController().signal
const missing = missingPrograms()

describe('registry client', () => {
  if (missing.length > 0) {
    it(`SKIPPED: ${missing.join(', ')} not installed`, function () {
      this.skip()
    })
    return
  }

  let lab: RegistryLab
  let server: TokenServer
  let upstream: Upstream
  let secret: Image
  let withTokens: string
  before(async () => {
    lab = await RegistryLab.open()
    server = await TokenServer.open(lab.dir)
    secret = await lab.image('team/app', 'v1', 1000)
    await lab.image('public/app', 'v1', 1000)
    withTokens = await lab.registry(server.config)
  })
  after(async () => {
    await server?.close()
    await lab?.close()
  })
  beforeEach(() => {
    upstream = new Upstream({})
    server.seen.length = 0
    server.busy.length = 0
    server.life = 300
    server.atOnce = 0
  })
  afterEach(() => upstream.stop())

  async function clientOf(entry?: Record<string, string>, key = new URL(withTokens).host): Promise<RegistryClient> {
    const tokens = new Tokens(new TokenServers(upstream))
    if (entry === undefined) return new RegistryClient(upstream, { tokens })
    const file = path.join(lab.dir, `credentials-${Math.random()}.json`)
    await writeFile(file, JSON.stringify({ auths: { [key]: entry } }))
    return new RegistryClient(upstream, { tokens, credentials: new Credentials({ files: [file], env: {} }) })
  }

  async function asked(
    client: RegistryClient,
    repository = 'team/app',
    registry = withTokens,
    more: { authorization?: string; signal?: AbortSignal } = {},
  ): Promise<RegistryAnswer & { text: string }> {
    const answer = await client.request({
      registry: new URL(registry),
      method: 'GET',
      path: `/v2/${repository}/manifests/v1`,
      headers: ['accept', 'application/vnd.oci.image.manifest.v1+json'],
      scope: `repository:${repository}:pull`,
      signal: NEVER,
      ...more,
    })
    return { ...answer, text: await text(answer.body) }
  }

  const ALICE = { username: 'alice', password: 's3cret' }

  for (const count of [50, 200]) {
    it(`${count} simultaneous requests with one credential cost one token request, and later ones none`, async () => {
      const client = await clientOf(ALICE)
      const answers = await Promise.all(Array.from({ length: count }, () => asked(client)))
      expect(answers.map(({ status }) => status)).to.deep.equal(Array(count).fill(200))
      expect(answers.every(({ anonymous, authorization }) => !anonymous && authorization?.startsWith('Bearer '))).to.equal(true)
      expect(server.seen).to.deep.equal([{ method: 'GET', shown: 'alice', scope: ['repository:team/app:pull'] }])
      expect((await asked(client)).text).to.include(secret.config.digest)
      expect(server.seen).to.have.length(1)
    })
  }

  it('many scopes at the same time: four requests at a time', async () => {
    const client = await clientOf(ALICE)
    await Promise.all(Array.from({ length: 40 }, (_, i) => asked(client, `team/app${i}`)))
    expect(server.seen).to.have.length(40)
    expect(server.atOnce).to.be.within(2, 4)
  })

  it('without credentials: what is public, and says so; what is private stays 401 with the words of the registry', async () => {
    const client = await clientOf()
    const open = await asked(client, 'public/app')
    expect(open).to.include({ status: 200, anonymous: true })
    expect(open.authorization).to.match(/^Bearer /)
    const closed = await asked(client)
    expect(closed.status).to.equal(401)
    expect(closed.text).to.include('UNAUTHORIZED')
  })

  it('a wrong secret is 401, asked for once for a while, and never told', async () => {
    const client = await clientOf({ username: 'alice', password: 'wr0ng' })
    const [first, second] = [await asked(client), await asked(client)]
    for (const { status, text: body, failure } of [first, second]) {
      expect(status).to.equal(401)
      expect(body).to.include('UNAUTHORIZED')
      expect(failure?.code).to.equal('origin-forbidden')
      expect(`${failure?.message} ${failure?.hint}`).to.not.match(/wr0ng|alice/)
    }
    expect(server.seen).to.have.length(1)
  })

  it('a refresh token is sent by POST, and `access_token` counts', async () => {
    const client = await clientOf({ identitytoken: 'refresh-of-alice' })
    expect(await asked(client)).to.include({ status: 200, anonymous: false })
    expect(server.seen).to.deep.equal([{ method: 'POST', shown: 'refresh', scope: ['repository:team/app:pull'] }])
  })

  it('a registry token is shown as it is', async () => {
    const { authorization = '' } = await asked(await clientOf(ALICE))
    server.seen.length = 0
    const client = await clientOf({ registrytoken: authorization.replace('Bearer ', '') })
    expect(await asked(client)).to.include({ status: 200, anonymous: false, authorization })
    expect(server.seen).to.deep.equal([])
  })

  it('a token that expires is asked for again, by one', async () => {
    server.life = 1
    const client = await clientOf(ALICE)
    const first = (await asked(client)).authorization
    while ((await asked(client)).authorization === first) await new Promise(setImmediate)
    expect(server.seen).to.have.length(2)
  })

  it('the authorization for requests of others is the one that is known', async () => {
    const client = await clientOf(ALICE)
    const question = { registry: new URL(withTokens), scope: 'repository:team/app:pull', signal: NEVER }
    expect(await client.authorization(question)).to.deep.equal({ authorization: undefined, anonymous: true })
    const { authorization } = await asked(client)
    expect(await client.authorization(question)).to.deep.equal({ authorization, anonymous: false })
    expect(server.seen).to.have.length(1)
  })

  it('429 with Retry-After: everybody waits for so long, and nobody asks twice', async () => {
    server.busy.push({ status: 429, retryAfter: '1' })
    const client = await clientOf(ALICE)
    const begun = performance.now()
    const answers = await Promise.all(Array.from({ length: 20 }, () => asked(client)))
    expect(answers.every(({ status }) => status === 200)).to.equal(true)
    expect(performance.now() - begun).to.be.at.least(1000)
    expect(server.seen).to.have.length(2)
  })

  it('503 with a longer Retry-After than one waits for: the 401 of the registry, and no further request', async () => {
    server.busy.push({ status: 503, retryAfter: '600' })
    const client = await clientOf(ALICE)
    const first = await asked(client)
    expect(first.status).to.equal(401)
    expect(first.failure).to.include({ code: 'origin-error', status: 503, retryAfter: 600_000 })
    // another scope at the same server
    const second = await asked(client, 'team/other')
    expect(second.failure?.message).to.match(/asked to wait another \d+ s/)
    expect(server.seen).to.have.length(1)
  })

  it('an Authorization of an engine is passed on, and a refusal is left to it', async () => {
    const client = await clientOf(ALICE)
    const answer = await asked(client, 'team/app', withTokens, { authorization: 'Bearer nonsense' })
    expect(answer).to.include({ status: 401, authorization: 'Bearer nonsense', anonymous: false })
    expect(server.seen).to.deep.equal([])
    const { authorization = '' } = await asked(client)
    expect(await asked(client, 'team/app', withTokens, { authorization })).to.include({ status: 200, anonymous: false })
  })

  it('a token that this gateway had anonymously is known as such when an engine shows it', async () => {
    const client = await clientOf()
    const { authorization = '' } = await asked(client, 'public/app')
    expect(await asked(client, 'public/app', withTokens, { authorization })).to.include({ status: 200, anonymous: true })
  })

  it('who gives up ends its own wait only', async () => {
    server.busy.push({ status: 429, retryAfter: '1' })
    const client = await clientOf(ALICE)
    const patient = asked(client)
    const outcome = await asked(client, 'team/app', withTokens, { signal: AbortSignal.timeout(300) }).then(
      () => 'answered',
      error => (error as Error).name,
    )
    expect(outcome).to.be.oneOf(['AbortError', 'TimeoutError'])
    expect((await patient).status).to.equal(200)
  })

  it('Basic: with htpasswd', async () => {
    const registry = await lab.registry(await lab.htpasswd())
    const host = new URL(registry).host
    const client = await clientOf(ALICE, `${host}/team`)
    expect(await asked(client, 'team/app', registry)).to.include({ status: 200, anonymous: false })
    expect(await asked(client, 'public/app', registry)).to.include({ status: 401 })
    expect(await asked(await clientOf({ username: 'alice', password: 'wr0ng' }, host), 'team/app', registry)).to.include({
      status: 401,
    })
    expect(await asked(await clientOf(), 'team/app', registry)).to.include({
      status: 401,
      anonymous: true,
      authorization: undefined,
    })
  })
})

import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { expect } from 'chai'
import type { GatewayOptions } from '../../../src/gateway/gateway.ts'
import { World } from '../../world/world.ts'
import { type Image, RegistryLab } from '../auth/registry-lab.ts'
import { FaultProxy } from './fault-proxy.ts'
import { ALICE, ask, skipWithoutRegistry, startMirror } from './mirror-lab.ts'

describe('the registry mirror', () => {
  before(skipWithoutRegistry)

  let world: World
  let lab: RegistryLab
  let image: Image
  let proxy: FaultProxy

  beforeEach(async () => {
    world = await World.open()
    lab = await RegistryLab.open()
    world.atEnd(() => lab.close())
    image = await lab.image('team/app', 'v1', 300_000, 3_000_000)
    proxy = await front(await lab.registry())
  })
  afterEach(() => world.close())

  async function front(registry: string): Promise<FaultProxy> {
    const made = await FaultProxy.before(registry)
    world.atEnd(() => made.close())
    return made
  }

  const gateway = (options: Partial<GatewayOptions> = {}) => startMirror(world, options)

  const ns = (host = proxy.host) => `?ns=${encodeURIComponent(host)}`
  const blobOf = (at: string, n = 1) => `${at}/v2/team/app/blobs/${image.layers[n]?.digest}${ns()}`

  it('gives manifests as the registry does, by tag and digest, with HEAD and GET', async () => {
    const at = await gateway()
    for (const reference of ['v1', image.digest]) {
      const url = `${at}/v2/team/app/manifests/${reference}${ns()}`
      const straight = await ask(`http://${proxy.host}/v2/team/app/manifests/${reference}`)
      for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
        const { status, headers, body } = await ask(url, {}, method)
        expect(status).to.equal(200)
        for (const name of ['content-type', 'content-length', 'docker-content-digest'])
          expect(headers[name]).to.equal(straight.headers[name])
        expect(body.equals(method === 'GET' ? straight.body : Buffer.alloc(0))).to.equal(true)
      }
    }
  })

  it('asks for a digest once, and for a tag every time, so that a moved tag is seen at once', async () => {
    const at = await gateway()
    const read = async (reference: string) =>
      (await ask(`${at}/v2/team/app/manifests/${reference}${ns()}`)).headers['docker-content-digest']
    expect(await read('v1')).to.equal(image.digest)
    const { length } = proxy.requests
    expect(await read(image.digest)).to.equal(image.digest)
    expect(proxy.requests.length).to.equal(length)
    expect(await read('v1')).to.equal(image.digest)
    expect(proxy.requests.at(-1)?.status).to.equal(304)
    const moved = await lab.image('team/app', 'v1', 1000)
    expect(await read('v1')).to.equal(moved.digest)
  })

  it('answers a tag for the configured age without a question, and longer when the registry is down', async () => {
    const [aged, strict, forgetful] = [
      await gateway({ mirror: { tagAge: 3600 } }),
      await gateway(),
      await gateway({ mirror: { staleTags: 0 } }),
    ]
    const query = ns()
    const read = async (at: string) => await ask(`${at}/v2/team/app/manifests/v1${query}`)
    for (const at of [aged, strict, forgetful]) await read(at)
    const { length } = proxy.requests
    await read(aged)
    expect(proxy.requests.length).to.equal(length)
    proxy.faults = { status: 503 }
    expect((await read(strict)).headers['docker-content-digest']).to.equal(image.digest)
    expect((await read(forgetful)).status).to.equal(503)
    await proxy.close()
    expect((await read(strict)).headers['docker-content-digest']).to.equal(image.digest)
    expect((await read(forgetful)).status).to.equal(502)
  })

  it('sends length and digest with HEAD even if the registry does not', async () => {
    proxy.faults = { noLength: true }
    const { status, headers } = await ask(`${await gateway()}/v2/team/app/manifests/v1${ns()}`, {}, 'HEAD')
    expect(status).to.equal(200)
    expect(headers['docker-content-digest']).to.equal(image.digest)
    expect(Number(headers['content-length'])).to.be.greaterThan(0)
  })

  it('reads a blob once from the registry, and serves it and its ranges', async () => {
    const at = await gateway()
    const { bytes } = image.layers[1] as { bytes: Buffer }
    const whole = await ask(blobOf(at))
    expect(whole.status).to.equal(200)
    expect(Number(whole.headers['content-length'])).to.equal(bytes.length)
    expect(whole.body.equals(bytes)).to.equal(true)
    const reads = proxy.blobReads()
    for (const [range, start, end] of [
      ['bytes=0-99', 0, 100],
      ['bytes=1000000-', 1_000_000, bytes.length],
      ['bytes=-10', bytes.length - 10, bytes.length],
      ['bytes=2999990-9999999', 2_999_990, bytes.length],
    ] as const) {
      const part = await ask(blobOf(at), { range })
      expect(part.status, range).to.equal(206)
      expect(part.headers['content-range']).to.equal(`bytes ${start}-${end - 1}/${bytes.length}`)
      expect(part.body.equals(bytes.subarray(start, end)), range).to.equal(true)
    }
    expect((await ask(blobOf(at), { range: 'bytes=0-1,5-6' })).body.length).to.equal(bytes.length)
    expect((await ask(blobOf(at), { range: 'lines=1' })).status).to.equal(200)
    expect((await ask(blobOf(at), { range: 'bytes=0-1', 'if-range': '"other"' })).status).to.equal(200)
    expect((await ask(blobOf(at), { range: `bytes=${bytes.length}-` })).status).to.equal(416)
    expect(proxy.blobReads()).to.equal(reads)
    const head = await ask(blobOf(at), {}, 'HEAD')
    expect([head.status, Number(head.headers['content-length'])]).to.deep.equal([200, bytes.length])
  })

  it('serves a range of a blob that nobody has', async () => {
    const part = await ask(blobOf(await gateway()), { range: 'bytes=100-199' })
    expect(part.status).to.equal(206)
    expect(part.body.equals((image.layers[1] as { bytes: Buffer }).bytes.subarray(100, 200))).to.equal(true)
  })

  it('goes on where the registry broke off, and follows it to its storage without the credentials', async () => {
    const at = await gateway()
    proxy.faults = { cut: 1_000_000, cuts: 2, redirect: true }
    const whole = await ask(blobOf(at), { authorization: 'Bearer x' })
    expect(whole.body.equals((image.layers[1] as { bytes: Buffer }).bytes)).to.equal(true)
    const head = await ask(blobOf(at, 0), {}, 'HEAD')
    expect([head.status, Number(head.headers['content-length'])]).to.deep.equal([200, 300_000])
  })

  it('gives what it has when the registry is down', async () => {
    const at = await gateway()
    await ask(blobOf(at))
    proxy.faults = { status: 500 }
    expect((await ask(blobOf(at))).body.length).to.equal(3_000_000)
    expect((await ask(`${at}/v2/${ns()}`)).status).to.equal(200)
  })

  it('passes errors, lists, pushes and other digests on as they are', async () => {
    const at = await gateway({ mirror: { registry: proxy.host } })
    const prefix = `${at}/v2/${proxy.host}`
    for (const path of [
      'team/app/tags/list',
      '_catalog',
      'team/app/manifests/absent',
      `team/app/manifests/sha256:${'0'.repeat(64)}`,
      `team/app/blobs/sha256:${'0'.repeat(64)}`,
      `team/app/blobs/sha512:${'0'.repeat(128)}`,
      'nobody/here/tags/list',
    ]) {
      const straight = await ask(`http://${proxy.host}/v2/${path}`)
      for (const url of [`${at}/v2/${path}`, `${prefix}/${path}`]) {
        const through = await ask(url)
        expect(through.status, path).to.equal(straight.status)
        expect(through.body.toString(), path).to.equal(straight.body.toString())
      }
    }
    await lab.image('team/other', 'v1', 1000)
    expect((await ask(`${prefix}/_catalog?n=1`)).headers.link).to.match(new RegExp(`^</v2/${proxy.host}/_catalog`))
    const begun = await ask(`${at}/v2/team/app/blobs/uploads/`, { 'content-length': '0' }, 'POST')
    expect(begun.status).to.equal(202)
  })

  it('shows private images only to those to whom the registry shows them', async () => {
    const locked = await front(await lab.registry(await lab.htpasswd()))
    const at = await gateway()
    const manifest = `${at}/v2/team/app/manifests/v1${ns(locked.host)}`
    const blob = `${at}/v2/team/app/blobs/${image.layers[1]?.digest}${ns(locked.host)}`
    const isDenied = async (headers: Record<string, string> = {}) => {
      for (const url of [`${at}/v2/${ns(locked.host)}`, manifest, manifest.replace('v1?', `${image.digest}?`), blob]) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await ask(url, headers, method)
          expect(answer.status, `${method} ${url}`).to.equal(401)
          expect(answer.headers['www-authenticate']).to.equal('Basic realm="basic-realm"')
        }
      }
    }
    await isDenied()
    expect((await ask(manifest, { authorization: ALICE })).status).to.equal(200)
    expect((await ask(blob, { authorization: ALICE })).body.length).to.equal(3_000_000)
    const reads = locked.blobReads()
    expect((await ask(blob, { authorization: ALICE })).body.length).to.equal(3_000_000)
    expect(locked.blobReads()).to.equal(reads)
    await isDenied()
    await isDenied({ authorization: `Basic ${Buffer.from('alice:wrong').toString('base64')}` })
  })

  it('refuses foreign names, other paths, loops, and registries that are not for others', async () => {
    const at = await gateway()
    const { host } = new URL(at)
    expect((await ask(`${at}/v2/`, { host: 'rebound.example' })).status).to.equal(421)
    expect((await ask(`${at}/v1/_ping`)).status).to.equal(404)
    expect((await ask(`${at}/v2/a/manifests/v1?ns=${host}`)).status).to.equal(508)
    expect((await ask(`${at}/v2/a/manifests/v1?ns=localhost:${new URL(at).port}`)).status).to.equal(508)
    const closed = await gateway({ mirror: { anyRegistry: false } })
    expect((await ask(`${closed}/v2/a/manifests/v1${ns()}`)).status).to.equal(403)
    const twice = await gateway({ mirror: { registry: host } })
    const around = await gateway({ mirror: { registry: new URL(twice).host } })
    expect((await ask(`${around}/v2/a/manifests/v1`)).status).to.be.oneOf([404, 502, 401])
  })

  it('ends the read of the registry when the engine leaves', async () => {
    const at = await gateway()
    await new Promise<void>((resolve, reject) => {
      get(blobOf(at), { agent: false }, answer => {
        answer.once('data', () => {
          answer.destroy()
          resolve()
        })
      }).on('error', reject)
    })
    const { body } = await ask(blobOf(at))
    expect(`sha256:${createHash('sha256').update(body).digest('hex')}`).to.equal(image.layers[1]?.digest)
  })
})

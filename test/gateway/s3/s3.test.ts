// S3 of the gateway, in front of a real store (moto): what plain requests see.
import { createHash, randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import type { NodeOptions } from '../../../src/node/api/node-options.ts'
import { BucketStore, hasMoto } from '../../origin/sources/bucket-store.ts'
import { withVariables } from '../../origin/sources/environment.ts'
import { World } from '../../world/world.ts'
import { ask, startMirror } from '../registry/mirror-lab.ts'

const MIB = 1024 * 1024
const SECRET = randomBytes(700_001)
const OPEN = randomBytes(300_007)
/** More than what is fetched whole for any range. */
const LARGE = randomBytes(20 * MIB + 5)
const ALICE = { accessKeyId: 'AKIAALICE0000000AAAA', secretAccessKey: 'alicesecretkey77' }
const CAROL = { accessKeyId: 'AKIACAROL0000000CCCC', secretAccessKey: 'carolsecretkey88', isDenied: true as const }

const hex = (algorithm: string, body: Buffer) => createHash(algorithm).update(body).digest('hex')
const keysOf = ({ accessKeyId, secretAccessKey }: typeof ALICE) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
})

describe('S3 of the gateway', () => {
  let store: BucketStore
  let world: World

  before(async function () {
    this.timeout(30_000)
    if (!hasMoto()) return this.skip()
    store = await BucketStore.start()
    store.readers.set(ALICE.accessKeyId, ALICE)
    store.readers.set(CAROL.accessKeyId, CAROL)
    await store.bucket('models')
    await store.object('/models/open.bin', OPEN, { isPublic: true })
    await store.object('/models/large.bin', LARGE, { isPublic: true })
    await store.object('/models/empty', Buffer.alloc(0), { isPublic: true })
    await store.object('/models/a%20b/%C3%BC+%26.bin', OPEN, { isPublic: true })
    const about = { 'content-type': 'application/x-weights', 'x-amz-meta-step': '7' }
    await store.object('/models/secret.bin', SECRET, { headers: about })
  })
  after(() => store?.stop())
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  const as = (who: typeof ALICE | undefined, work: () => Promise<void>) =>
    withVariables({ AWS_ENDPOINT_URL_S3: store.url, ...(who && keysOf(who)) }, work)
  const open = async (s3: 'host' | 'anonymous' = 'host', more: NodeOptions = { network: false }) =>
    `${await startMirror(world, { s3 }, more)}/s3`
  const reads = (path: string, from = 0) =>
    store.requests.slice(from).filter(request => request.method === 'GET' && request.path === path)

  it('gives the whole and each range, with the headers of the store', () =>
    as(ALICE, async () => {
      const at = await open()
      const head = await ask(`${at}/models/secret.bin`, { 'x-amz-checksum-mode': 'ENABLED' }, 'HEAD')
      expect(head.status).to.equal(200)
      const described = {
        etag: `"${hex('md5', SECRET)}"`,
        'content-type': 'application/x-weights',
        'x-amz-meta-step': '7',
        'accept-ranges': 'bytes',
      }
      const digest = createHash('sha256').update(SECRET).digest('base64')
      expect(head.headers).to.include({ ...described, 'content-length': '700001', 'x-amz-checksum-sha256': digest })
      expect(head.headers['last-modified']).to.match(/GMT$/)
      const whole = await ask(`${at}/models/secret.bin`)
      expect(whole.body.equals(SECRET)).to.equal(true)
      expect(whole.headers).to.include({ ...described, 'last-modified': head.headers['last-modified'] })
      expect(whole.headers).not.to.have.property('x-amz-checksum-sha256')
      for (const [range, start, end] of [
        ['bytes=0-0', 0, 1],
        ['bytes=100000-', 100_000, SECRET.length],
        ['bytes=-7', SECRET.length - 7, SECRET.length],
      ] as const) {
        const part = await ask(`${at}/models/secret.bin`, { range, 'x-amz-checksum-mode': 'ENABLED' })
        expect(part.status, range).to.equal(206)
        expect(part.headers).to.include({ ...described, 'content-range': `bytes ${start}-${end - 1}/${SECRET.length}` })
        expect(part.headers).not.to.have.property('x-amz-checksum-sha256')
        expect(part.body.equals(SECRET.subarray(start, end)), range).to.equal(true)
      }
      const several = await ask(`${at}/models/secret.bin`, { range: 'bytes=0-1,5-6' })
      expect(several).to.deep.include({ status: 200, body: SECRET })
      expect((await ask(`${at}/models/empty`)).status).to.equal(200)
      expect((await ask(`${at}/models/a%20b/%C3%BC+%26.bin`)).body.equals(OPEN)).to.equal(true)
      // read in all these ways, the store has given the bytes once
      expect(store.bytesOf('/models/secret.bin')).to.equal(SECRET.length)
    }))

  it('answers conditions and refusals in the words of S3', () =>
    as(ALICE, async () => {
      const at = await open()
      const url = `${at}/models/open.bin`
      const etag = `"${hex('md5', OPEN)}"`
      const statuses = async (...all: Record<string, string>[]) =>
        await Promise.all(all.map(async headers => (await ask(url, headers)).status))
      expect(
        await statuses(
          { 'if-none-match': etag },
          { 'if-none-match': '"other"' },
          { 'if-match': etag },
          { 'if-match': '"other"' },
          { 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() },
          { 'if-unmodified-since': 'Tue, 01 Sep 2015 10:00:00 GMT' },
          { range: 'bytes=0-9', 'if-match': etag },
        ),
      ).to.deep.equal([304, 200, 200, 412, 304, 412, 206])
      const code = async (path: string, headers = {}, method = 'GET') => {
        const { status, body } = await ask(at + path, headers, method)
        return [status, /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1]]
      }
      expect(await code('/models/open.bin', { range: `bytes=${OPEN.length}-` })).to.deep.equal([416, 'InvalidRange'])
      expect(await code('/models/none')).to.deep.equal([404, 'NoSuchKey'])
      expect(await code('/models/none', {}, 'HEAD')).to.deep.equal([404, undefined])
      expect(await code('/nowhere/none')).to.deep.equal([404, 'NoSuchBucket'])
      for (const method of ['PUT', 'POST', 'DELETE'])
        expect(await code('/models/open.bin', {}, method)).to.deep.equal([405, 'MethodNotAllowed'])
      expect(await code('/models?policy')).to.deep.equal([501, 'NotImplemented'])
      expect(await code('/models/../x')).to.deep.equal([400, 'InvalidURI'])
      expect(await code('/models/open.bin', { host: 'evil.example' })).to.deep.equal([403, 'AccessDenied'])
      expect(await code('/models/open.bin', { 'sec-fetch-site': 'cross-site' })).to.deep.equal([403, 'AccessDenied'])
      const list = await ask(`${at}/models?list-type=2&prefix=a%20b%2F`)
      expect(list.body.toString()).to.match(/<KeyCount>1<\/KeyCount>/)
    }))

  it('gives nobody what the store does not show to this host, whatever a seed has', async () => {
    const seed = await world.seed({ allowOrigins: ['127.0.0.1'] })
    const through = (rights: 'host' | 'anonymous') => open(rights, { seeds: [seed.address] })
    await as(ALICE, async () => {
      expect((await ask(`${await through('host')}/models/secret.bin`)).body.equals(SECRET)).to.equal(true)
    })
    const before = store.bytesOf('/models/secret.bin')
    const refused = async (at: string, url: string) => {
      for (const headers of [{}, { range: 'bytes=0-9' }] as Record<string, string>[]) {
        const { status, body } = await ask(at + url, headers)
        expect(status).to.equal(403)
        expect(body.toString()).to.match(/<Code>AccessDenied<\/Code>/)
        expect(body.toString()).not.to.match(/AKIA|Signature=/)
      }
    }
    await as(ALICE, async () => refused(await through('anonymous'), '/models/secret.bin'))
    await as(CAROL, async () => refused(await through('host'), '/models/secret.bin'))
    await as({ ...ALICE, secretAccessKey: 'wrong' }, async () => refused(await through('host'), '/models/secret.bin'))
    await as(undefined, async () => refused(await through('host'), '/models/secret.bin'))
    expect(store.bytesOf('/models/secret.bin')).to.equal(before)
    // what anybody may read is asked for without the keys
    await as(ALICE, async () => {
      const from = store.requests.length
      await ask(`${await through('host')}/models/open.bin`)
      expect(store.requests.slice(from).some(({ isSigned }) => isSigned)).to.equal(false)
    })
  })

  it('reads the store once for two hosts with a seed, private objects too', () =>
    as(ALICE, async () => {
      await store.object('/models/shared.bin', SECRET)
      const seed = await world.seed({ allowOrigins: ['127.0.0.1'] })
      const hosts = [await open('host', { seeds: [seed.address] }), await open('host', { seeds: [seed.address] })]
      const bodies = await Promise.all(hosts.map(async at => (await ask(`${at}/models/shared.bin`)).body))
      expect(bodies.every(body => body.equals(SECRET))).to.equal(true)
      expect(store.bytesOf('/models/shared.bin')).to.be.within(SECRET.length, SECRET.length + 100)
    }))

  it('gives what was uploaded a moment ago, under its own ETag', () =>
    as(ALICE, async () => {
      const at = await open()
      for (const body of [randomBytes(400_000), randomBytes(400_000), randomBytes(500_000)]) {
        await store.object('/models/changing.bin', body)
        const head = await ask(`${at}/models/changing.bin`, {}, 'HEAD')
        expect(head.headers.etag).to.equal(`"${hex('md5', body)}"`)
        const part = await ask(`${at}/models/changing.bin`, { range: 'bytes=5-9' })
        expect(part.body.equals(body.subarray(5, 10))).to.equal(true)
        const whole = await ask(`${at}/models/changing.bin`)
        expect(whole.headers.etag).to.equal(head.headers.etag)
        expect(whole.body.equals(body)).to.equal(true)
      }
    }))

  it('reads a few bytes of a large object alone, and the whole of it once for all its parts', () =>
    as(ALICE, async () => {
      const at = await open()
      const url = `${at}/models/large.bin`
      const footer = await ask(url, { range: 'bytes=-100' })
      expect(footer.body.equals(LARGE.subarray(-100))).to.equal(true)
      await ask(url, { range: 'bytes=12345-13344' })
      expect(store.bytesOf('/models/large.bin')).to.equal(1100)
      const from = store.requests.length
      const parts = [0, 1, 2, 3, 4].map(i => [i * 4 * MIB, Math.min(LARGE.length, (i + 1) * 4 * MIB)] as const)
      const bodies = await Promise.all(
        [...parts, [20 * MIB, LARGE.length] as const].map(
          async ([start, end]) => (await ask(url, { range: `bytes=${start}-${end - 1}` })).body,
        ),
      )
      expect(Buffer.concat(bodies).equals(LARGE)).to.equal(true)
      // one after the other is one transfer, too
      for (const [start, end] of parts)
        expect((await ask(url, { range: `bytes=${start}-${end - 1}` })).body.equals(LARGE.subarray(start, end))).to.equal(true)
      const asked = reads('/models/large.bin', from)
      expect(asked.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.within(LARGE.length, LARGE.length + 100)
      expect(asked.length).to.equal(1)
    }))

  it('gives old versions, and leaves to the store what has a coding or is asked for in its own parts', () =>
    as(ALICE, async () => {
      await store.bucket('versions')
      await store.put('/versions?versioning', '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>')
      const bodies = [randomBytes(50_000), randomBytes(50_000)]
      for (const body of bodies) await store.object('/versions/key', body)
      const at = await open()
      const list = (await ask(`${at}/versions?versions`)).body.toString()
      const ids = [...list.matchAll(/<VersionId>([^<]+)<\/VersionId>/g)].map(([, id]) => id)
      expect(ids).to.have.length(2)
      const got = await Promise.all(ids.map(async id => await ask(`${at}/versions/key?versionId=${id}`)))
      expect(got.map(({ headers }) => headers['x-amz-version-id'])).to.deep.equal(ids)
      const found = got.map(({ body }) => bodies.findIndex(each => each.equals(body)))
      expect(found.toSorted()).to.deep.equal([0, 1])
      expect((await ask(`${at}/versions/key`)).body.equals(bodies[1] as Buffer)).to.equal(true)
      await store.object('/models/coded', SECRET, { headers: { 'content-encoding': 'gzip' } })
      const coded = await ask(`${at}/models/coded`)
      expect(coded.headers['content-encoding']).to.equal('gzip')
      expect(coded.body.equals(SECRET)).to.equal(true)
      const part = await ask(`${at}/models/secret.bin?partNumber=1`)
      expect(part.status).to.be.oneOf([200, 206])
      expect(part.body.equals(SECRET)).to.equal(true)
    }))

  it('goes on from the store where the swarm has nothing', () =>
    as(ALICE, async () => {
      // a node that may read no origin at all
      const at = await open('host', { network: false, quota: 1 })
      expect((await ask(`${at}/models/secret.bin`)).body.equals(SECRET)).to.equal(true)
      expect((await ask(`${at}/models/secret.bin`, { range: 'bytes=7-19' })).body.equals(SECRET.subarray(7, 20))).to.equal(true)
    }))

  it('says when the store is away, and is not served without being asked to', () =>
    as(ALICE, async () => {
      const off = await startMirror(world)
      expect(await ask(`${off}/s3/models/open.bin`)).to.deep.include({ status: 404 })
      await withVariables({ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, async () => {
        const { status, body } = await ask(`${await open()}/models/open.bin`)
        expect(status).to.equal(503)
        expect(body.toString()).to.match(/<Code>ServiceUnavailable<\/Code>.*AWS_ENDPOINT_URL_S3/)
      })
    }))

  it('refuses to be its own store, and to give private objects to other hosts', async () => {
    const failure = async (work: Promise<unknown>) => await work.then(String, error => error)
    await as(ALICE, async () => {
      const error = await failure(startMirror(world, { s3: 'host', host: '0.0.0.0' }))
      expect(error).to.be.instanceOf(DragonflyError).with.property('code', 'bad-option')
      expect(error.message).to.match(/every host that reaches 0\.0\.0\.0 would read with the AWS credentials/)
      const at = await startMirror(world, { s3: 'anonymous', host: '0.0.0.0' })
      const { port } = new URL(at)
      expect((await ask(`http://127.0.0.1:${port}/s3/models/open.bin`)).body.equals(OPEN)).to.equal(true)
    })
    const at = await as2(open)
    await withVariables({ AWS_ENDPOINT_URL_S3: at }, async () => {
      expect(await ask(`${at}/models/open.bin`)).to.deep.include({ status: 508 })
      const port = Number(new URL(at).port)
      expect((await failure(startMirror(world, { s3: 'host', port }))).message).to.match(/is its own gateway/)
    })
  })

  async function as2<T>(work: () => Promise<T>): Promise<T> {
    return await withVariables({ AWS_ENDPOINT_URL_S3: store.url }, work)
  }
})

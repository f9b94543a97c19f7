// gs:// against a store after the public API, with Google's own library for the credentials.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { GS } from '../../../src/origin/sources/gs.ts'
import { gsEndpoint, gsUrl, parseGsFolder, parseGsUrl } from '../../../src/origin/sources/gs-address.ts'
import { signGs } from '../../../src/origin/sources/gs-signer.ts'
import { resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import { World } from '../../world/world.ts'
import { withVariables } from './environment.ts'
import { GoogleStore } from './google-store.ts'
import { listed } from './listed.ts'

const BODY = randomBytes(1_500_003)
/** A key that is nobody's, and what @google-cloud/storage 7 has signed with it. */
const KEY =
  'MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAMysUvna+Hepzxbia/mkB//xMt/OXQ/78f09uubaqC4/m9vbPw615q60RLLWvBihhs4OiNOvfTvwUHSN1OtKK06UcAwO83DsCvwqAODcHQRk9koPSgAqER42AqyFnDFxBoMd5ibd79qlTYtjndJPlXeB1LDq5ugx9OHwuw/Er/gNAgMBAAECgYEAjLBTpS4Qp2jRUkC3yfUoDpXEy7T1oXwk/leFdxSMkKXmw/z0Xm9JL4P4yRn0V9YIbPHuudwicKYjF8s6tbXZB8GeQ8nDgjLv2j0oIOL33mAnZt1Vq5bRdH3Kj2GBMIjSkjuGATqmZ89d7YcFVNzI7crkStY1MAGUMUkmOHUrG/0CQQD83y48YX8wMkLcHYbUgGvhH7+0bkw02VAQkXxpAzwArXgJ/ZwPkY1t90JfeqgWN9Q75WYA31px9ufvhGftZOVjAkEAzzSA1KX1fkHV9NUX8e7/p+hMfSUEE1STNDGzJ4iQXcPJbMu7eYiMxdUPqqiJ4V1ZsdCM/tbkOwtPGHbYDnafzwJAXntpRChNpI1zC9mAck/VfxUkxN7dXHXCA57IdFhACCTIkDsRH4QL6wWS6CflO//6LbMFzNenbKOLf6PiTQIA7wJAIS54PxWAlcJ3P+jsF7s9R6dEsHnACFRv6ljXJsqQy+Mxm3GYySKb4IZ5JswsoGFxnq8WFS1WiToLZZCKku5eMwJBAIv2ky7mcE9yDAixeD+hmEPXcwkzvXvc+5kGgCBONd1Eavuk7hXU1zTDGPs5tavmebqutsGd3gw6/Dae+yYa07U='
const SIGNED =
  'https://storage.googleapis.com/models/a%20b/%C3%A4%21%27%281%29.bin?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=reader%40fleet.iam.gserviceaccount.com%2F20360102%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=20360102T030405Z&X-Goog-Expires=3600&X-Goog-SignedHeaders=host&X-Goog-Signature=8b254b93bbda7104117420e7a46f2d89177cb7e1ae9f59104fcdbb9d821db5b77fec2371a5f820ecc5e71fdccd0121152e641396e0c0921e71b50098edb61558541759cac9329bf888f4dabe195aaee77212a402a9e00aa5018a6050808477e71606850f6e7a9918ce877145f4a0beaa6d9c2e1e34118447d44fdc0b2fccbcbf'

describe('the URL of an object of Google Cloud Storage', () => {
  it('has a bucket, a name and a generation', () => {
    expect(parseGsUrl('gs://models/a b/c?d#e.bin')).to.deep.equal({
      bucket: 'models',
      name: 'a b/c?d#e.bin',
      generation: undefined,
    })
    const versioned = parseGsUrl('gs://models/x.bin#17')
    expect(versioned).to.deep.equal({ bucket: 'models', name: 'x.bin', generation: '17' })
    expect(gsUrl(gsEndpoint({}), versioned)).to.equal('https://storage.googleapis.com/models/x.bin?generation=17')
    expect(gsEndpoint({ STORAGE_EMULATOR_HOST: 'localhost:9023' })).to.equal('http://localhost:9023')
    expect(parseGsFolder('gs://models/a')).to.deep.equal({ bucket: 'models', prefix: 'a/' })
    for (const bad of ['gs://models', 'gs://models/', 'gs://models/a/', 'gs:///a']) {
      expect(() => parseGsUrl(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-url')
    }
    expect(() => gsEndpoint({ STORAGE_EMULATOR_HOST: 'ftp://x' })).to.throw(/neither/)
  })

  it("is signed as Google's own library signs it", () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${KEY}\n-----END PRIVATE KEY-----\n`
    const plain = gsUrl(gsEndpoint({}), { bucket: 'models', name: "a b/ä!'(1).bin", generation: undefined })
    const signed = signGs(
      plain,
      { email: 'reader@fleet.iam.gserviceaccount.com', pem },
      new Date('2036-01-02T03:04:05Z'),
      3_600_000,
    )
    expect(signed).to.equal(SIGNED)
  })
})

describe('objects of Google Cloud Storage', () => {
  let store: GoogleStore
  let dir: string
  let key: Record<string, string>
  let host: Record<string, string>
  const as = <T>(variables: Record<string, string>, work: () => Promise<T>) =>
    withVariables({ STORAGE_EMULATOR_HOST: store.url, ...variables }, work)
  const failure = async (url: string, variables: Record<string, string> = {}) => {
    const error = await as(variables, () => resolveSource(url).catch((error: unknown) => error))
    expect(error).to.be.instanceOf(DragonflyError)
    return error as DragonflyError
  }

  before(async () => {
    store = await GoogleStore.start()
    dir = await mkdtemp(path.join(tmpdir(), 'df-gs-'))
    const file = path.join(dir, 'key.json')
    await writeFile(file, store.keyFile)
    key = { GOOGLE_APPLICATION_CREDENTIALS: file }
    host = { METADATA_SERVER_DETECTION: 'assume-present', GCE_METADATA_HOST: store.metadataHost }
    for (const name of ['open/m/a.bin', 'closed/m/a.bin', 'closed/m/sub/b c.bin', 'closed/m/z', 'closed/n'])
      store.objects.set(name, BODY)
  })
  after(async () => {
    await store?.stop()
    await rm(dir, { recursive: true })
  })

  it('are public where nobody has to sign', async () => {
    const found = await as(key, () => resolveSource('gs://open/m/a.bin'))
    expect(found).to.deep.equal({ url: `${store.url}/open/m/a.bin`, shown: 'gs://open/m/a.bin' })
  })

  it('are read once by a seed for all who sign, and for all who have a token, and no key leaves', async () => {
    const world = await World.open()
    try {
      const seed = await world.seed({ allowOrigins: ['127.0.0.1'] })
      const before = store.bytes
      for (const variables of [key, key, host, host]) {
        const { url, shown: _, ...options } = await as(variables, () => resolveSource('gs://closed/m/a.bin'))
        expect(Object.keys(options)).to.deep.equal(variables === key ? ['filter', 'scope', 'renew'] : ['headers'])
        const { node } = await world.node({ seeds: [seed.address] })
        const file = world.path()
        expect((await node.download(url, file, options)).fromOrigin).to.equal(0)
        expect((await readFile(file)).equals(BODY)).to.equal(true)
      }
      expect(store.bytes - before).to.be.within(2 * BODY.length, 2 * BODY.length + 100)
      const { node } = await world.node({ seeds: [seed.address] })
      const digest = `sha256:${createHash('sha256').update(BODY).digest('hex')}`
      const work = node.download(`${store.url}/closed/m/a.bin`, world.path(), { digest, origin: false })
      expect(await work.catch((error: unknown) => error)).to.include({ code: 'origin-forbidden' })
      expect(seed.events.map(event => JSON.stringify(event)).join()).not.to.match(/X-Goog|ya29/)
    } finally {
      await world.close()
    }
  })

  it('are listed below a prefix, page by page', async () => {
    for (const variables of [key, host]) {
      const files = await as(variables, () => listed(GS, 'gs://closed/m/'))
      expect(files.map(({ path }) => path.join('/'))).to.deep.equal(['a.bin', 'sub/b c.bin', 'z'])
      const request = files[1]?.request?.()
      const given = await fetch(request?.url ?? '', {
        headers: (request?.headers ?? []).map(([name, value]): [string, string] => [name, value]),
      })
      expect(given.status).to.equal(200)
      expect(Buffer.from(await given.arrayBuffer()).equals(BODY)).to.equal(true)
      expect(files[1]).to.deep.include({
        url: 'gs://closed/m/sub/b c.bin',
        length: BODY.length,
        modified: Date.UTC(2026, 0, 2, 3, 4, 5),
      })
    }
    const none = await as(key, () => listed(GS, 'gs://closed/none/').catch((error: unknown) => error))
    expect(none).to.include({ code: 'origin-not-found', message: 'bucket closed has nothing below none/' })
    expect([GS.isFolder?.('gs://closed'), GS.isFolder?.('gs://closed/m/'), GS.isFolder?.('gs://closed/m')]).to.deep.equal([
      true,
      true,
      false,
    ])
  })

  it('say what is wrong', async () => {
    expect(await failure('gs://nowhere/x')).to.include({
      code: 'origin-not-found',
      message: 'no bucket nowhere at Google Cloud Storage',
    })
    expect(await failure('gs://closed/x', key)).to.include({ code: 'origin-not-found', message: 'bucket closed has no x' })
    const closed = await failure('gs://closed/m/a.bin')
    expect(closed).to.include({ code: 'origin-forbidden' })
    expect(closed.message).to.match(/no Google Cloud credentials were found/)
    const broken = await failure('gs://closed/m/a.bin', { GOOGLE_APPLICATION_CREDENTIALS: path.join(dir, 'none.json') })
    expect(broken).to.include({ code: 'origin-forbidden', message: 'the Google Cloud credentials of this host cannot be used' })
  })
})

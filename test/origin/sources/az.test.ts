// az:// against an account after the public API, and against Azurite where it is installed.
import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { AZ } from '../../../src/origin/sources/az.ts'
import { azAccount, azUrl, parseAzUrl } from '../../../src/origin/sources/az-address.ts'
import { azPageIn, BLOBS_OF_PAGE } from '../../../src/origin/sources/az-list.ts'
import { signAz } from '../../../src/origin/sources/az-signer.ts'
import { resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import { World } from '../../world/world.ts'
import { type BlobAccount, hasAzurite, startAzurite, startBlobAccount } from './blob-account.ts'
import { withVariables } from './environment.ts'
import { listed } from './listed.ts'

const BODY = randomBytes(1_500_003)

describe('the URL of a blob of Azure Storage', () => {
  it('has an account, a container, a name and a version', () => {
    const blob = { account: 'fleet', container: 'models', name: 'a b/c?d.bin', versionId: undefined }
    expect(parseAzUrl('az://fleet/models/a b/c?d.bin')).to.deep.equal(blob)
    const versioned = parseAzUrl('az://fleet/$web/x?versionid=2026-01-02T03:04:05.0Z')
    const account = azAccount('fleet', {})
    expect(azUrl(account, versioned)).to.equal('https://fleet.blob.core.windows.net/$web/x?versionid=2026-01-02T03%3A04%3A05.0Z')
    for (const bad of ['az://fleet', 'az://fleet/models', 'az://fleet/models/', 'az://Fl-eet/models/x', 'az://fleet/models/x/']) {
      expect(() => parseAzUrl(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-url')
    }
  })

  it('takes keys and signatures of its own account only', () => {
    const text = 'DefaultEndpointsProtocol=https;AccountName=fleet;AccountKey=a2V5PQ==;EndpointSuffix=core.chinacloudapi.cn'
    const env = { AZURE_STORAGE_CONNECTION_STRING: text }
    expect(azAccount('fleet', env)).to.include({ endpoint: 'https://fleet.blob.core.chinacloudapi.cn', key: 'a2V5PQ==' })
    expect(azAccount('other', env)).to.include({
      endpoint: 'https://other.blob.core.windows.net',
      key: undefined,
      from: undefined,
    })
    const sas = { AZURE_STORAGE_ACCOUNT: 'fleet', AZURE_STORAGE_SAS_TOKEN: '?sv=1&sig=2' }
    expect(azAccount('fleet', sas)).to.include({ sas: 'sv=1&sig=2', from: 'AZURE_STORAGE_SAS_TOKEN' })
    expect(azAccount('other', sas)).to.include({ sas: undefined, from: undefined })
    const named = 'BlobEndpoint=https://fleet.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=2%3D'
    expect(azAccount('fleet', { AZURE_STORAGE_CONNECTION_STRING: named })).to.include({ sas: 'sv=1&sig=2%3D' })
    expect(() => azAccount('fleet', { AZURE_STORAGE_SERVICE_ENDPOINT: 'x' })).to.throw(DragonflyError)
  })

  it("is signed as Microsoft's own library signs it", () => {
    // @azure/storage-blob 12
    const since = new Date('2026-01-02T03:04:05Z')
    const key = Buffer.from('dragonfly').toString('base64')
    const container = { account: 'fleet', container: 'models', isHttps: false, name: undefined }
    const signed = new URLSearchParams(signAz({ ...container, name: 'a b/ä.bin', isHttps: true }, key, since, 3_600_000))
    expect(signed.get('sig')).to.equal('bzVPv+DJPoNRuFTbBWkGGsT+QE4go7W55a3qKI0iYr0=')
    expect(new URLSearchParams(signAz(container, key, since, 3_600_000)).get('sig')).to.equal(
      'VSH1EalJVsnbYjwNdiIq46f3S9pdd46+wW6UaoubVdk=',
    )
  })
})

describe('a page of the list of a container', () => {
  const page = (blobs: string, next = '') =>
    azPageIn(`<EnumerationResults><Blobs>${blobs}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`, 'https://x/y')

  it('has names, lengths and times, and no more than was asked for', () => {
    const blob = (name: string, more = '') => `<Blob><Name>${name}</Name><Properties>${more}</Properties></Blob>`
    expect(page(blob('a&lt;b', '<Content-Length>12</Content-Length>'), 'm')).to.deep.equal({
      files: [{ name: 'a<b', length: 12, modified: Number.NaN }],
      next: 'm',
    })
    expect(page('').next).to.equal(undefined)
    const isLie = (work: () => unknown) => expect(work).to.throw(DragonflyError).with.property('code', 'origin-lies')
    isLie(() => page(blob('x').repeat(BLOBS_OF_PAGE + 1)))
    isLie(() => page('', 'm'.repeat(4097)))
    isLie(() => azPageIn('<html></html>', 'https://x/y'))
  })
})

for (const [what, start, isHere] of [
  ['an account after the public API', startBlobAccount, () => true],
  ['Azurite', startAzurite, hasAzurite],
] as const) {
  describe(`blobs of ${what}`, () => {
    let store: BlobAccount & { bytes?: () => number }
    let key: Record<string, string>
    let at: string
    const as = <T>(variables: Record<string, string>, work: () => Promise<T>) =>
      withVariables({ AZURE_STORAGE_SERVICE_ENDPOINT: store.endpoint, ...variables }, work)

    before(async function () {
      this.timeout(30_000)
      if (!isHere()) {
        console.warn('SKIPPED: Azurite is not installed (npm install -g azurite)')
        return this.skip()
      }
      store = await start()
      key = { AZURE_STORAGE_KEY: store.key }
      at = `az://${store.account}`
      for (const name of ['open/m/a.bin', 'closed/m/a.bin', 'closed/m/sub/b c.bin', 'closed/m/z&', 'closed/n'])
        await store.put(name, BODY)
    })
    after(() => store?.stop())

    it('are public where nobody has to sign', async () => {
      const found = await as(key, () => resolveSource(`${at}/open/m/a.bin`))
      expect(found).to.deep.equal({ url: `${store.endpoint}/open/m/a.bin`, shown: `${at}/open/m/a.bin` })
    })

    it('are read once by a seed for all who have a key or a signature, and no key leaves', async () => {
      const world = await World.open()
      try {
        const seed = await world.seed({ allowOrigins: ['127.0.0.1'] })
        const before = store.bytes?.() ?? 0
        const first = await as(key, () => resolveSource(`${at}/closed/m/sub/b c.bin`))
        const sas = { AZURE_STORAGE_SAS_TOKEN: new URL(first.url).search }
        const text = `AccountName=${store.account};AccountKey=${store.key};BlobEndpoint=${store.endpoint}`
        for (const variables of [key, sas, { AZURE_STORAGE_CONNECTION_STRING: text }] as Record<string, string>[]) {
          const { url, shown: _, ...options } = await as(variables, () => resolveSource(`${at}/closed/m/sub/b c.bin`))
          expect(options.filter).to.include('sig')
          const { node } = await world.node({ seeds: [seed.address] })
          const file = world.path()
          expect((await node.download(url, file, options)).fromOrigin).to.equal(0)
          expect((await readFile(file)).equals(BODY)).to.equal(true)
        }
        if (store.bytes) expect(store.bytes() - before).to.be.within(BODY.length, BODY.length + 100)
        const { node } = await world.node({ seeds: [seed.address] })
        const digest = `sha256:${createHash('sha256').update(BODY).digest('hex')}`
        const work = node.download(`${store.endpoint}/closed/m/sub/b%20c.bin`, world.path(), { digest, origin: false })
        expect(await work.catch((error: unknown) => error)).to.be.instanceOf(DragonflyError)
        expect(seed.events.map(event => JSON.stringify(event)).join()).not.to.include('sig=')
      } finally {
        await world.close()
      }
    })

    it('are listed below a prefix, page by page', async () => {
      const files = await as(key, () => listed(AZ, `${at}/closed/m/`))
      expect(files.map(({ path }) => path.join('/'))).to.deep.equal(['a.bin', 'sub/b c.bin', 'z&'])
      expect(files[1]).to.include({ url: `${at}/closed/m/sub/b c.bin`, length: BODY.length })
      const response = await fetch(files[1]?.request?.().url ?? '', { headers: { connection: 'close' } })
      expect((await response.arrayBuffer()).byteLength).to.equal(BODY.length)
      const open = await as({}, () => listed(AZ, `${at}/open`))
      expect(open.map(({ request }) => request?.().url)).to.deep.equal([`${store.endpoint}/open/m/a.bin`])
      const none = await as(key, () => listed(AZ, `${at}/closed/none/`).catch((error: unknown) => error))
      expect(none).to.include({ code: 'origin-not-found' })
    })

    it('say what is wrong', async () => {
      const failure = (variables: Record<string, string>, name: string) =>
        as(variables, () => resolveSource(`${at}/${name}`).catch((error: unknown) => error)) as Promise<DragonflyError>
      expect(await failure(key, 'closed/none')).to.include({
        code: 'origin-not-found',
        message: `Azure Storage has no such blob: ${at}/closed/none`,
      })
      const closed = await failure({}, 'closed/m/a.bin')
      expect(closed.code).to.match(/^origin-(?:not-found|forbidden)$/)
      expect(closed.message).to.match(/access denied.*no key and no signature were found/)
      const wrong = await failure({ AZURE_STORAGE_KEY: 'd3Jvbmc=' }, 'closed/m/a.bin')
      expect(wrong).to.include({ code: 'origin-forbidden' })
      expect(wrong.message).to.match(/with AZURE_STORAGE_KEY/)
    })
  })
}

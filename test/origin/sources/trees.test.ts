// Lists of a hub and of a bucket: at one commit, page by page, with no request for each file, and to an end.
import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { DragonflyError } from '../../../src/core/errors.ts'
import { wholePage } from '../../../src/origin/sources/ask.ts'
import { isSourceFolder, listSource } from '../../../src/origin/sources/resolve-source.ts'
import type { ListedFile } from '../../../src/origin/sources/source.ts'
import { BucketStore, hasMoto } from './bucket-store.ts'
import { withVariables } from './environment.ts'
import { COMMIT, type HubFile, HubServer } from './hub-server.ts'

/** A Python with huggingface_hub, if there is one. */
const PYTHON = process.env.DF_TEST_HF_PYTHON ?? 'python3'
const ALICE = { accessKeyId: 'AKIAALICE0000000AAAA', secretAccessKey: 'alice/secret+key' }

async function all(url: string): Promise<ListedFile[]> {
  const found: ListedFile[] = []
  for await (const file of listSource(url)) found.push(file)
  return found
}

async function failure(url: string): Promise<DragonflyError> {
  return (await all(url).then(
    () => expect.fail('it succeeded'),
    (error: unknown) => error,
  )) as DragonflyError
}

describe('folders of stores', () => {
  it('are told from files by the slash at their end', async () => {
    const folders = [
      'hf://o/r',
      'hf://o/r@v1',
      'hf://o/r/',
      'hf://datasets/o/r/a/',
      's3://bucket',
      's3://bucket/',
      's3://bucket/a b/',
    ]
    for (const url of folders) expect(await isSourceFolder(url), url).to.equal(true)
    const others = ['hf://o/r/a', 'hf://datasets/o', 'hf://o', 's3://bucket/a', 's3://b', 'https://h/a/', 'x']
    for (const url of others) expect(await isSourceFolder(url), url).to.equal(false)
  })

  it('of no store are refused', async () => {
    for (const url of ['https://h/', 'hf://o', 's3://-/', 'x']) expect(await failure(url), url).to.include({ code: 'bad-url' })
    expect(await failure(`s3://bucket/${'x'.repeat(5000)}/`)).to.include({ code: 'bad-url' })
  })
})

describe('a list of a hub', () => {
  const body = randomBytes(5000)
  const many = Array.from({ length: 25 }, (_, i): HubFile => ({ repo: 'org/many', path: `shards/${i}.bin`, body }))
  let hub: HubServer
  const as = <T>(variables: Record<string, string>, work: () => Promise<T>) =>
    withVariables({ HF_ENDPOINT: hub.url, ...variables }, work)

  beforeEach(async () => {
    hub = await HubServer.start([
      ...many,
      { repo: 'org/many', path: 'a b/config.json', body: Buffer.from('{}'), isLarge: false },
      { repo: 'datasets/org/rows', path: 'x#?.parquet', body },
      { repo: 'org/gated', path: 'model.bin', body, access: 'gated' },
      { repo: 'org/private', path: 'model.bin', body, access: 'private' },
    ])
    hub.tokens.members.add('hf_bob')
    hub.tokens.admitted.add('hf_bob')
  })
  afterEach(() => hub.stop())

  it('has every file of one commit, with length and digest, at the price of its pages', async () => {
    hub.pagesAt = 'https://hub.invalid'
    const files = await as({}, () => all('hf://org/many'))
    expect(files.map(({ path }) => path.join('/'))).to.deep.equal([...many.map(({ path }) => path), 'a b/config.json'])
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    expect(files[0]).to.deep.include({ length: 5000, digest, url: `hf://org/many@${COMMIT}/shards/0.bin` })
    expect(files[0]?.request?.()).to.deep.equal({
      url: `${hub.url}/org/many/resolve/${COMMIT}/shards/0.bin`,
      shown: `hf://org/many@${COMMIT}/shards/0.bin`,
      digest,
    })
    const oid = createHash('sha1').update('blob 2\0{}').digest('hex')
    expect(files.at(-1)).to.deep.include({ length: 2, checksum: { algorithm: 'git-blob', hex: oid } })
    expect(files.at(-1)?.digest).to.equal(undefined)
    // revision, three pages, and whether files are open
    expect(hub.requests).to.have.length(5)
  })

  it('may be that of a folder, a dataset, a renamed repository', async () => {
    const names = async (url: string) => (await as({}, () => all(url))).map(({ path }) => path.join('/'))
    expect(await names('hf://org/many@v2/a b/')).to.deep.equal(['config.json'])
    expect(await names('hf://org/many/a b')).to.deep.equal(['config.json'])
    expect(await names('hf://datasets/org/rows')).to.deep.equal(['x#?.parquet'])
    expect((await as({}, () => failure('hf://org/many/none/'))).message).to.match(/no file none\/ at revision main/)
    expect((await as({}, () => failure('hf://org/many@v9'))).message).to.match(/no revision v9/)
    expect((await as({}, () => failure('hf://org/nothing'))).code).to.equal('origin-forbidden')
  })

  it('shows the token where it is needed, to the hub alone', async () => {
    const token = { HF_TOKEN: 'hf_bob' }
    for (const repo of ['org/gated', 'org/private']) {
      const [file] = await as(token, () => all(`hf://${repo}`))
      expect(file?.request?.().headers, repo).to.deep.equal([['authorization', 'Bearer hf_bob']])
    }
    hub.requests.length = 0
    const [open] = await as(token, () => all('hf://org/many'))
    expect(open?.request?.().headers).to.equal(undefined)
    expect(hub.requests.filter(({ authorization }) => authorization !== undefined)).to.deep.equal([])
    expect((await as({}, () => failure('hf://org/gated'))).message).to.match(/org\/gated is gated/)
    expect((await as({}, () => failure('hf://org/private'))).code).to.equal('origin-forbidden')
  })

  it('is taken from this hub by huggingface_hub, too: by snapshot_download, and page by page', async function () {
    this.timeout(30_000)
    if (spawnSync(PYTHON, ['-c', 'import huggingface_hub']).status !== 0) {
      console.warn('SKIPPED: huggingface_hub is not installed (pip install huggingface_hub)')
      return this.skip()
    }
    const dir = await mkdtemp(join(tmpdir(), 'df-hub-'))
    const program = [
      'from huggingface_hub import HfApi, snapshot_download',
      'print(len([f for f in HfApi().list_repo_tree("org/many", recursive=True) if hasattr(f, "size")]))',
      'print(snapshot_download("org/many"))',
    ].join('\n')
    const variables = { HF_ENDPOINT: hub.url, HF_HOME: dir, HF_HUB_DISABLE_TELEMETRY: '1', HF_HUB_DISABLE_XET: '1' }
    const { stdout } = await promisify(execFile)(PYTHON, ['-c', program], { env: { ...process.env, ...variables } })
    const [count, folder = ''] = stdout.trim().split('\n')
    expect(count).to.equal('26')
    expect(folder).to.include(COMMIT)
    expect((await readFile(join(folder, 'shards', '24.bin'))).equals(body)).to.equal(true)
    await rm(dir, { recursive: true })
  })

  it('ends, and gives names as they are', async () => {
    hub.isEndless = true
    expect(await as({}, () => failure('hf://org/many'))).to.include({ code: 'origin-lies' })
    hub.isEndless = false
    hub.moreEntries.push({ type: 'file', path: '../evil', size: 1, oid: 'x' })
    const files = await as({}, () => all('hf://org/many'))
    const evil = files.filter(({ path }) => path.includes('..'))
    expect(evil).to.have.length(3)
    expect(evil[0]?.request).to.equal(undefined)
    hub.moreEntries.push({ type: 'file', size: 1 })
    expect(await as({}, () => failure('hf://org/many'))).to.include({ code: 'origin-lies' })
  })
})

describe('a list of a bucket', () => {
  let store: BucketStore
  const as = <T>(work: () => Promise<T>, keys: typeof ALICE | undefined = ALICE) => {
    const known = keys && { AWS_ACCESS_KEY_ID: keys.accessKeyId, AWS_SECRET_ACCESS_KEY: keys.secretAccessKey }
    return withVariables({ AWS_ENDPOINT_URL_S3: store.url, ...known }, work)
  }

  before(async function () {
    this.timeout(30_000)
    if (!hasMoto()) return this.skip()
    store = await BucketStore.start()
    store.readers.set(ALICE.accessKeyId, ALICE)
    await store.bucket('models')
    const keys = Array.from({ length: 1100 }, (_, i) => `/models/many/k${i}`)
    for (let i = 0; i < keys.length; i += 50)
      await Promise.all(keys.slice(i, i + 50).map(key => store.object(key, Buffer.from(key))))
    for (const key of ['odd/a//b', 'odd/', 'odd/folder/', 'odd/x+y z%25ü&<', 'odd/.hidden', 'p q+ü/a']) {
      await store.object(`/models/${key}`, Buffer.from('odd'))
    }
  })
  after(() => store?.stop())

  it('has all keys below the prefix, of more than one page, signed page by page', async () => {
    const since = store.requests.length
    const files = await as(() => all('s3://models/many/'))
    expect(new Set(files.map(({ path }) => path.join('/'))).size).to.equal(1100)
    const [{ path, length, checksum, modified, request }] = files as [ListedFile]
    const text = `/models/many/${path.join('/')}`
    const hex = createHash('md5').update(text).digest('hex')
    expect({ length, checksum }).to.deep.equal({ length: text.length, checksum: { algorithm: 'md5', hex } })
    expect(modified).to.be.closeTo(Date.now(), 120_000)
    const asked = store.requests.slice(since)
    expect(asked.length).to.be.within(2, 3)
    const { url, renew, shown } = request?.() ?? {}
    expect(shown).to.equal(`s3://models/many/${path.join('/')}`)
    expect(renew?.()).to.equal(url)
    expect(await (await fetch(url ?? '')).text()).to.equal(text)
  })

  it('has keys as they are; what stands for a folder is left out', async () => {
    const files = await as(() => all('s3://models/odd'))
    const names = files.map(({ path }) => path.join('/'))
    expect((await as(() => all('s3://models/p q+ü/'))).map(({ path }) => path)).to.deep.equal([['a']])
    expect(names).to.have.members(['a//b', 'x+y z%ü&<', '.hidden'])
  })

  it('says what is wrong', async () => {
    expect((await as(() => failure('s3://models/none/'))).message).to.equal('bucket models has nothing below none/')
    expect((await as(() => failure('s3://nobucket/'))).message).to.match(/no bucket nobucket/)
    const unknown = { ...ALICE, accessKeyId: 'AKIANOBODY0000000000' }
    expect((await as(() => failure('s3://models/'), unknown)).message).to.match(/does not know these keys/)
  })
})

describe('a hostile list of a bucket', () => {
  const serve = async (page: (token: string | null) => string): Promise<DragonflyError> => {
    const server = http.createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://h')
      response.end(page(searchParams.get('continuation-token')))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      return await withVariables({ AWS_ENDPOINT_URL_S3: url }, () => failure('s3://bucket/a/'))
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
  const list = (inner: string) => `<?xml version="1.0"?><ListBucketResult>${inner}</ListBucketResult>`
  const next = (token: string) => `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`
  const key = (name: string) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`
  const cases: [what: string, page: (token: string | null) => string, message: RegExp][] = [
    ['the same page for ever', () => list(next('1') + key('a/1')), /a list without an end/],
    ['empty pages for ever', token => list(next(`${Number(token) + 1}`)), /a list without an end/],
    ['keys of another prefix', () => list(key('b/1')), /a key of another prefix/],
    ['too many keys', () => list(key('a/1').repeat(1001)), /more than 1000 keys/],
    ['a page that is too long', () => list('x'.repeat(9 * 1024 * 1024)), /a page of more than 8388608 bytes/],
    ['a token that is too long', () => list(next('x'.repeat(5000))), /malformed token/],
    ['no list', () => '<html></html>', /no list of a bucket/],
  ]
  for (const [what, page, message] of cases) {
    it(`is refused: ${what}`, async () => {
      const error = await serve(page)
      expect(error.message).to.match(message)
      expect(error.code).to.equal('origin-lies')
    })
  }

  it('is refused: a page that comes drop by drop', async () => {
    async function* drops(): AsyncGenerator<Uint8Array> {
      for (;;) {
        await setTimeout(1)
        yield Buffer.from(' ')
      }
    }
    const error = await wholePage(drops(), 'http://store/', 5).then(
      () => expect.fail('it ended'),
      (error: DragonflyError) => error,
    )
    expect(error).to.include({ code: 'origin-lies' })
    expect(error.message).to.match(/one page for more than/)
  })
})

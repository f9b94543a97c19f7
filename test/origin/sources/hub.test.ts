import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { parseHubUrl } from '../../../src/origin/sources/hub-address.ts'
import { resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import { World } from '../../world/world.ts'
import { withVariables } from './environment.ts'
import { COMMIT, HubServer } from './hub-server.ts'

const WEIGHTS = randomBytes(2_500_003)
const SECRET = randomBytes(1_500_007)
const DIGEST = `sha256:${createHash('sha256').update(WEIGHTS).digest('hex')}`
const CONFIG = Buffer.from('{"model_type": "tiny"}')
/** A Python with huggingface_hub, if there is one. */
const PYTHON = process.env.DF_TEST_HF_PYTHON ?? 'python3'

describe('the URL of a file of a hub', () => {
  it('has a kind, a repository, a revision and a path', () => {
    expect(parseHubUrl('hf://Org/my.model/a/b c.bin')).to.deep.equal({
      kind: '',
      repo: 'Org/my.model',
      revision: 'main',
      path: 'a/b c.bin',
    })
    expect(parseHubUrl('hf://datasets/org/data@refs%2Fpr%2F1/x.parquet')).to.deep.equal({
      kind: 'datasets/',
      repo: 'org/data',
      revision: 'refs/pr/1',
      path: 'x.parquet',
    })
    expect(parseHubUrl('hf://spaces/org/app/app.py').kind).to.equal('spaces/')
    for (const bad of ['hf://org', 'hf://org/model', 'hf://org/model/', 'hf://org/model@v1', 'hf://org/model/folder/']) {
      expect(() => parseHubUrl(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-url')
    }
  })
})

describe('files of a hub', () => {
  let hub: HubServer
  const as = <T>(variables: Record<string, string>, work: () => Promise<T>) =>
    withVariables({ HF_ENDPOINT: hub.url, ...variables }, work)

  before(async () => {
    hub = await HubServer.start([
      { repo: 'org/weights', path: 'model.safetensors', body: WEIGHTS },
      { repo: 'org/weights', path: 'config.json', body: CONFIG, isLarge: false },
      { repo: 'org/copy', path: 'sub/same.safetensors', body: WEIGHTS },
      { repo: 'datasets/org/rows', path: 'train 1.parquet', body: SECRET },
      { repo: 'org/private', path: 'model.safetensors', body: SECRET, access: 'private' },
      { repo: 'org/gated', path: 'model.safetensors', body: SECRET, access: 'gated' },
    ])
    hub.tokens.members.add('hf_alice').add('hf_bob')
    hub.tokens.admitted.add('hf_bob')
  })
  after(() => hub.stop())

  it('are one commit, with the digest of the hub; a token is not shown where nobody asks for it', async () => {
    const { requests } = hub
    const since = requests.length
    const url = `${hub.url}/org/weights/resolve/${COMMIT}/model.safetensors`
    for (const name of ['org/weights', 'org/weights@main', 'org/weights@v2', 'models/org/weights']) {
      const found = await as({ HF_TOKEN: 'hf_alice' }, () => resolveSource(`hf://${name}/model.safetensors`))
      expect(found, name).to.deep.equal({ url, shown: `hf://${name}/model.safetensors`, digest: DIGEST })
    }
    expect(requests.slice(since).map(({ host, authorization }) => [host, authorization])).to.deep.equal(
      Array.from({ length: 4 }, () => ['hub', undefined]),
    )
    const renamed = await as({}, () => resolveSource('hf://org/old-name/model.safetensors'))
    expect(renamed.digest).to.equal(DIGEST)
    const small = await as({}, () => resolveSource('hf://org/weights/config.json'))
    expect(small).to.deep.equal({
      url: `${hub.url}/org/weights/resolve/${COMMIT}/config.json`,
      shown: 'hf://org/weights/config.json',
    })
    const spaced = await as({}, () => resolveSource('hf://datasets/org/rows/train 1.parquet'))
    expect(spaced.url).to.equal(`${hub.url}/datasets/org/rows/resolve/${COMMIT}/train%201.parquet`)
  })

  it('are shown with a token of the environment or of its file, which goes to the hub alone', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'df-hub-'))
    await writeFile(path.join(dir, 'token'), 'hf_alice\n')
    const world = await World.open()
    try {
      for (const variables of [{ HF_TOKEN: 'hf_bob' }, { HF_HOME: dir }] as Record<string, string>[]) {
        const { url, shown: _, ...options } = await as(variables, () => resolveSource('hf://org/private/model.safetensors'))
        const { node } = await world.node()
        const file = world.path()
        await node.download(url, file, options)
        expect((await readFile(file)).equals(SECRET)).to.equal(true)
      }
      const atCdn = hub.requests.filter(({ host }) => host === 'cdn')
      expect(atCdn.length).to.be.greaterThan(0)
      expect(atCdn.filter(({ authorization }) => authorization !== undefined)).to.deep.equal([])
    } finally {
      await world.close()
      await rm(dir, { recursive: true })
    }
  })

  it('are asked for with the token where the hub is busy with those who have none', async () => {
    hub.isBusy = true
    try {
      const found = await as({ HF_TOKEN: 'hf_alice' }, () => resolveSource('hf://org/weights/model.safetensors'))
      expect(found.headers).to.deep.equal([['authorization', 'Bearer hf_alice']])
      const alone = as({}, () => resolveSource('hf://org/weights/model.safetensors'))
      hub.isBusy = false
      expect((await alone).headers).to.equal(undefined)
    } finally {
      hub.isBusy = false
    }
  })

  it('with one digest are one content at a seed, whatever the repository', async () => {
    const world = await World.open()
    try {
      const seed = await world.seed({ allowOrigins: ['127.0.0.1', 'localhost'] })
      const before = hub.cdnBytes
      for (const name of ['org/weights/model.safetensors', 'org/copy@v2/sub/same.safetensors']) {
        const { url, shown: _, ...options } = await as({}, () => resolveSource(`hf://${name}`))
        const { node } = await world.node({ seeds: [seed.address] })
        const file = world.path()
        const receipt = await node.download(url, file, options)
        expect((await readFile(file)).equals(WEIGHTS)).to.equal(true)
        expect(receipt.fromOrigin).to.equal(0)
      }
      expect(hub.cdnBytes - before).to.be.within(WEIGHTS.length, WEIGHTS.length + 100)
    } finally {
      await world.close()
    }
  })

  it('that are private are read once by a seed for all whom the hub lets in, and nobody else gets them', async () => {
    const world = await World.open()
    try {
      const seed = await world.seed({ allowOrigins: ['127.0.0.1', 'localhost'] })
      const before = hub.cdnBytes
      for (const token of ['hf_alice', 'hf_bob']) {
        const {
          url,
          shown: _,
          ...options
        } = await as({ HF_TOKEN: token }, () => resolveSource('hf://org/private/model.safetensors'))
        const { node } = await world.node({ seeds: [seed.address] })
        const file = world.path()
        expect((await node.download(url, file, options)).fromOrigin).to.equal(0)
        expect((await readFile(file)).equals(SECRET)).to.equal(true)
      }
      expect(hub.cdnBytes - before).to.be.within(SECRET.length, SECRET.length + 100)
      const { node } = await world.node({ seeds: [seed.address] })
      const digest = `sha256:${createHash('sha256').update(SECRET).digest('hex')}`
      const url = `${hub.url}/org/private/resolve/${COMMIT}/model.safetensors`
      const work = node.download(url, world.path(), { digest, origin: false })
      const error = await work.catch((error: unknown) => error as DragonflyError)
      expect(error).to.be.instanceOf(DragonflyError).with.property('code', 'origin-forbidden')
      const said = seed.events.map(event => JSON.stringify(event)).join()
      expect(said).not.to.match(/hf_alice|hf_bob|signed-by-the-hub/)
    } finally {
      await world.close()
    }
  })

  const refusals: [what: string, url: string, token: string | undefined, code: string, message: RegExp, hint: RegExp][] = [
    [
      'gated',
      'org/gated/model.safetensors',
      'hf_alice',
      'origin-forbidden',
      /org\/gated is gated.*token of HF_TOKEN/,
      /ask for access at http.*org\/gated/,
    ],
    ['gated, without a token', 'org/gated/model.safetensors', undefined, 'origin-forbidden', /gated.*no token/, /HF_TOKEN/],
    ['no such repository', 'org/nothing/x.bin', 'hf_alice', 'origin-not-found', /no repository org\/nothing/, /check the name/],
    [
      'private, without a token',
      'org/private/model.safetensors',
      undefined,
      'origin-forbidden',
      /no repository.*no token/,
      /HF_TOKEN/,
    ],
    ['no such revision', 'org/weights@v9/model.safetensors', undefined, 'origin-not-found', /no revision v9/, /tree\/main/],
    ['no such file', 'org/weights/none.bin', undefined, 'origin-not-found', /no file none\.bin/, /tree\/main/],
  ]
  for (const [what, url, token, code, message, hint] of refusals) {
    it(`says what is wrong: ${what}`, async () => {
      const work = () => resolveSource(`hf://${url}`).catch((error: unknown) => error)
      const error = (await as(token === undefined ? {} : { HF_TOKEN: token }, work)) as DragonflyError
      expect(error).to.be.instanceOf(DragonflyError)
      expect(error.message).to.match(message)
      expect(error.message).not.to.include('hf_alice')
      expect(error.hint).to.match(hint)
      expect(error.code).to.equal(code)
    })
  }

  it('are taken from this hub by huggingface_hub, too', async function () {
    this.timeout(30_000)
    if (spawnSync(PYTHON, ['-c', 'import huggingface_hub']).status !== 0) {
      console.warn('SKIPPED: huggingface_hub is not installed (pip install huggingface_hub)')
      return this.skip()
    }
    const dir = await mkdtemp(path.join(tmpdir(), 'df-hub-'))
    const program = 'from huggingface_hub import hf_hub_download; print(hf_hub_download("org/weights", "model.safetensors"))'
    const env = { ...process.env, HF_ENDPOINT: hub.url, HF_HOME: dir, HF_HUB_DISABLE_TELEMETRY: '1', HF_HUB_DISABLE_XET: '1' }
    const { stdout } = await promisify(execFile)(PYTHON, ['-c', program], { env })
    expect((await readFile(stdout.trim())).equals(WEIGHTS)).to.equal(true)
    expect(stdout).to.include(COMMIT)
    await rm(dir, { recursive: true })
  })
})

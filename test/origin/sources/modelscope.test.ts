// modelscope:// against a hub after the public API.
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { MODELSCOPE, parseModelScopeUrl } from '../../../src/origin/sources/modelscope.ts'
import { resolveSource } from '../../../src/origin/sources/resolve-source.ts'
import { World } from '../../world/world.ts'
import { listening } from './byte-answers.ts'
import { withVariables } from './environment.ts'
import { listed } from './listed.ts'
import { ModelScopeServer } from './modelscope-server.ts'

const WEIGHTS = randomBytes(1_500_003)
const DIGEST = `sha256:${createHash('sha256').update(WEIGHTS).digest('hex')}`
const ROWS = Object.fromEntries(Array.from({ length: 450 }, (_, at) => [`rows/${at}.bin`, Buffer.from(String(at))]))

describe('the URL of a file of ModelScope', () => {
  it('has a kind, a repository, a revision and a path', () => {
    const plain = { kind: 'models', repo: 'org/m', revision: 'master', path: 'a/b c.bin' }
    expect(parseModelScopeUrl('modelscope://org/m/a/b c.bin')).to.deep.equal(plain)
    const data = { kind: 'datasets', repo: 'org/d', revision: 'x/y', path: 'z' }
    expect(parseModelScopeUrl('modelscope://datasets/org/d@x%2Fy/z')).to.deep.equal(data)
    for (const bad of ['modelscope://org', 'modelscope://org/m/../x', 'modelscope://org/m/x?y']) {
      expect(() => parseModelScopeUrl(bad), bad)
        .to.throw(DragonflyError)
        .with.property('code', 'bad-url')
    }
    const folders = ['modelscope://org/m', 'modelscope://org/m@v1', 'modelscope://datasets/org/m/', 'modelscope://org/m/sub/']
    for (const folder of folders) expect(MODELSCOPE.isFolder?.(folder), folder).to.equal(true)
    expect(MODELSCOPE.isFolder?.('modelscope://org/m/sub')).to.equal(false)
  })
})

describe('files of ModelScope', () => {
  let hub: ModelScopeServer
  const as = <T>(variables: Record<string, string>, work: () => Promise<T>) =>
    withVariables({ MODELSCOPE_ENDPOINT: hub.url, ...variables }, work)
  const failure = async (url: string, variables: Record<string, string> = {}) => {
    const error = await as(variables, () => resolveSource(url).catch((error: unknown) => error))
    expect(error).to.be.instanceOf(DragonflyError)
    return error as DragonflyError
  }

  before(async () => {
    const files = { 'config.json': Buffer.from('{}'), 'sub/weights 1.bin': WEIGHTS }
    hub = await ModelScopeServer.start({
      'models/org/open': { files },
      'models/org/closed': { files, isPrivate: true },
      'datasets/org/rows': { files: ROWS },
    })
    hub.tokens.add('ms-alice').add('ms-bob')
  })
  after(() => hub?.stop())

  it('have the digest of the hub and a name; a token is not shown where nobody asks for it', async () => {
    const url = 'modelscope://org/open/sub/weights 1.bin'
    const { nameFile, ...found } = await as({ MODELSCOPE_API_TOKEN: 'ms-alice' }, () => resolveSource(url))
    const at = `${hub.url}/api/v1/models/org/open/repo?Revision=master&FilePath=sub%2Fweights%201.bin`
    expect(found).to.deep.equal({ url: at, shown: url, digest: DIGEST })
    expect(nameFile?.()).to.equal('weights 1.bin')
    expect(hub.requests.every(({ cookie }) => cookie === undefined)).to.equal(true)
    expect((await as({}, () => resolveSource('modelscope://datasets/org/rows@v1/rows/420.bin'))).url).to.include('420.bin')
  })

  it('that are private are read once by a seed for all who have a token, and nobody else gets them', async () => {
    const world = await World.open()
    try {
      const seed = await world.seed({ allowOrigins: ['127.0.0.1'] })
      const before = hub.bytes
      for (const token of ['ms-alice', 'ms-bob']) {
        const source = await as({ MODELSCOPE_API_TOKEN: token }, () => resolveSource('modelscope://org/closed/sub/weights 1.bin'))
        const { url, shown: _, ...options } = source
        expect(options.headers).to.deep.equal([['cookie', `m_session_id=${token}`]])
        const { node } = await world.node({ seeds: [seed.address] })
        const folder = world.path()
        await mkdir(folder)
        const receipt = await node.download(url, `${folder}/`, options)
        expect(receipt.fromOrigin).to.equal(0)
        expect((await readFile(`${folder}/weights 1.bin`)).equals(WEIGHTS)).to.equal(true)
      }
      expect(hub.bytes - before).to.be.within(WEIGHTS.length, WEIGHTS.length + 100)
      const { node } = await world.node({ seeds: [seed.address] })
      const work = node.download(
        `${hub.url}/api/v1/models/org/closed/repo?Revision=master&FilePath=sub%2Fweights%201.bin`,
        world.path(),
        {
          digest: DIGEST,
          origin: false,
        },
      )
      expect(await work.catch((error: unknown) => error)).to.be.instanceOf(DragonflyError)
      expect(seed.events.map(event => JSON.stringify(event)).join()).not.to.match(/ms-alice|ms-bob/)
    } finally {
      await world.close()
    }
  })

  it('are listed, page by page', async () => {
    const files = await as({ MODELSCOPE_API_TOKEN: 'ms-bob' }, () => listed(MODELSCOPE, 'modelscope://org/closed'))
    expect(files.map(({ path }) => path)).to.deep.equal([['config.json'], ['sub', 'weights 1.bin']])
    expect(files[1]).to.include({ length: WEIGHTS.length, digest: DIGEST })
    const request = files[1]?.request?.()
    expect(request).to.deep.include({ digest: DIGEST, headers: [['cookie', 'm_session_id=ms-bob']] })
    const rows = await as({}, () => listed(MODELSCOPE, 'modelscope://datasets/org/rows/rows/'))
    expect(rows).to.have.length(450)
    expect(rows[0]?.path).to.deep.equal(['0.bin'])
  })

  it('are not believed where the hub sends something else', async () => {
    for (const text of ['<html>', '{"Data":{"Files":{}}}', '{"Data":{"Files":[null]}}', '{"Data":{"Files":[{"Path":7}]}}']) {
      const { url, stop } = await listening((_, response) => void response.end(text))
      const error = await failure('modelscope://org/open/x', { MODELSCOPE_ENDPOINT: url })
      expect(error, text).to.include({ code: 'origin-lies' })
      await stop()
    }
    expect(await failure('modelscope://org/open/x', { MODELSCOPE_ENDPOINT: 'ftp://x' })).to.include({ code: 'bad-option' })
  })

  it('say what is wrong', async () => {
    const file = await failure('modelscope://org/open/none.bin')
    expect(file).to.include({ code: 'origin-not-found', message: 'org/open has no file none.bin at revision master' })
    const closed = await failure('modelscope://org/closed/config.json')
    expect(closed).to.include({ code: 'origin-not-found' })
    expect(closed.message).to.match(/no repository org\/closed.*no token was found/)
    expect(closed.hint).to.match(/MODELSCOPE_API_TOKEN/)
    expect(await failure('modelscope://org/open')).to.include({ code: 'bad-url' })
    expect(await failure('modelscope://org/open/config.json', { MODELSCOPE_API_TOKEN: 'a b' })).to.include({ code: 'bad-header' })
  })
})

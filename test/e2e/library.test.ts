// The library as an embedding program uses it: streams, receipts, aborts, seeds, and stops that leave nothing behind.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { createNode, type DragonflyError, type DragonflyNode, type ErrorCode, type Progress } from '../../src/index.ts'
import { ROOT } from '../cli/processes.ts'
import { content, honest, hostileOrigin, stopHostileOrigins } from '../origin/hostile-origin.ts'
import { Lab } from './lab.ts'

const MiB = 1024 * 1024
const CONTENT = content(3 * MiB + 11)
const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
/** libp2p leaves a timer of a second behind. */
/** A program ends after its node stopped within so many times what it took until then: nothing waits for a timer of minutes. */
const EXIT_FACTOR = 10

describe('the library', () => {
  let lab: Lab
  let nodes: DragonflyNode[]

  beforeEach(async () => {
    lab = await Lab.open()
    nodes = []
  })
  afterEach(async () => {
    await Promise.all(nodes.map(node => node.stop()))
    await lab.close()
    await stopHostileOrigins()
  })

  const start: typeof createNode = async options => {
    const node = await createNode({
      home: lab.path(`home-${nodes.length}`),
      listen: LOOPBACK,
      allowOrigins: ['127.0.0.1'],
      ...options,
    })
    nodes.push(node)
    return node
  }
  const alone = async (): Promise<DragonflyNode> => await start({ network: false })
  const origin = async () => await hostileOrigin(request => honest(request, CONTENT, { etag: '"1"' }))
  /** An origin that goes silent in the middle. */
  const silent = async () => await hostileOrigin(() => ({ headers: { etag: '"1"' }, body: CONTENT, stallAfter: 2 * MiB }))
  const failure = async (call: Promise<unknown>): Promise<ErrorCode> =>
    await call.then(
      () => expect.fail('succeeded'),
      (error: DragonflyError) => error.code,
    )
  /** Resolves with the progress that shows at least so many bytes. */
  const reached = (bytes: number) => {
    const { promise, resolve } = Promise.withResolvers<Progress>()
    return { promise, onProgress: (progress: Progress) => progress.bytes >= bytes && resolve(progress) }
  }

  it('get() gives the bytes in order, then the receipt', async () => {
    const node = await alone()
    const { url } = await origin()
    const progress: Progress[] = []
    const stream = node.get(url, { onProgress: p => progress.push(p) })
    const chunks: Uint8Array[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(Buffer.compare(Buffer.concat(chunks), CONTENT)).to.equal(0)
    const receipt = await stream.receipt
    expect(receipt).to.include({ url, output: '-', bytes: CONTENT.length, fromOrigin: CONTENT.length, trust: 'origin' })
    expect(progress.at(-1)).to.include({ bytes: CONTENT.length, length: CONTENT.length, fromOrigin: CONTENT.length })
  })

  it('get() fetches nothing before the first read, and refuses nonsense at once', async () => {
    const node = await alone()
    const { url, requests } = await origin()
    const stream = node.get(url)
    stream.receipt.catch(() => {})
    for (const [bad, options] of [
      ['ftp://example.org/x', {}],
      ['nonsense', {}],
      [url, { digest: 'sha256:00' }],
      [url, { headers: [['bad name', 'x']] }],
    ] as const) {
      expect(() => node.get(bad, options))
        .to.throw()
        .with.property('name', 'DragonflyError')
    }
    await node.stop()
    expect(requests).to.deep.equal([])
  })

  it('leaving the loop early ends the download: the connection closes, the receipt says why', async () => {
    const node = await alone()
    const { url, idle } = await silent()
    const stream = node.get(url)
    const receipt = failure(stream.receipt)
    for await (const chunk of stream) {
      expect(Buffer.compare(chunk, CONTENT.subarray(0, chunk.length))).to.equal(0)
      break
    }
    await idle()
    expect(await receipt).to.equal('aborted')
    // and the node goes on: with what is there from before
    const again = await node.download((await origin()).url, lab.path('f'))
    expect(again.bytes).to.equal(CONTENT.length)
  })

  it('download() writes the file and tells how far it is', async () => {
    const node = await alone()
    const { url } = await origin()
    const progress: Progress[] = []
    const receipt = await node.download(url, lab.path('f'), { onProgress: p => progress.push(p) })
    expect(Object.keys(receipt).toSorted()).to.deep.equal(
      [
        ...['bytes', 'cid', 'fromOrigin', 'fromPeers', 'fromSeeds', 'output', 'peers', 'resumed', 'seconds', 'sha256'],
        ...['trust', 'url'],
      ].toSorted(),
    )
    expect(Buffer.compare(await readFile(lab.path('f')), CONTENT)).to.equal(0)
    expect(progress.at(-1)).to.include({ bytes: CONTENT.length, fromOrigin: CONTENT.length, peers: 0 })
    // kept: the second time only the question whether it is still the same goes out
    expect(await node.download(url, lab.path('g'))).to.include({ resumed: CONTENT.length, fromOrigin: 0 })
  })

  it('the same content for several at once is read once, in one node', async () => {
    const node = await alone()
    const { url, requests } = await origin()
    const receipts = await Promise.all(['a', 'b', 'c'].map(name => node.download(url, lab.path(name), { keep: false })))
    expect(requests).to.have.length(1)
    for (const name of ['a', 'b', 'c']) expect(Buffer.compare(await readFile(lab.path(name)), CONTENT)).to.equal(0)
    expect(receipts.map(r => r.bytes)).to.deep.equal([CONTENT.length, CONTENT.length, CONTENT.length])
    expect(await lab.kept('home-0')).to.deep.equal([])
  })

  it('a signal ends a download: aborted, timeout, or before it began; no file, no connection', async () => {
    const node = await alone()
    const { url, idle, requests } = await silent()
    await writeFile(lab.path('f'), 'old')
    const controller = new AbortController()
    const far = reached(MiB)
    const download = failure(node.download(url, lab.path('f'), { signal: controller.signal, onProgress: far.onProgress }))
    await far.promise
    controller.abort()
    expect(await download).to.equal('aborted')
    await idle()
    expect(await failure(node.download(url, lab.path('f'), { signal: AbortSignal.timeout(300) }))).to.equal('timeout')
    const before = requests.length
    expect(await failure(node.download(url, lab.path('f'), { signal: AbortSignal.abort() }))).to.equal('aborted')
    expect(requests).to.have.length(before)
    expect(await readFile(lab.path('f'), 'utf8')).to.equal('old')
    expect(await lab.files('')).to.deep.equal(['f', 'home-0'])
  })

  it('one of two who share a download may leave: the other one gets it', async () => {
    const node = await alone()
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>()
    const { url } = await hostileOrigin(() => ({ headers: { etag: '"1"' }, body: CONTENT, stallAfter: 2 * MiB, until }))
    const controller = new AbortController()
    const far = reached(MiB)
    const leaver = failure(node.download(url, lab.path('a'), { signal: controller.signal, onProgress: far.onProgress }))
    const stayer = node.download(url, lab.path('b'))
    await far.promise
    controller.abort()
    expect(await leaver).to.equal('aborted')
    goOn()
    expect((await stayer).bytes).to.equal(CONTENT.length)
    expect(await lab.files('')).to.deep.equal(['b', 'home-0'])
  })

  it('a seed and a peer in one process, stores in memory', async () => {
    const { url, requests } = await origin()
    const seed = await start({ store: 'memory' })
    await seed.seed()
    expect(seed.addresses[0]).to.match(new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${seed.peerId}$`))
    const peer = await start({ store: 'memory', seeds: [seed.addresses[0] as string] })
    const receipt = await peer.download(url, lab.path('f'))
    expect(receipt).to.include({ fromOrigin: 0, fromSeeds: CONTENT.length, peers: 1, trust: 'seed' })
    expect(Buffer.compare(await readFile(lab.path('f')), CONTENT)).to.equal(0)
    expect(requests).to.have.length(1)
  })

  it('stop() ends what is under way, may be called twice, and nothing can be had afterwards', async () => {
    const node = await start({})
    const { url, idle } = await silent()
    const far = reached(MiB)
    const download = failure(node.download(url, lab.path('f'), { onProgress: far.onProgress }))
    await far.promise
    await Promise.all([node.stop(), node.stop()])
    await node.stop()
    expect(await download).to.equal('aborted')
    await idle()
    expect(await lab.files('')).to.deep.equal(['home-0'])
    expect(await failure(node.download(url, lab.path('f')))).to.be.oneOf(['aborted', 'store-error'])
  })

  it('a node that cannot start leaves nothing', async () => {
    expect(await failure(start({ seeds: ['nonsense'] }))).to.equal('bad-multiaddr')
    expect(await failure(start({ trust: ['nonsense'] }))).to.equal('bad-peer-id')
    await writeFile(lab.path('file'), '')
    expect(await failure(start({ store: lab.path('file') }))).to.equal('store-error')
    const seed = await start({ persistentIdentity: true, home: lab.path('seed') })
    expect(await failure(start({ persistentIdentity: true, home: lab.path('seed') }))).to.equal('store-locked')
    await seed.stop()
    const next = await start({ persistentIdentity: true, home: lab.path('seed') })
    expect(next.peerId).to.equal(seed.peerId)
  })

  const programs: Array<[what: string, program: string]> = [
    ['after a download', 'await node.download(url, file)'],
    ['after a stream that was left early', 'for await (const chunk of node.get(url)) break'],
    ['after an abort', 'await node.download(slow, file, { signal: AbortSignal.timeout(200) }).catch(() => {})'],
    [
      'in the middle of a download',
      'await new Promise(go => node.download(slow, file, { onProgress: p => p.length > 0 && go() }).catch(() => {}))',
    ],
    ['as a seed', 'await node.seed(); await node.download(url, file)'],
    [
      'as a peer of a seed',
      `const seed = await createNode({ home: home + '-seed', listen: ['/ip4/127.0.0.1/tcp/0'], allowOrigins: ['127.0.0.1'] })
       await seed.seed()
       const peer = await createNode({ home: home + '-peer', seeds: [seed.addresses[0]] })
       await peer.download(url, file)
       await peer.stop()
       await seed.stop()`,
    ],
    ['at once', ''],
  ]
  it(`a program that stops its node ends by itself: ${programs.map(([what]) => what).join(', ')}`, async () => {
    const urls = [(await origin()).url, (await silent()).url]
    const ends = async ([what, program]: [string, string], i: number): Promise<void> => {
      const source = `
        import { createNode } from ${JSON.stringify(join(ROOT, 'src', 'index.ts'))}
        const [url, slow, file, home] = ${JSON.stringify([...urls, lab.path(`f-${i}`), lab.path(`home-${i}`)])}
        const node = await createNode({ home, listen: ['/ip4/127.0.0.1/tcp/0'] })
        ${program}
        await node.stop()
        const stopped = performance.now()
        process.on('exit', () => console.log((performance.now() - stopped) / stopped))`
      const ended = await lab.run(process.execPath, ['--input-type=module', '-e', source]).ended
      expect(ended, `${what}: ${ended.stderr}`).to.include({ code: 0, stderr: '' })
      expect(Number(ended.stdout), what).to.be.below(EXIT_FACTOR)
    }
    await Promise.all(programs.map(ends))
  })
})

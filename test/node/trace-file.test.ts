// A trace on disk is never in the way of its download: shared contents, slow and vanishing disks.
import { execFileSync } from 'node:child_process'
import { constants } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { TraceFile } from '../../src/node/account/trace-file.ts'
import { type EventFacts, eventOf, type NodeEvent } from '../../src/node/api/events.ts'
import type { GetOptions } from '../../src/node/api/get-options.ts'
import { createNode } from '../../src/node/node.ts'
import { replay } from '../../src/sim/replay.ts'
import { DEFAULT_POLICY } from '../../src/swarm/events.ts'

const LENGTH = 3 * 1024 * 1024
const SETUP = { self: 'me', isSeed: false, pieceLength: 262_144, seed: 1, policy: DEFAULT_POLICY }
/** Two MiB of text as a line. */
const MANY = Array.from({ length: 300_000 }, (_, i) => 3 * i)

describe('node: a trace on disk', () => {
  let dir: string
  let origin: Server | undefined

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-trace-'))
  })
  afterEach(async () => {
    origin?.closeAllConnections()
    origin?.close()
    origin = undefined
    await rm(dir, { recursive: true })
  })

  /** An origin that sends half at once, and the rest when it is told to. */
  async function halting(): Promise<{ url: string; goOn: () => void }> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const server = createServer((_, answer) => {
      answer.writeHead(200, { 'content-length': LENGTH, etag: '"1"' })
      answer.write(Buffer.alloc(LENGTH / 2))
      void promise.then(() => answer.end(Buffer.alloc(LENGTH / 2)))
    })
    origin = server
    await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`, goOn: resolve }
  }

  it('is written into no file that a link leads to, but to a device that one leads to', async () => {
    await writeFile(join(dir, 'victim'), 'mine')
    await symlink('victim', join(dir, 'link'))
    await symlink('nothing', join(dir, 'lost'))
    for (const name of ['link', 'lost']) {
      const error = await TraceFile.open(join(dir, name), () => {}).catch(error => error)
      expect(error).to.include({ code: 'output-unwritable' })
      expect(error.message).to.include('is a symbolic link')
    }
    expect((await readdir(dir)).toSorted()).to.deep.equal(['link', 'lost', 'victim'])
    expect(await readFile(join(dir, 'victim'), 'utf8')).to.equal('mine')
    await symlink('/dev/null', join(dir, 'device'))
    await (await TraceFile.open(join(dir, 'device'), () => {})).ended()
  })

  it('of a content that was being downloaded already is told to be missing, and that is all', async () => {
    const { url, goOn } = await halting()
    const events: NodeEvent[] = []
    const node = await createNode({ store: 'memory', home: dir, network: false, onEvent: event => events.push(event) })
    const begin = async (name: string, options: GetOptions) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const onProgress = (p: { bytes: number }) => p.bytes > 0 && resolve()
      const done = node.download(url, join(dir, name), { ...options, trace: join(dir, `${name}.trace`), onProgress })
      await promise
      return { done }
    }
    const { done: first } = await begin('a', {})
    const { done: late } = await begin('b', { explain: true })
    goOn()
    const receipts = await Promise.all([first, late])
    await node.stop()
    expect(receipts[1].sha256).to.equal(receipts[0].sha256)
    expect(receipts[1].explain?.efficiency).to.be.within(0, 1)
    expect(events.filter(e => e.level !== 'debug').map(e => e.message)).to.deep.equal([
      'no trace: this content was being downloaded already, and its beginning is missing',
    ])
    expect(await readFile(join(dir, 'b.trace'), 'utf8')).to.equal('')
    const whole = (await readFile(join(dir, 'a.trace'), 'utf8')).trimEnd().split('\n')
    expect(await replay(whole)).to.include({ runs: 1, difference: undefined })
  })

  it('is given up, with one word, when nothing can be written any more', async () => {
    const path = join(dir, 'pipe')
    execFileSync('mkfifo', [path])
    // somebody who opens it and never reads: what is written is never taken
    const reader = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const warnings: string[] = []
    const trace = await TraceFile.open(path, (facts: EventFacts) => warnings.push(eventOf(facts).message))
    trace.begun(SETUP)
    const event = { type: 'have', peer: 'a', pieces: MANY, queue: 0, load: 0 } as const
    for (let i = 0; i < 60; i++) trace.told(event, i, [])
    expect(warnings).to.deep.equal(['the trace ends here: the disk is too slow for it'])
    await reader.close()
    await trace.ended()
    trace.told(event, 99, [])
    expect(warnings).to.have.length(1)
  })

  it('cannot be a folder', async () => {
    const error = await TraceFile.open(dir, () => {}).catch((thrown: unknown) => thrown)
    expect(error).to.include({ name: 'DragonflyError', code: 'output-unwritable' })
  })
})

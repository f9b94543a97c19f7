// Nodes that start, stop and meet: a stop at any moment ends everything, one home is one process, two dials are one link.
import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { createNode } from '../../src/node/node.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('life', 4 * PIECE)
const NODE = new URL('../../src/node/node.ts', import.meta.url).href

describe('a node', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const url = () => `${origin.url}/file.bin`

  /** Begins a download to a file and one to a stream; resolves to what each was rejected with. */
  const endOfBoth = ({ node }: Observed): Promise<unknown[]> => {
    const toStream = async () => {
      for await (const _ of node.get(url()));
    }
    return Promise.all([node.download(url(), world.path()), toStream()].map(get => get.catch(error => error)))
  }
  const expectAborted = (errors: unknown[]) => {
    for (const error of errors) expect(error).to.have.property('code', 'aborted')
  }

  it('that is stopped during a download rejects it as aborted', async () => {
    origin.hold(PIECE)
    const seed = await world.seed()
    for (const options of [{}, { seeds: [seed.address] }]) {
      const peer = await world.node(options)
      const ends = endOfBoth(peer)
      await until(() => origin.gets.length > 0, 'the origin is asked')
      await peer.node.stop()
      expectAborted(await ends)
    }
  })

  it('that is stopped just after a download was asked for rejects it too', async () => {
    const peer = await world.node()
    const ends = endOfBoth(peer)
    await peer.node.stop()
    expectAborted(await ends)
    expectAborted(await endOfBoth(peer))
    expectAborted([await peer.node.seed().catch((error: unknown) => error)])
  })

  it('that is stopped, twice, leaves nothing that keeps a process alive', async () => {
    const seed = await world.seed()
    await mkdir(join(world.dir, 'child'))
    origin.hold(PIECE)
    // no process.exit: it ends when nothing is left, or not at all
    const program = `
      import { createNode } from ${JSON.stringify(NODE)}
      const options = { home: ${JSON.stringify(join(world.dir, 'child'))}, listen: ['${LOOPBACK}'], seeds: ['${seed.address}'] }
      const node = await createNode({ ...options, persistentIdentity: true })
      await node.seed()
      let bytes = 0
      const get = node.download('${url()}', ${JSON.stringify(join(world.dir, 'child-out'))}, { onProgress: p => { bytes = p.bytes } })
      get.catch(error => console.log(error.code))
      while (bytes === 0) await new Promise(resolve => setTimeout(resolve, 5))
      await Promise.all([node.stop(), node.stop()])
      await node.stop()
    `
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], { timeout: HANG_MS })
    expect(stdout.trim()).to.equal('aborted')
  })

  it('takes on a seed’s duties once, however often it is told', async () => {
    const seed = await world.node()
    await Promise.all([seed.node.seed(), seed.node.seed()])
    await seed.node.seed()
    const peer = await world.node({ seeds: [seed.address] })
    const path = world.path()
    await peer.node.download(url(), path, { origin: false })
    expect(await fileHash(path)).to.equal(hex(BODY))
  })

  it('without a network cannot seed, and reads the origin', async () => {
    const node = await world.node({ network: false })
    expect(await node.node.seed().catch((e: unknown) => e)).to.have.property('code', 'bad-option')
    expect((await node.node.download(url(), world.path())).fromOrigin).to.equal(BODY.length)
  })

  it('with a lasting identity is alone in its home, and lets go of it', async () => {
    const options = { home: join(world.dir, 'one'), persistentIdentity: true }
    const first = await world.node(options)
    const error = await world.node(options).catch(e => e)
    expect(error).to.have.property('code', 'store-locked')
    expect(error.message).to.include(String(process.pid))
    await first.node.stop()
    const second = await world.node(options)
    expect(second.id).to.equal(first.id)
  })

  it('says what is wrong with its options, and leaves nothing behind', async () => {
    const odd: [object, string][] = [
      [{ seeds: ['nonsense'] }, 'bad-multiaddr'],
      [{ seeds: ['/ip4/127.0.0.1/tcp/1'] }, 'bad-multiaddr'],
      [{ bootstrap: ['/ip4/127.0.0.1'] }, 'bad-multiaddr'],
      [{ trust: ['me'] }, 'bad-peer-id'],
      [{ listen: ['nowhere'] }, 'bad-multiaddr'],
      [{ listen: ['/ip4/192.0.2.1/tcp/1'] }, 'listen-failed'],
      [{ trust: Array(101).fill('x') }, 'bad-option'],
      [{ seed: true }, 'bad-option'],
      [{ connections: { trustedNetworks: ['10.0.0.0/33'] } }, 'bad-option'],
    ]
    for (const [options, code] of odd) {
      const error = await createNode({
        store: 'memory',
        listen: [LOOPBACK],
        home: world.dir,
        persistentIdentity: true,
        ...options,
      }).catch(e => e)
      expect(error, JSON.stringify(options).slice(0, 80)).to.have.property('code', code)
    }
    // the lock of the home folder was given back every time
    await world.node({ home: world.dir, persistentIdentity: true })
  })

  it('refuses options that it does not know, with the names of those it does', async () => {
    const { node } = await world.node()
    const odd = { digst: 'sha256:00' } as object
    const thrown = (call: () => unknown): Promise<unknown> =>
      Promise.resolve()
        .then(call)
        .catch(error => error)
    const calls: [where: string, call: () => unknown, known: string][] = [
      ['createNode', () => createNode({ ...odd, listen: [LOOPBACK] }), 'allowOrigins'],
      ['get', () => node.get(origin.url, odd), 'revalidate'],
      ['download', () => node.download(origin.url, world.dir, odd), 'revalidate'],
      ['preheat', () => node.preheat(origin.url, odd), 'at'],
    ]
    for (const [where, call, known] of calls) {
      const error = await thrown(call)
      expect(error).to.include({ code: 'bad-option', message: `${where}: unknown option "digst"` })
      expect((error as { hint: string }).hint.split(/[ ,]+/)).to.include(known)
    }
  })

  it('and another that dial each other at the same moment share one link', async () => {
    origin.hold(PIECE)
    const seed = await world.seed()
    const peers = await Promise.all(Array.from({ length: 4 }, () => world.node({ seeds: [seed.address] })))
    const links: number[] = []
    const told: number[][] = peers.map(() => [])
    const downloads = peers.map(({ node }, i) =>
      node.download(url(), world.path(), {
        origin: false,
        onProgress: p => {
          links[i] = p.peers
          told[i]?.push(p.peers)
        },
      }),
    )
    // three other peers and the seed, each once
    await until(() => links.filter(n => n === 4).length === peers.length, `all know all: ${links}`)
    for (const reports of told) reports.length = 0
    await until(() => told.every(reports => reports.length >= 3), 'each has told three times more')
    expect(new Set(told.flat())).to.deep.equal(new Set([4]))
    origin.release()
    for (const receipt of await Promise.all(downloads)) expect(receipt.sha256).to.equal(hex(BODY))
    expect(peers.flatMap(p => p.said(/banned|broke/))).to.deep.equal([])
  })
})

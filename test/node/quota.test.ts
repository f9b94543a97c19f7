// A seed with a small quota: what nobody uses goes, what is being served stays, and what is too large is never begun.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTask } from '../../src/core/task.ts'
import { startHost } from '../../src/net/host.ts'
import { resolve } from '../../src/net/resolve.ts'
import { openDiskStore } from '../../src/store/disk.ts'
import { until } from '../waiting.ts'
import { nextAnswer } from '../world/asker.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { type Observed, World } from '../world/world.ts'

const MiB = 2 ** 20
const LENGTH = 8 * PIECE

describe('a seed with a quota', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed
  let dir: string

  beforeEach(async () => {
    world = await World.open()
    origin = await world.origin(Buffer.alloc(0))
    dir = join(world.dir, 'store')
  })
  afterEach(() => world.close())

  const url = (name: string) => `${origin.url}/${name}`

  /** Each name has its own bytes: equal ones would be kept once. */
  async function get(name: string): Promise<void> {
    origin.body = content(`quota ${name}`, LENGTH)
    const peer = await world.node({ seeds: [seed.address] })
    const path = world.path()
    await peer.node.download(url(name), path, { origin: false })
    expect(await fileHash(path)).to.equal(hex(origin.body))
    await peer.node.stop()
  }

  /** Which of these the seed has. */
  async function cached(...names: string[]): Promise<string[]> {
    const tasks = new Set((await readdir(join(dir, 'entries'))).map(key => key.split('.')[0]))
    return names.filter(name => tasks.has(makeTask({ url: url(name) }).id))
  }

  it('drops what was used least recently, and not what somebody is at', async () => {
    seed = await world.seed({ store: dir, quota: 3.4 * MiB })
    for (const name of ['a', 'b', 'c']) await get(name)
    expect(await cached('a', 'b', 'c')).to.deep.equal(['a', 'b', 'c'])
    const host = await startHost({ listen: [] })
    world.atEnd(() => host.stop())
    await host.connect([seed.address])
    const leave = new AbortController()
    const request = { url: url('b'), headers: [], filter: [], tag: undefined, digest: undefined, revalidate: false }
    const replies = resolve(host, seed.id, request, leave.signal)
    expect(await nextAnswer(replies)).to.have.property('type', 'resolved')
    await get('a')
    // last read: b, c, a; b is resolved and stays, c goes as d comes, and that is enough
    await get('d')
    expect(await cached('a', 'b', 'c', 'd')).to.deep.equal(['a', 'b', 'd'])
    leave.abort()
  })

  it('reads again what it dropped', async () => {
    seed = await world.seed({ store: dir, quota: 1.5 * MiB })
    for (const name of ['a', 'b', 'a']) await get(name)
    expect(origin.gets.filter(({ path, status }) => path === '/a' && status === 200)).to.have.length(2)
    expect(await cached('a', 'b')).to.deep.equal(['a'])
  })

  it('tells that a content is too large, before it is read; what it has goes on being served', async () => {
    seed = await world.seed({ store: dir, quota: 1.5 * MiB })
    await get('a')
    const large = await world.origin(content('large', 16 * MiB))
    const peer = await world.node({ seeds: [seed.address] })
    const enough = new AbortController()
    const options = { origin: false, signal: enough.signal }
    const download = peer.node.download(`${large.url}/large`, world.path(), options).catch(e => e)
    await until(() => seed.said(/quota of 1\.5 MiB/).length > 0, 'the seed says so')
    await until(() => peer.said(/needs 16 MiB more/).length > 0, 'the peer is told')
    enough.abort()
    expect(await download).to.have.property('code', 'aborted')
    expect((await seed.node.status()).bytes.fromOrigin).to.equal(LENGTH)
    expect(await cached('a')).to.deep.equal(['a'])
    await get('a')
    expect(origin.gets.filter(({ path, status }) => path === '/a' && status === 200)).to.have.length(1)
  })

  it('remembers URLs without their secrets', async () => {
    seed = await world.seed({ store: dir })
    await get('plain')
    await get('signed?key=SECRET')
    const peer = await world.node({ seeds: [seed.address] })
    const headers = [['authorization', 'Bearer SECRET']] as const
    await peer.node.download(url('private?key=SECRET'), world.path(), { headers })
    await peer.node.stop()
    await seed.node.stop()
    const store = await openDiskStore(dir)
    const labels = (await store.list()).map(entry => entry.label).toSorted()
    await store.stop()
    expect(labels).to.deep.equal([url('plain'), url('private'), `${url('signed')}?…`].toSorted())
  })
})

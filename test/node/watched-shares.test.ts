// Folders that a node watches and shares by name: what of them is read again, what is kept for how long, and who is believed.

import { mkdir, open, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { sharedUrl } from '../../src/core/shared-url.ts'
import { decodeTree, MAX_TREE_BYTES, type Tree, type TreeFile } from '../../src/core/tree.ts'
import { startHost } from '../../src/net/host.ts'
import { askTree, serveTrees } from '../../src/net/tree-stream.ts'
import { HeldRoots } from '../../src/node/sharing/held-roots.ts'
import { Quiet } from '../../src/node/sharing/quiet.ts'
import { walkWatched } from '../../src/node/sharing/walk-watched.ts'
import type { TreeReply } from '../../src/wire/codec-tree.ts'
import { sealTree } from '../../src/wire/envelope.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const MiB = 1024 * 1024
const LONG_AGO = new Date(Date.now() - 3_600_000)

describe('a folder that a node watches', () => {
  let world: World
  worldForEach(content('watched', PIECE), opened => {
    world = opened
  })

  async function folder(files: Record<string, string | Buffer>): Promise<string> {
    const at = world.path()
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(join(at, name, '..'), { recursive: true })
      await writeFile(join(at, name), bytes)
      // a file that was written just now is read again in any case
      await utimes(join(at, name), LONG_AGO, LONG_AGO)
    }
    return at
  }

  const sharer = async () => await world.node({ store: world.path() })

  async function treeOf({ node }: Observed, url: string): Promise<Tree> {
    const { pathname } = new URL(url)
    const chunks: Uint8Array[] = []
    for await (const chunk of node.get(sharedUrl({ root: pathname, name: undefined, isTree: false }))) chunks.push(chunk)
    return decodeTree(Buffer.concat(chunks))
  }

  /** Resolves to its address once it has been shared so often. */
  async function shared({ events }: Observed, times: number): Promise<string> {
    const told = () => events.filter(({ code }) => code === 'folder-shared')
    await until(() => told().length >= times, `it is shared ${times} times`)
    return (told()[times - 1] as { url?: string }).url as string
  }

  it('reads only what is new: files that are as they were lie where they lay', async () => {
    const small = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`d/${i}`, Buffer.alloc(60_000, i)]))
    const at = await folder({ ...small, 'large.bin': content('large', MiB) })
    const host = await sharer()
    const before = await treeOf(host, (await host.node.share(at, { watch: true, name: 'x' })).url)
    await writeFile(join(at, 'd', 'new'), 'new')
    await rm(join(at, 'd', '7'))
    const after = await treeOf(host, await shared(host, 2))
    const places = ({ files, packs }: Tree) =>
      Object.fromEntries(
        files.map(({ path, place }) => [path, 'root' in place ? place.root : `${packs[place.pack]?.root}+${place.offset}`]),
      )
    const { 'd/7': _gone, ...rest } = places(before)
    const { 'd/new': _new, ...same } = places(after)
    expect(same).to.deep.equal(rest)
    expect(after.packs).to.have.length(2)
  })

  it('packs small changes together, and packs that are mostly holes anew', async () => {
    const at = await folder(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`d/${i}`, Buffer.alloc(60_000, i)])))
    const host = await sharer()
    await host.node.share(at, { watch: true, name: 'x' })
    for (let i = 0; i < 3; i++) {
      await writeFile(join(at, 'd', 'often'), `${i}`)
      await shared(host, i + 2)
    }
    expect((await treeOf(host, await shared(host, 4))).packs).to.have.length(2)
    for (let i = 0; i < 30; i++) await rm(join(at, 'd', `${i}`))
    const { files, packs } = await treeOf(host, await shared(host, 5))
    expect(files).to.have.length(11)
    expect(packs.map(({ size }) => size)).to.deep.equal([10 * 60_000 + 1])
  })

  it('is found to be another one by a change that leaves size and time as they were, and of which nothing is heard', async () => {
    const at = await folder({ a: 'before' })
    const host = await sharer()
    const { url } = await host.node.share(at, { watch: true, name: 'x' })
    await writeFile(join(at, 'b'), 'behind')
    await utimes(join(at, 'b'), LONG_AGO, LONG_AGO)
    await rename(join(at, 'b'), join(at, 'a'))
    const [file] = (await treeOf(host, await shared(host, 2))).files
    expect(file).to.include({ path: 'a', size: 6 })
    expect(await shared(host, 2)).to.not.equal(url)
  })

  it('offers no byte of a file that was overwritten in place under its old digest', async () => {
    const at = await folder({ 'a.bin': content('in place', 3 * PIECE) })
    const host = await sharer()
    const { kept, url } = await host.node.share(at, { watch: true, name: 'x' })
    const before = await treeOf(host, url)
    const file = await open(join(at, 'a.bin'), 'r+')
    await file.write(Buffer.from('changed'), 0, 7, PIECE)
    await file.close()
    await shared(host, 2)
    const [{ place }] = before.files as [TreeFile]
    const { root } = place as { root: string }
    const other = await world.node({ bootstrap: [host.address] })
    const old = other.node.download(sharedUrl({ root, name: undefined, isTree: false }), world.path(), { keep: true })
    const end = await old.then(
      () => 'done',
      error => error.code,
    )
    // a reflink has bytes of its own
    expect(end).to.equal(kept === 'reflink' ? 'done' : 'no-source')
  })

  it('leaves out what cannot be shared, and says so', async () => {
    const at = await folder({ a: 'a', 'b:c': 'b', secret: 's' })
    await symlink('../x', join(at, 'out'))
    await symlink('/etc/passwd', join(at, 'absolute'))
    await symlink('a', join(at, 'in'))
    const { files, links, leftOut, all } = await walkWatched(at, new AbortController().signal)
    expect(files.map(({ path }) => path)).to.deep.equal(['a', 'secret'])
    expect(links).to.deep.equal([{ path: 'in', target: 'a' }])
    expect(leftOut.map(({ path }) => path).toSorted()).to.deep.equal(['absolute', 'b:c', 'out'])
    expect(all).to.deep.equal([''])
    const host = await sharer()
    expect(await host.node.share(at, { watch: true, name: 'x' })).to.include({ files: 2 })
    expect(host.said(/of .* is not shared: .*; and 2 more/)).to.have.length(1)
  })

  it('keeps the version before while the folder cannot be read', async () => {
    const at = await folder({ a: 'a' })
    const host = await sharer()
    const { url } = await host.node.share(at, { watch: true, name: 'x' })
    await rename(at, `${at}-away`)
    await until(() => host.said(/is not shared as it is now/).length > 0, 'it is told')
    expect(await host.node.shares()).to.have.nested.property('[0].url', url)
    expect((await treeOf(host, url)).files).to.have.length(1)
  })

  it('is refused under a name that is none or taken, as a file, and twice', async () => {
    const at = await folder({ 'a b/x': 'x', y: 'y' })
    const { node } = await sharer()
    await node.share(join(at, 'a b'), { watch: true, name: 'taken' })
    for (const [path, options] of [
      [join(at, 'a b'), { name: 'other' }],
      [at, { name: 'taken' }],
      [at, { name: 'a b' }],
      [at, { name: '../x' }],
      [join(at, 'y'), { name: 'file' }],
      [join(at, 'nowhere'), {}],
    ] as const)
      expect(await node.share(path, { watch: true, ...options }).catch(error => error.code), path).to.equal('bad-option')
    expect(await node.shares()).to.have.length(1)
    expect(await node.unshare('taken').catch(error => error.code)).to.equal('not-found')
    expect(await node.unshare('dragonfly://taken/')).to.include({ path: join(at, 'a b') })
    expect(await node.shares()).to.have.length(0)
    await node.share(at, { watch: true, name: 'taken' })
  })

  it('is told by who shares it alone: a host that is no seed lists nothing else, and no name is told that was not asked for', async () => {
    const at = await folder({ a: 'a' })
    const host = await sharer()
    await host.node.share(at, { watch: true, name: 'x' })
    const stranger = await startHost({ listen: [] })
    world.atEnd(() => stranger.stop())
    await stranger.connect([host.address])
    const ask = async (url: string) => {
      const replies: TreeReply[] = []
      for await (const reply of askTree(stranger, host.id, { url }, AbortSignal.timeout(HANG_MS))) replies.push(reply)
      return replies.at(-1) as TreeReply & { code?: string }
    }
    expect(await ask('dragonfly://x/')).to.include({ type: 'tree' })
    expect((await ask('dragonfly://y/')).code).to.equal('not-found')
    expect((await ask('dragonfly://X/')).code).to.equal('not-found')
    for (const url of ['dragonfly:///', `dragonfly://${at}/`, 'dragonfly://..%2f/'])
      expect((await ask(url)).code, url).to.equal('bad-url')
    expect((await ask('http://127.0.0.1:1/')).code).to.equal('peer-refused')
    expect((await ask(`file://${at}/`)).code).to.equal('peer-refused')
  })

  it('is believed of the seed that was asked, and of nobody else whom it quotes', async () => {
    const root = 'bafkreieriht7byvkzhu5d5gxr2eu4cvgztv4olw7gpfudunud5cshwxm3u'
    const head = { url: 'dragonfly://x/', root, length: 10, listedAt: 1 }
    const trusted = await generateKeyPair('Ed25519')
    const host = await startHost({ listen: [LOOPBACK] })
    const other = await startHost({ listen: [], privateKey: trusted })
    world.atEnd(() => host.stop())
    world.atEnd(() => other.stop())
    let envelope = await sealTree(head, host.privateKey)
    await serveTrees(host, async (_peer, _request, say) => say({ type: 'tree', envelope }))
    const { node } = await world.node({ seeds: [host.addresses[0] as string], trust: [other.id] })
    const find = async () => await node.findTree('dragonfly://x/').catch(error => error.code)
    expect(await find()).to.deep.equal({ root, length: 10, listedAt: 1 })
    envelope = await sealTree(head, trusted)
    expect(await find()).to.equal('no-source')
    for (const changes of [{ url: 'dragonfly://y/' }, { root: 'x' }, { length: MAX_TREE_BYTES + 1 }]) {
      envelope = await sealTree({ ...head, ...changes }, host.privateKey)
      expect(await find(), JSON.stringify(changes)).to.equal('no-source')
    }
    const lonely = await world.node({})
    expect(await lonely.node.findTree('dragonfly://x/').catch(error => error.code)).to.equal('no-source')
    expect(await lonely.node.findTree('dragonfly://x y/').catch(error => error.code)).to.equal('bad-url')
  })

  it('stays in the store when the node ends, so that the next one need not copy it', async () => {
    const store = world.path()
    const at = await folder({ 'a.bin': content('again', MiB) })
    const host = await world.node({ store })
    const { url } = await host.node.share(at, { watch: true, name: 'x' })
    const { ino } = await stat(join(at, 'a.bin'))
    await host.node.stop()
    const again = await world.node({ store })
    expect(await again.node.share(at, { watch: true, name: 'x' })).to.include({ url, kept: 'stored' })
    expect((await stat(join(at, 'a.bin'))).ino).to.equal(ino)
    expect(await readFile(join(at, 'a.bin'))).to.deep.equal(content('again', MiB))
  })
})

describe('earlier versions of a folder', () => {
  const measured = (root: string) => ({ root, sha256: new Uint8Array(32), length: 1, pieceLength: 1, digests: [] })

  function held() {
    const dropped: string[] = []
    const contents = { drop: async (roots: readonly string[]) => void dropped.push(...roots), has: async () => true }
    return { roots: new HeldRoots(contents), dropped }
  }

  it('are held for five minutes', async () => {
    const { roots, dropped } = held()
    for (const root of ['a', 'b']) await roots.add(measured(root))
    await roots.use(new Set(['a', 'b']), 0)
    await roots.use(new Set(['b']), 1000)
    await roots.expire(300_999)
    expect(dropped).to.deep.equal([])
    await roots.expire(301_000)
    expect(dropped).to.deep.equal(['a'])
    expect([roots.has('a'), roots.has('b')]).to.deep.equal([false, true])
  })

  it('are eight at most, and what is in use again is none', async () => {
    const { roots, dropped } = held()
    for (let i = 0; i < 20; i++) {
      await roots.add(measured(`v${i}`))
      await roots.use(new Set([`v${i}`, ...(i === 19 ? ['v18'] : [])]), i)
    }
    expect(dropped).to.deep.equal(Array.from({ length: 11 }, (_, i) => `v${i}`))
    await roots.expire(1e9)
    expect([roots.has('v18'), roots.has('v19'), roots.has('v17')]).to.deep.equal([true, true, false])
  })

  it('are not begun by what failed', async () => {
    const { roots, dropped } = held()
    await roots.add(measured('a'))
    await roots.use(new Set(['a']), 0)
    await roots.add(measured('b'))
    await roots.undo()
    expect(dropped).to.deep.equal(['b'])
    await roots.add(measured('a'))
    expect(dropped).to.deep.equal(['b', 'a'])
    expect(roots.has('a')).to.equal(true)
  })
})

describe('a moment of quiet', () => {
  const never = new AbortController().signal

  it('comes after the last of some changes', async () => {
    const quiet = new Quiet({ quiet: 60, most: 10_000 })
    const begun = performance.now()
    const next = quiet.next(20_000, never)
    for (let i = 0; i < 5; i++) {
      quiet.changed()
      await pause(20)
    }
    expect(await next).to.equal(true)
    expect(performance.now() - begun).to.be.within(130, 2000)
  })

  it('is not waited for without an end', async () => {
    const quiet = new Quiet({ quiet: 1000, most: 200 })
    const timer = setInterval(quiet.changed, 5)
    const begun = performance.now()
    expect(await quiet.next(20_000, never)).to.equal(true)
    expect(performance.now() - begun).to.be.within(190, 900)
    clearInterval(timer)
  })

  it('is taken for granted after a while, and at the end', async () => {
    const quiet = new Quiet({ quiet: 1000, most: 1000 })
    expect(await quiet.next(20, never)).to.equal(false)
    const ending = new AbortController()
    setTimeout(() => ending.abort(), 20)
    expect(await quiet.next(20_000, ending.signal)).to.equal(false)
  })
})

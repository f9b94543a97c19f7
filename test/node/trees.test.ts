// Trees below URLs: what a real seed makes of an index, and what hostile origins, askers and seeds get out of it.

import { setTimeout as pause } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { sharedUrl } from '../../src/core/shared-url.ts'
import { decodeUrlTree, type UrlTree, unpack } from '../../src/core/url-tree.ts'
import { startHost } from '../../src/net/host.ts'
import { askTree, serveTrees, type TreeAnswerer } from '../../src/net/tree-stream.ts'
import type { FoundTree } from '../../src/node/api/found-tree.ts'
import { isSettled } from '../../src/node/seeding/tree-files.ts'
import { encodeTreeRequest, type TreeReply } from '../../src/wire/codec-tree.ts'
import { sealTree } from '../../src/wire/envelope.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { TREE_PROTOCOL } from '../../src/wire/protocols.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import { type Act, hostileOrigin, stopHostileOrigins } from '../origin/hostile-origin.ts'
import { HANG_MS, until } from '../waiting.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const links = (...names: string[]) => names.map(name => `<a href="${name}">x</a> 28-Nov-2026 10:00 3\n`).join('')

/** An origin whose index has these files; each answers as told. */
async function indexed(files: Record<string, Act>, index = links(...Object.keys(files))) {
  const origin = await hostileOrigin(({ url = '', headers }) => {
    if (url.endsWith('/')) return { body: index }
    const act = files[url.slice(1)] ?? { status: 404 }
    const etag = act.headers?.etag
    return etag !== undefined && headers['if-none-match'] === etag ? { status: 304, headers: { etag } } : act
  })
  // less its path
  return { requests: origin.requests, url: new URL(origin.url).origin }
}

const file = (body: string, headers: Record<string, string> = {}): Act => ({
  body,
  headers: { etag: `"${body.slice(0, 9)}${body.length}"`, ...headers },
})

async function contentOf({ node }: Observed, root: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of node.get(sharedUrl({ root, name: undefined, isTree: false }))) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function treeOf(asker: Observed, found: FoundTree | undefined): Promise<UrlTree> {
  expect(found).to.not.equal(undefined)
  return decodeUrlTree(await contentOf(asker, (found as FoundTree).root))
}

/** Path → its bytes; null of one that is to be fetched by its URL. */
async function unpacked(asker: Observed, found: FoundTree | undefined): Promise<Record<string, string | null>> {
  const { files, packs } = await treeOf(asker, found)
  const contents = await Promise.all(packs.map(({ root }) => contentOf(asker, root)))
  const bytesOf = (packed: UrlTree['files'][number]['packed']) =>
    packed === undefined ? null : Buffer.from(unpack(contents[packed.pack] as Buffer, packed)).toString()
  return Object.fromEntries(files.map(({ path, packed }) => [path, bytesOf(packed)]))
}

async function pair(world: World, options: object = {}): Promise<{ seed: Observed; asker: Observed }> {
  const seed = await world.seed({ store: world.path(), ...options })
  return { seed, asker: await world.node({ seeds: [seed.address] }) }
}

/** A seed that answers as told. Resolves to a node that trusts it. */
async function victimOf(world: World, answer: TreeAnswerer | undefined): Promise<Observed> {
  const host = await startHost({ listen: [LOOPBACK] })
  world.atEnd(() => host.stop())
  if (answer !== undefined) await serveTrees(host, answer)
  return await world.node({ seeds: [host.addresses[0] as string] })
}

describe('node: trees below URLs', () => {
  after(stopHostileOrigins)

  together([
    [
      'small files are packed, others go by their URL: too large, not to be kept, not there',
      async world => {
        const { url } = await indexed({
          a: file('aaa'),
          'b%20c': file('bbb'),
          empty: file(''),
          large: file('l'.repeat(65_537)),
          endless: { ...file('e'.repeat(70_000)), chunked: true },
          secret: file('sss', { 'cache-control': 'no-store' }),
          gone: { status: 404 },
        })
        const { asker } = await pair(world)
        const found = await unpacked(asker, await asker.node.findTree(`${url}/`))
        expect(found).to.deep.equal({ a: 'aaa', 'b c': 'bbb', empty: '', large: null, endless: null, secret: null, gone: null })
      },
    ],
    [
      'for many askers at once each file is read once; what is unchanged is the same list',
      async world => {
        const origin = await indexed({ a: file('aaa'), b: file('bbb') })
        const { seed, asker } = await pair(world)
        const nodes = await Promise.all(Array.from({ length: 6 }, () => world.node({ seeds: [seed.address] })))
        const found = await Promise.all(nodes.map(({ node }) => node.findTree(`${origin.url}/`)))
        expect(new Set(found.map(tree => tree?.root)).size).to.equal(1)
        const asked = () => origin.requests.map(({ url }) => url)
        expect(asked().filter(path => path === '/').length).to.be.below(6)
        expect(
          origin.requests.filter(({ url, headers }) => url === '/a' && headers['if-none-match'] === undefined),
        ).to.have.length(1)
        expect((await asker.node.findTree(`${origin.url}/`))?.root).to.equal(found[0]?.root)
      },
    ],
    [
      'a file of which the index says nothing that can be relied on is asked for again, by a condition',
      async world => {
        const files: Record<string, Act> = { a: file('aaa'), b: file('bbb') }
        const origin = await indexed(files)
        const { asker } = await pair(world)
        await asker.node.findTree(`${origin.url}/`)
        files.b = file('BBB')
        const before = origin.requests.length
        expect(await unpacked(asker, await asker.node.findTree(`${origin.url}/`))).to.deep.equal({ a: 'aaa', b: 'BBB' })
        const conditions = origin.requests.slice(before).filter(({ url }) => url !== '/')
        expect(conditions.map(({ headers }) => headers['if-none-match'])).to.have.members(['"aaa3"', '"bbb3"'])
      },
    ],
    [
      'a pack that was evicted is made again',
      async world => {
        const origin = await indexed({ a: file('aaa') })
        const { seed, asker } = await pair(world, { expire: 3_600_000 })
        const first = await asker.node.findTree(`${origin.url}/`)
        for (const { id } of await seed.node.administration.contents()) await seed.node.administration.remove(id)
        const fresh = await world.node({ seeds: [seed.address] })
        expect(await unpacked(fresh, await fresh.node.findTree(`${origin.url}/`))).to.deep.equal({ a: 'aaa' })
        expect(first).to.not.equal(undefined)
      },
    ],
    [
      'a seed lists no private address that it was not allowed, nothing with credentials, and no other scheme',
      async world => {
        const origin = await indexed({ a: file('aaa') })
        const { asker } = await pair(world, { allowOrigins: [] })
        expect(await asker.node.findTree(`${origin.url}/`)).to.equal(undefined)
        expect(origin.requests).to.have.length(0)
        const { seed, asker: other } = await pair(world)
        expect(await other.node.findTree(origin.url.replace('://', '://user:secret@'))).to.equal(undefined)
        const host = await startHost({ listen: [] })
        world.atEnd(() => host.stop())
        await host.connect([seed.address])
        for (const url of [origin.url.replace('://', '://user:secret@'), 'file:///etc/', 'ftp://h/', 'no URL']) {
          const replies: TreeReply[] = []
          for await (const reply of askTree(host, seed.id, { url }, AbortSignal.timeout(HANG_MS))) replies.push(reply)
          expect(replies.at(-1), url).to.include({ type: 'failed' })
          expect(['bad-url', 'bad-scheme'], url).to.include((replies.at(-1) as { code?: string }).code)
        }
        expect(origin.requests).to.have.length(0)
      },
    ],
    [
      'indexes without end, with hostile names, or that are none, are no trees',
      async world => {
        const { asker } = await pair(world)
        for (const index of [links('deeper/'), links('..%2fx', 'a'), 'just text']) {
          const { url } = await indexed({}, index)
          expect(await asker.node.findTree(`${url}/`), index).to.equal(undefined)
        }
      },
    ],
    [
      'an index that nobody is to keep is listed for nobody else; one whose names are too long is not remembered',
      async world => {
        const { asker } = await pair(world)
        for (const control of ['private, max-age=60', 'no-store']) {
          const origin = await hostileOrigin(({ url }) =>
            url === '/t/' ? { body: links('a'), headers: { 'cache-control': control } } : file('aaa'),
          )
          expect(await asker.node.findTree(new URL('/t/', origin.url).href), control).to.equal(undefined)
          expect(origin.requests.map(({ url }) => url)).to.deep.equal(['/t/'])
        }
        const name = 'n'.repeat(200)
        const path = `${name}/`.repeat(30)
        const many = Array.from({ length: 2000 }, (_, i) => `${path}${i}`)
        const origin = await hostileOrigin(({ url = '' }) =>
          /^\/(\d*\/)?$/.test(url)
            ? { body: links(...many, ...(url === '/' ? Array.from({ length: 9 }, (_, i) => `${i}/`) : [])) }
            : file('aaa'),
        )
        expect(await asker.node.findTree(new URL('/', origin.url).href)).to.equal(undefined)
        expect(origin.requests.length).to.be.below(5)
      },
    ],
    [
      'a listing that comes to nothing leaves no more packs than one that does',
      async world => {
        let reads = 0
        const names = Array.from({ length: 200 }, (_, i) => `f${1000 + i}`)
        const origin = await hostileOrigin(({ url = '' }) => {
          if (url.endsWith('/t/')) return { body: names.map(name => `<a href="${name}">x</a>\n`).join('') }
          if (url.endsWith('f1199')) return { silent: true }
          return { body: Buffer.alloc(65_536, `${reads++} `), headers: { etag: `"${reads}"` } }
        })
        const { seed, asker } = await pair(world)
        for (let i = 1; i <= 4; i++) {
          const leave = new AbortController()
          const asking = asker.node.findTree(new URL('/t/', origin.url).href, { signal: leave.signal })
          const isRead = () => origin.requests.filter(({ url }) => url?.endsWith('f1199')).length >= i
          await until(() => isRead() && reads >= i * 199, 'the seed reads')
          leave.abort()
          expect(await asking.catch(error => error.code)).to.equal('aborted')
          await until(
            () => origin.requests.every(({ url, socket }) => !url?.endsWith('f1199') || socket.destroyed),
            'the seed hangs up',
          )
        }
        // three of 4 MiB each, and those before them
        let left = Number.POSITIVE_INFINITY
        for (const end = Date.now() + 5000; left > 6 && Date.now() < end; await pause(50)) {
          left = (await seed.node.administration.contents()).length
        }
        expect(left).to.be.at.most(6)
      },
    ],
    [
      'the listing ends when nobody waits for it any more',
      async world => {
        const origin = await indexed({ a: { ...file('aaa'), silent: true } })
        const { asker } = await pair(world)
        const leave = new AbortController()
        const asking = asker.node.findTree(`${origin.url}/`, { signal: leave.signal })
        await until(() => origin.requests.some(({ url }) => url === '/a'), 'the seed reads')
        leave.abort()
        expect(await asking.catch(error => error.code)).to.equal('aborted')
        await until(() => origin.requests.every(({ url, socket }) => url !== '/a' || socket.destroyed), 'the seed hangs up')
      },
    ],
    [
      'a seed that is old, says nothing of use, or signs what is not its own, is as none',
      async world => {
        const url = 'http://127.0.0.1:1/'
        const key = await generateKeyPair('Ed25519')
        const head = { url, root: 'bafkreieriht7byvkzhu5d5gxr2eu4cvgztv4olw7gpfudunud5cshwxm3u', length: 10, listedAt: 1 }
        const signed = (changes: object, by = key) => sealTree({ ...head, ...changes }, by)
        const answers: (TreeAnswerer | undefined)[] = [
          undefined,
          async () => {},
          async (_peer, _request, say) => say({ type: 'tree', envelope: await signed({}) }),
          async (_peer, _request, say) => say({ type: 'tree', envelope: new Uint8Array(100) }),
          async (_peer, _request, say) => {
            say({ type: 'failed', code: 'internal', message: 'x', status: undefined, retryAfter: undefined })
          },
        ]
        for (const answer of answers) {
          expect(await (await victimOf(world, answer)).node.findTree(url)).to.equal(undefined)
        }
        // by a key that is trusted
        const host = await startHost({ listen: [LOOPBACK] })
        world.atEnd(() => host.stop())
        let changes: object = {}
        await serveTrees(host, async (_peer, _request, say) => {
          say({ type: 'tree', envelope: await signed(changes, host.privateKey as typeof key) })
        })
        const { node } = await world.node({ seeds: [host.addresses[0] as string] })
        expect(await node.findTree(url)).to.deep.equal({ root: head.root, length: 10, listedAt: 1 })
        for (changes of [{ url: 'http://127.0.0.1:2/' }, { root: 'x' }, { length: 2 ** 40 }]) {
          expect(await node.findTree(url), JSON.stringify(changes)).to.equal(undefined)
        }
      },
    ],
    [
      'strangers who break the rules are cut off',
      async world => {
        const { seed } = await pair(world)
        const host = await startHost({ listen: [] })
        world.atEnd(() => host.stop())
        await host.connect([seed.address])
        const open = () => host.openStream(seed.id, TREE_PROTOCOL)
        const request = encodeTreeRequest({ url: 'http://127.0.0.1:1/' })
        for (const bytes of [
          new Uint8Array([0x7a, 1, 1]),
          new Uint8Array(300).fill(0xff),
          new Uint8Array(LIMITS.treeRequest + 1),
        ]) {
          const stream = await open()
          await sendMessage(stream, bytes).catch(() => {})
          await ended(stream)
        }
        expect(request.byteLength).to.be.below(LIMITS.treeRequest)
      },
    ],
  ])

  it('an index with times tells that a file is settled only where a change would show', () => {
    const at = (date: string, modified: string, age = '0') => ({
      at: 1,
      answers: [{ status: 200, fields: { date, 'last-modified': modified, age } }],
    })
    const NOON = 'Sat, 28 Nov 2026 12:00:00 GMT'
    const stamp = '28-Nov-2026 10:07 3'
    const says = (shown: string, modified: string) => isSettled({ stamp: shown }, 'etag "x"', at(NOON, modified), 3)
    expect(says(stamp, 'Sat, 28 Nov 2026 10:07:59 GMT')).to.equal(true)
    // in another zone
    expect(says('28-Nov-2026 15:37 3', 'Sat, 28 Nov 2026 10:07:59 GMT')).to.equal(true)
    expect(says(stamp, 'Sat, 28 Nov 2026 11:58:30 GMT')).to.equal(false)
    expect(says(stamp, 'Sat, 28 Nov 2026 10:08:00 GMT')).to.equal(false)
    expect(says('3', 'Sat, 28 Nov 2026 10:07:59 GMT')).to.equal(false)
    expect(says(stamp, '')).to.equal(false)
    // a cache on the way may have the file before this one
    const cached = (age: string, length: number) =>
      isSettled({ stamp, length }, 'etag "x"', at(NOON, 'Sat, 28 Nov 2026 10:07:59 GMT', age), 3)
    expect(cached('5', 3)).to.equal(true)
    expect(cached('6', 3)).to.equal(false)
    expect(cached('0', 4)).to.equal(false)
    expect(isSettled({ stamp, etag: 'x' }, 'etag "x"', at('', ''), 3)).to.equal(true)
    for (const etag of ['y', '']) expect(isSettled({ stamp, etag }, 'etag "x"', at('', ''), 3)).to.equal(false)
    expect(isSettled({ stamp, etag: 'x' }, 'weak W/"x" 3', at('', ''), 3)).to.equal(false)
  })
})

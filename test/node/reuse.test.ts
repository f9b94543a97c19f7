// An older version at the output's path: what is built of it, what is asked for, and that it is never harmed.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { type Observed, World } from '../world/world.ts'

const PIECES = 32
const OLD = content('version one', PIECES * PIECE)

describe('an older version at the output', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  /** A seed that has all of `body`. */
  async function serve(body: Buffer): Promise<string> {
    origin = await world.origin(body)
    seed = await world.seed()
    const url = `${origin.url}/file.bin`
    await seed.node.download(url, world.path())
    return url
  }

  async function get(url: string, old: Buffer) {
    const { node } = await world.node({ seeds: [seed.address] })
    const path = world.path()
    await writeFile(path, old)
    const receipt = await node.download(url, path, { origin: false })
    return { receipt, path }
  }

  /** A host whose store has OLD, and the way to the next version, which has other bytes at the beginning. */
  async function next(options: NodeOptions) {
    const url = await serve(OLD)
    const { node } = await world.node({ seeds: [seed.address], ...options })
    await node.download(url, world.path(), { origin: false })
    const body = Buffer.concat([Buffer.from('x'), OLD])
    origin.body = body
    origin.etag = '"two"'
    await seed.node.download(url, world.path(), { revalidate: true })
    return { node, url, body }
  }

  it('gives every piece that is at its place, and only the others are asked for', async () => {
    const body = Buffer.from(OLD)
    content('other', 100).copy(body, 7 * PIECE + 5)
    const { receipt, path } = await get(await serve(body), OLD)
    expect(await fileHash(path)).to.equal(hex(body))
    expect(receipt).to.include({ reused: (PIECES - 1) * PIECE, resumed: (PIECES - 1) * PIECE, fromSeeds: PIECE, fromOrigin: 0 })
  })

  it('gives what has moved, by the list of chunks', async () => {
    const body = Buffer.concat([OLD.subarray(0, 1000), Buffer.from('inserted'), OLD.subarray(1000)])
    const { receipt, path } = await get(await serve(body), OLD)
    expect(await fileHash(path)).to.equal(hex(body))
    expect(receipt.fromSeeds).to.be.at.most(2 * PIECE)
    expect((receipt.reused ?? 0) + receipt.fromSeeds).to.equal(body.length)
  })

  it('is taken from the store, and stays there until the new one is done', async () => {
    const store = world.path()
    const { node, url, body } = await next({ store })
    const path = world.path()
    const receipt = await node.download(url, path, { origin: false, revalidate: true })
    expect(await fileHash(path)).to.equal(hex(body))
    expect(receipt.fromSeeds).to.be.at.most(PIECE)
    expect((receipt.reused ?? 0) + receipt.fromSeeds).to.equal(body.length)
    expect(await readdir(join(store, 'entries'))).to.have.length(1)
  })

  it('makes room in the store where there is none for both', async () => {
    const store = world.path()
    const { node, url, body } = await next({ store, quota: 1.5 * OLD.length })
    const path = world.path()
    const receipt = await node.download(url, path, { origin: false, revalidate: true })
    expect(await fileHash(path)).to.equal(hex(body))
    expect(receipt).to.include({ fromSeeds: body.length, resumed: 0 })
    expect(await readdir(join(store, 'entries'))).to.have.length(1)
  })

  it('gives nothing to a range: no more is stored than was asked for', async () => {
    const { node, url, body } = await next({ store: world.path() })
    const path = world.path()
    const range = { start: 5 * PIECE, end: 5 * PIECE + 10 }
    const receipt = await node.download(url, path, { origin: false, revalidate: true, range })
    expect((await readFile(path)).equals(body.subarray(range.start, range.end))).to.equal(true)
    expect(receipt.resumed + receipt.fromSeeds).to.equal(PIECE)
  })

  it('gives nothing where all is other bytes', async () => {
    const body = content('version two', PIECES * PIECE)
    const { receipt, path } = await get(await serve(body), OLD)
    expect(await fileHash(path)).to.equal(hex(body))
    expect(receipt).to.include({ fromSeeds: body.length, resumed: 0 })
    expect(receipt).to.not.have.property('reused')
  })

  it('is not waited for where the new one gets another name', async () => {
    origin = await world.origin(OLD)
    origin.headers = { 'content-disposition': 'attachment; filename="named.bin"' }
    seed = await world.seed()
    const url = `${origin.url}/file.bin`
    await seed.node.download(url, world.path())
    const { node } = await world.node({ seeds: [seed.address] })
    const folder = world.path()
    await mkdir(folder)
    await writeFile(join(folder, 'file.bin'), OLD)
    const receipt = await node.download(url, `${folder}/`, { origin: false })
    expect(receipt).to.include({ output: join(folder, 'named.bin'), fromSeeds: OLD.length })
    expect(await readdir(folder)).to.have.members(['file.bin', 'named.bin'])
  })

  it('is of no use to who reads the origin, and does not hold it up', async () => {
    origin = await world.origin(OLD)
    const { node } = await world.node()
    const path = world.path()
    await writeFile(path, OLD)
    const receipt = await node.download(`${origin.url}/file.bin`, path)
    expect(receipt).to.include({ fromOrigin: OLD.length, resumed: 0 })
  })

  it('stays as it is when the download fails', async () => {
    const body = Buffer.concat([Buffer.from('x'), OLD])
    const url = await serve(body)
    const { node } = await world.node({ seeds: [seed.address] })
    const path = world.path()
    await writeFile(path, OLD)
    const digest = `sha256:${hex(OLD)}`
    const error = await node.download(url, path, { origin: false, digest }).catch(e => e)
    expect(error).to.have.property('code')
    expect((await readFile(path)).equals(OLD)).to.equal(true)
  })
})

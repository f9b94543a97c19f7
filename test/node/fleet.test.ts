// Hosts of one fleet, without a seed: one of them reads the origin for all.
import { join } from 'node:path'
import { expect } from 'chai'
import { newFleetSecret, writeFleetFile } from '../../src/store/fleet-file.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('fleet', 6 * PIECE)

describe('a fleet without a seed', () => {
  let world: World
  let origin: TestOrigin
  let file: string

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })
  beforeEach(async () => {
    file = join(world.dir, 'fleet.json')
    await writeFleetFile(file, [{ secret: newFleetSecret() }])
  })

  const url = (name = 'file') => `${origin.url}/${name}`

  async function member(bootstrap: readonly string[], fleet = file): Promise<Observed> {
    return await world.node({ fleet, home: world.path(), bootstrap })
  }

  /** Members that all know the first one. */
  async function members(count: number): Promise<Observed[]> {
    const first = await member([])
    const others = await Promise.all(Array.from({ length: count - 1 }, () => member([first.address])))
    const all = [first, ...others]
    // hosts that start together need a moment; whoever comes later is told at once
    const isMet = async ({ node }: Observed) => (await node.status()).fleet?.total === count - 1
    while (!(await Promise.all(all.map(isMet))).every(is => is)) await new Promise(resolve => setTimeout(resolve, 20))
    return all
  }

  async function download({ node }: Observed, have: (bytes: number) => void = () => {}): Promise<string> {
    const path = world.path()
    await node.download(url(), path, { onProgress: ({ bytes }) => have(bytes) })
    return await fileHash(path)
  }

  const reads = () => origin.gets.filter(({ status }) => status === 200)

  it('reads the origin once for all of its members', async () => {
    const all = await members(5)
    expect(new Set(await Promise.all(all.map(one => download(one))))).to.deep.equal(new Set([hex(BODY)]))
    expect(reads()).to.have.length(1)
  })

  it('whoever leaves soon is served as well, and asks who is responsible', async () => {
    const all = await members(3)
    const first = all[0] as Observed
    await until(() => all.every(({ node }) => node.addresses.length > 0), 'members listen')
    const guest = await world.node({ fleet: file, home: world.path(), bootstrap: [first.address], dhtServer: false, listen: [] })
    expect(await download(guest)).to.equal(hex(BODY))
    expect(reads()).to.have.length(1)
    const receipt = await guest.node.download(url(), world.path())
    expect(receipt).to.include({ fromOrigin: 0, trust: 'seed' })
    expect((await first.node.status()).fleet?.total).to.equal(2)
  })

  it('the only member reads for whoever leaves soon, who may read the origin or not', async () => {
    const [only] = (await members(1)) as [Observed]
    await until(() => only.node.addresses.length > 0, 'it listens')
    for (const mayRead of [true, false]) {
      const options = { fleet: file, home: world.path(), bootstrap: [only.address], dhtServer: false, listen: [] }
      const guest = await world.node(options)
      const receipt = await guest.node.download(url(), world.path(), { origin: mayRead })
      expect(receipt, `${mayRead}`).to.include({ fromOrigin: 0, trust: 'seed' })
    }
    expect(reads()).to.have.length(1)
  })

  it('gives nothing to a host with another secret, or with none', async () => {
    const [first] = (await members(2)) as [Observed, Observed]
    await download(first)
    const other = join(world.dir, 'other.json')
    await writeFleetFile(other, [{ secret: newFleetSecret() }])
    const strangers = [
      await member([first.address], other),
      await world.node({ home: world.path(), bootstrap: [first.address], trust: [first.id] }),
    ]
    for (const { node } of strangers) {
      const failure = await node.download(url(), world.path(), { origin: false }).then(
        () => 'got it',
        error => error.code,
      )
      expect(failure).to.equal('no-source')
    }
    expect((await first.node.status()).fleet?.total).to.equal(1)
  })

  it('goes on when the one that reads dies: another member reads the rest, once', async () => {
    origin.hold(3 * PIECE)
    const all = await members(4)
    const having = new Map<Observed, number>()
    const done = all.map(one => download(one, bytes => having.set(one, bytes)).catch(error => error as Error))
    await until(() => all.every(one => (having.get(one) ?? 0) >= 2 * PIECE), 'everybody has some of it')
    const reader = await readerAmong(all)
    const others = all.filter(one => one !== reader)
    await reader.node.stop()
    origin.release()
    const hashes = await Promise.all(all.map((one, i) => (others.includes(one) ? done[i] : undefined)))
    expect(new Set(hashes.filter(hash => hash !== undefined))).to.deep.equal(new Set([hex(BODY)]))
    expect(reads()).to.have.length(1)
    // the first read ended after three of six pieces
    expect(asked(), 'bytes that were asked for again').to.be.below(1.2 * BODY.length)
  })

  it('a seed that is a member is asked before the others', async () => {
    const first = await member([])
    const seed = await member([first.address])
    await seed.node.seed()
    const third = await member([first.address])
    await known(third)
    for (const name of ['a', 'b', 'c', 'd']) {
      const receipt = await third.node.download(url(name), world.path())
      expect(receipt).to.include({ fromOrigin: 0, fromSeeds: BODY.length })
    }
  })

  /** Bytes of all ranges that were read. */
  function asked(): number {
    const ranges = origin.gets.flatMap(({ status, headers }) => (status === 206 ? [headers.range ?? ''] : []))
    return ranges.reduce((sum, range) => {
      const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(range) ?? []
      return sum + (to === '' ? BODY.length : Number(to) + 1) - Number(from)
    }, 0)
  }

  it('gives private content to members whose own credentials the origin accepts, and to no other', async () => {
    origin.readers = new Set(['Bearer one', 'Bearer two'])
    const [first, second, third] = (await members(3)) as [Observed, Observed, Observed]
    const as = (token: string) => ({ headers: [['Authorization', `Bearer ${token}`]] as const })
    await first.node.download(url(), world.path(), as('one'))
    const without = await second.node.download(url(), world.path()).catch(error => error)
    expect(without).to.include({ code: 'origin-forbidden', status: 401 })
    const wrong = await third.node.download(url(), world.path(), as('three')).catch(error => error)
    expect(wrong).to.include({ code: 'origin-forbidden', status: 401 })
    const own = await second.node.download(url(), world.path(), as('one'))
    const other = await third.node.download(url(), world.path(), as('two'))
    expect([own.sha256, other.sha256]).to.deep.equal([hex(BODY), hex(BODY)])
    // the first member reads for its own user; where another one is responsible for a set of credentials, that one does, too
    expect(reads().length).to.be.within(1, 3)
  })

  /** Resolves when it has heard of the seed. */
  async function known({ node }: Observed): Promise<void> {
    const hasSeed = async () => (await node.status()).fleet?.members.some(({ role }) => role === 'seed') === true
    while (!(await hasSeed())) await new Promise(resolve => setTimeout(resolve, 20))
  }

  async function readerAmong(all: readonly Observed[]): Promise<Observed> {
    for (const one of all) if ((await one.node.status()).reads > 0) return one
    throw new Error('nobody reads')
  }
})

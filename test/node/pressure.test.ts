// What an origin sees of a thousand hosts behind one seed: real streams, from as few hosts as the limits of a connection allow.
import { expect } from 'chai'
import type { HeaderList } from '../../src/core/headers.ts'
import type { ResolveReply } from '../../src/wire/codec-resolve.ts'
import { until } from '../waiting.ts'
import { Asker, nextAnswer } from '../world/asker.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { type Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const HOSTS = 5
const ASKERS = 1000
const BODY = content('pressure', 2 * PIECE)

describe('a thousand hosts behind a seed', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed
  let askers: Asker[]

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })
  beforeEach(async () => {
    seed = await world.seed()
    askers = await Promise.all(Array.from({ length: HOSTS }, () => Asker.start(world, seed)))
  })

  const url = () => `${origin.url}/file.bin`

  /** The first reply to each of so many requests at once; the streams stay open. */
  async function crowd(count: number, headers: HeaderList = [], revalidate = false): Promise<ResolveReply[]> {
    const one = (i: number) => (askers[i % HOSTS] as Asker).ask(seed, url(), { headers, revalidate })
    return await Promise.all(Array.from({ length: count }, (_, i) => one(i)))
  }

  it('is one read of the origin for one content', async () => {
    // however long the crowd takes
    origin.cacheControl = 'max-age=600'
    origin.hold(PIECE)
    const replies = await crowd(ASKERS)
    for (const reply of replies) expect(reply).to.include({ type: 'resolved', length: BODY.length })
    origin.release()
    const peer = await world.node({ seeds: [seed.address] })
    const path = world.path()
    await peer.node.download(`${origin.url}/file.bin`, path, { origin: false })
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(origin.gets.map(got => got.status)).to.deep.equal([200])
  })

  it('is at most two requests for a content that is not there, however often it is asked for', async () => {
    origin.status = 404
    // of the ten seconds that are the default a busy machine may need more for this
    origin.cacheControl = 'max-age=60'
    origin.mute()
    const asking = crowd(ASKERS)
    await until(() => origin.asked > 0, 'the origin is asked')
    origin.release()
    const replies = await asking
    for (let i = 0; i < 10; i++) replies.push(...(await crowd(i === 0 ? ASKERS : 1)))
    for (const reply of replies) expect(reply).to.include({ type: 'failed', code: 'origin-not-found', status: 404 })
    expect(origin.asked).to.be.within(1, 2)
  })

  it('is one request for all who show the same credentials, and another one for who shows others', async () => {
    origin.status = 403
    const wrong = [['authorization', 'Bearer wrong']] as const
    for (const reply of await crowd(10, wrong)) expect(reply).to.include({ code: 'origin-forbidden', status: 403 })
    for (const reply of await crowd(10, wrong)) expect(reply).to.include({ code: 'origin-forbidden', status: 403 })
    expect(origin.asked).to.be.within(1, 2)
    const before = origin.asked
    origin.status = 200
    const [reply] = await crowd(1, [['authorization', 'Bearer right']])
    expect(reply).to.include({ type: 'resolved' })
    // whether he may have it, and the read
    expect(origin.asked).to.equal(before + 2)
    expect(await crowd(1, wrong).then(([other]) => other)).to.include({ code: 'origin-forbidden' })
    expect(origin.asked).to.equal(before + 2)
  })

  it('is a new question for who wants the origin asked, whatever it has denied', async () => {
    origin.status = 404
    await crowd(2)
    const before = origin.asked
    origin.status = 200
    expect((await crowd(1))[0]).to.include({ code: 'origin-not-found' })
    expect(origin.asked).to.equal(before)
    expect((await crowd(1, [], true))[0]).to.include({ type: 'resolved' })
    expect(origin.asked).to.equal(before + 1)
  })

  it('is no request to an origin that is down, until it has cooled down', async () => {
    origin.status = 500
    // each round is a read of its own, with its own tries; the last ones of a read may come when the origin has cooled down
    while ((await crowd(1)).every(reply => reply.type === 'failed' && reply.retryAfter === undefined)) {
      expect(origin.asked).to.be.at.most(12)
    }
    const before = origin.asked
    for (const reply of await crowd(20)) {
      expect(reply).to.include({ type: 'failed', code: 'origin-error', status: 500 })
    }
    // cooling may end meanwhile, for one trial
    expect(origin.asked - before).to.be.at.most(2)
  })

  it('hears from the seed while the origin says nothing', async () => {
    origin.mute()
    const replies = (askers[0] as Asker).replies(seed, url())
    expect((await replies.next()).value).to.deep.equal({ type: 'peers', peers: [] })
    origin.release()
    expect(await nextAnswer(replies)).to.include({ type: 'resolved' })
  })
})

describe('a node with limits for origins', () => {
  let world: World
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  it('asks one origin for so much at a time', async () => {
    const origin = await world.origin(BODY)
    const { node } = await world.node({ network: false, originConnections: 1 })
    origin.hold(PIECE)
    const downloads = ['a', 'b', 'c'].map(name => node.download(`${origin.url}/${name}`, world.path()))
    await until(() => origin.gets.length === 1, 'one is asked for')
    const other = await world.origin(BODY)
    await node.download(`${other.url}/d`, world.path())
    expect(origin.gets).to.have.lengthOf(1)
    origin.release()
    await Promise.all(downloads)
    expect(origin.gets).to.have.lengthOf(3)
  })

  it('reads no faster than allowed', async () => {
    const origin = await world.origin(BODY)
    const { node } = await world.node({ network: false, originLimit: 1_000_000 })
    const receipt = await node.download(`${origin.url}/a`, world.path())
    expect(receipt.seconds).to.be.at.least((BODY.length - 100_000) / 1_000_000)
  })
})

// The links of an active task: one for each peer; who is refused, why, and how links end.
import { expect } from 'chai'
import { until } from '../../waiting.ts'
import { content, PIECE } from '../../world/content.ts'
import { LoneSession } from '../../world/lone-session.ts'
import { manifestOf } from '../../world/manifest.ts'
import { World } from '../../world/world.ts'

const URL = 'http://origin.test/file.bin'
const BODY = content('links', PIECE)

describe('the links of an active task', () => {
  let world: World
  let lone: LoneSession

  beforeEach(async () => {
    world = await World.open()
    lone = await LoneSession.start(world, URL, [])
  })
  afterEach(() => world.close())

  const refusal = async (promise: Promise<unknown>) =>
    String(
      await promise.then(
        () => 'let in',
        error => error.reason ?? error,
      ),
    )
  const begin = () => lone.active.adopt(manifestOf(lone.active.task, BODY).info, 'origin')

  it('let in a peer that knows the task, once', async () => {
    const peer = await world.scriptedPeer(URL)
    const first = await peer.say(lone.address)
    await peer.say(lone.address)
    await until(() => first.isClosed, 'the second replaces the first')
    expect(lone.active.links.size).to.equal(1)
    expect(lone.active.links.get(peer.id)?.link.isClosed).to.equal(false)
  })

  it('refuse a peer at another version, and let in one at none', async () => {
    await begin()
    const peer = await world.scriptedPeer(URL)
    expect(await refusal(peer.say(lone.address, hello => ({ ...hello, version: 'etag "two"' })))).to.equal('other-version')
    await peer.say(lone.address)
    expect(lone.active.links.has(peer.id)).to.equal(true)
  })

  it('refuse a banned peer', async () => {
    const peer = await world.scriptedPeer(URL)
    lone.ban(peer.id, 'test')
    expect(await refusal(peer.say(lone.address))).to.equal('bad-proof')
  })

  it('refuse everybody once the task has failed or is closed', async () => {
    const peer = await world.scriptedPeer(URL)
    lone.active.fail(new Error('over'))
    expect(await refusal(peer.say(lone.address))).to.equal('going-away')
  })

  it('end with a farewell when the task is closed', async () => {
    const peer = await world.scriptedPeer(URL)
    const link = await peer.say(lone.address)
    await lone.active.close()
    await until(() => link.isClosed, 'the link ends')
    expect(peer.refusals).to.deep.equal(['going-away'])
    expect(lone.active.links.size).to.equal(0)
  })

  it('are forgotten when the other side leaves', async () => {
    const peer = await world.scriptedPeer(URL)
    const link = await peer.say(lone.address)
    await until(() => lone.active.links.size === 1, 'the link is here')
    link.close()
    await until(() => lone.active.links.size === 0, 'the link is forgotten')
  })

  it('do not dial themselves, nor a banned peer, nor a peer that is linked', async () => {
    const peer = await world.scriptedPeer(URL)
    await peer.say(lone.address)
    const link = lone.active.links.get(peer.id)
    await lone.active.links.dial(peer.id, AbortSignal.timeout(10_000))
    await lone.active.links.dial(lone.network.host.id, AbortSignal.timeout(10_000))
    lone.ban('12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5', 'test')
    await lone.active.links.dial('12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5', AbortSignal.timeout(10_000))
    expect(lone.active.links.get(peer.id)).to.equal(link)
    expect(lone.active.links.size).to.equal(1)
  })

  it('refuse a peer that answers with a proof of another task', async () => {
    const peer = await world.scriptedPeer(URL, { hello: hello => ({ ...hello, proof: new Uint8Array(32) }) })
    const id = await lone.network.host.connect([peer.address])
    const error = await lone.active.links.dial(id, AbortSignal.timeout(10_000)).catch((e: unknown) => e)
    expect(error).to.include({ code: 'peer-refused' })
    expect(lone.active.links.size).to.equal(0)
  })

  it('pass on whom a refusing peer names', async () => {
    const named = { id: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5', addresses: ['/ip4/192.0.2.7/tcp/4001'] }
    const peer = await world.scriptedPeer(URL, { refuses: { refused: 'too-busy', peers: [named] } })
    const heard: unknown[] = []
    lone.active.links.keptBy({
      degree: 0,
      linked: () => {},
      unlinked: () => {},
      heard: (from, peers) => void heard.push([from, ...peers.map(({ id }) => id)]),
      asked: () => {},
      isByRoot: () => false,
      refuses: () => undefined,
    })
    const id = await lone.network.host.connect([peer.address])
    expect(await refusal(lone.active.links.dial(id, AbortSignal.timeout(10_000)))).to.equal('too-busy')
    expect(heard).to.deep.equal([[peer.id, named.id]])
  })

  it('refuse by the word of their keeper, and name others', async () => {
    const other = { id: '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5', addresses: [] }
    lone.active.links.keptBy({
      degree: 16,
      linked: () => {},
      unlinked: () => {},
      heard: () => {},
      asked: () => {},
      isByRoot: () => false,
      refuses: () => [other],
    })
    const peer = await world.scriptedPeer(URL)
    const error = await peer.say(lone.address).catch((e: unknown) => e)
    expect(error).to.include({ reason: 'too-busy' })
    expect((error as { peers: { id: string }[] }).peers.map(({ id }) => id)).to.deep.equal([other.id])
  })
})

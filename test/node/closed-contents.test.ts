// Finished contents that were closed: peers find them again, by task and by content, at a bounded price.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { makeTask } from '../../src/core/task.ts'
import { MAX_IDLE } from '../../src/node/tasks/idle-contents.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = Buffer.alloc(300_000, 'content')

describe('finished contents that nobody uses', () => {
  let world: World
  let origin: TestOrigin
  worldForEach(BODY, (opened, started) => {
    world = opened
    origin = started
  })

  const active = async (node: Observed) =>
    (await node.node.metrics()).find(({ name }) => name === 'dragonfly_contents_active')?.samples[0]?.value

  /** A node that has downloaded so many contents, the first one as `url(0)`. */
  async function filled(count: number) {
    const store = join(world.dir, 'store')
    const holder = await world.node({ store })
    const url = (i: number) => `${origin.url}/file?${i}`
    for (let i = 0; i < count; i++) await holder.node.fetch(url(i), {}, async () => {})
    return { holder, url, store }
  }

  /** A peer that knows the holder only; resolves to what it got from peers. */
  async function getFrom(holder: Observed, url: string): Promise<number> {
    const peer = await world.node({ bootstrap: [holder.address], trust: [holder.id] })
    const { fromPeers, fromSeeds } = await peer.node.fetch(url, { origin: false }, async () => {})
    await peer.node.stop()
    return fromPeers + fromSeeds
  }

  it('are closed beyond a number, and opened again for a peer', async () => {
    const { holder, url } = await filled(MAX_IDLE + 3)
    expect(await active(holder)).to.equal(MAX_IDLE)
    const before = origin.asked
    expect(await getFrom(holder, url(0))).to.equal(BODY.length)
    expect(origin.asked).to.equal(before)
    expect(await active(holder)).to.equal(MAX_IDLE)
  })

  it('are opened for its user while peers ask for them', async () => {
    const { holder, url } = await filled(MAX_IDLE + 3)
    const both = await Promise.all([
      getFrom(holder, url(1)),
      holder.node.fetch(url(1), {}, async () => {}).then(({ bytes }) => bytes),
      getFrom(holder, url(2)),
      holder.node.fetch(url(2), {}, async () => {}).then(({ bytes }) => bytes),
    ])
    expect(both).to.deep.equal([BODY.length, BODY.length, BODY.length, BODY.length])
  })

  it('are gone for peers when they are removed from the store, and leave nothing there', async () => {
    const { holder, url, store } = await filled(MAX_IDLE + 1)
    const { id } = makeTask({ url: url(0) })
    const entries = join(store, 'entries')
    const [key] = (await readdir(entries)).filter(name => name.startsWith(id))
    await rm(join(entries, key as string), { recursive: true })
    await getFrom(holder, url(0)).then(
      () => expect.fail('it got something'),
      error => expect(error).to.have.property('code'),
    )
    expect((await readdir(entries)).filter(name => name.startsWith(id))).to.deep.equal([])
  })

  it('are not opened for a peer that does not know the task', async () => {
    const { holder, url } = await filled(MAX_IDLE + 1)
    const stranger = await world.scriptedPeer(url(0))
    const answer = await stranger
      .say(holder.address, hello => ({ ...hello, proof: new Uint8Array(32) }))
      .then(
        () => 'a link',
        error => String(error),
      )
    expect(answer).to.include('bad-proof')
    expect(await active(holder)).to.equal(MAX_IDLE)
  })
})

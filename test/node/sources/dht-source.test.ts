// When the DHT is searched for a download that seeds may serve, too.
import { expect } from 'chai'
import { now } from '../../../src/node/context/node-context.ts'
import { NeighbourhoodDriver } from '../../../src/node/peers/neighbourhood-driver.ts'
import { DhtSource, SEEDS_FIRST_MS } from '../../../src/node/sources/dht-source.ts'
import { HANG_MS, until } from '../../waiting.ts'
import { content, PIECE } from '../../world/content.ts'
import { LoneSession } from '../../world/lone-session.ts'
import type { TestOrigin } from '../../world/origin.ts'
import type { World } from '../../world/world.ts'
import { worldForEach } from '../../world/world-for-each.ts'

const BODY = content('dht-source', 2 * PIECE)

describe('node/sources: the DHT', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  /** Searches for a content that a node has of which only a server of the DHT knows; how long until it was found, ms. */
  async function found(haveSeedsFailed: boolean): Promise<number> {
    const url = `${origin.url}/file.bin`
    const server = await world.node()
    const holder = await world.node({ bootstrap: [server.address] })
    await holder.node.download(url, world.path())
    const lone = await LoneSession.start(world, url, [])
    await lone.network.host.connect([server.address])
    const neighbours = new NeighbourhoodDriver(lone, lone.active)
    const signal = AbortSignal.timeout(HANG_MS)
    const source = new DhtSource(lone, lone.active, { neighbours, haveSeedsFailed: () => haveSeedsFailed }, signal)
    const begun = now()
    while (lone.active.links.get(holder.id) === undefined && !signal.aborted) await source.search()
    await until(() => lone.active.links.get(holder.id) !== undefined, 'the holder is linked')
    return now() - begun
  }

  it('is left alone while a seed may still answer, for a short time', async () => {
    expect(await found(false)).to.be.at.least(SEEDS_FIRST_MS)
  })

  it('is searched where no seed is of use', async () => {
    await found(true)
  })
})

// A finished content is kept by several seeds, so that losing one loses nothing.
import { expect } from 'chai'
import { rendezvousOrder } from '../../src/core/rendezvous.ts'
import { makeTask } from '../../src/core/task.ts'
import { passTime } from '../clock.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('replicas', 3 * PIECE + 5)

describe('replicas', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const wholeReads = () => origin.gets.filter(({ status }) => status === 200).length

  /** Whether a seed has the content, by what it answers without any other seed and without the origin. */
  async function has(seed: Observed): Promise<boolean> {
    const metrics = await seed.node.metrics()
    return metrics.some(({ name, samples }) => name === 'dragonfly_contents_active' && samples.some(({ value }) => value > 0))
  }

  /** Two that trust each other, the second of which has an address that the first one knew before. */
  async function seeds(replicas?: number): Promise<[Observed, Observed]> {
    const options = replicas === undefined ? {} : { replicas }
    const home = world.path()
    const before = await world.node({ home, persistentIdentity: true })
    const { address } = before
    await before.node.stop()
    const first = await world.node({ home: world.path(), seeds: [address], ...options })
    const listen = [address.replace(/\/p2p\/.*/, '')]
    const second = await world.node({ home, persistentIdentity: true, listen, seeds: [first.address], ...options })
    await first.node.seed()
    await second.node.seed()
    return [first, second]
  }

  /** For which the second one is responsible, so that it reads the origin itself. */
  function urlFor([first, second]: readonly [Observed, Observed]): string {
    const both = [{ peer: first.id }, { peer: second.id }]
    for (let i = 0; ; i++) {
      const url = `${origin.url}/file-${i}.bin`
      if (rendezvousOrder(makeTask({ url }).subject, both)[0]?.peer === second.id) return url
    }
  }

  async function ask(seed: Observed, url: string): Promise<void> {
    const peer = await world.node({ seeds: [seed.address], home: world.path() })
    const path = world.path()
    await peer.node.download(url, path, { origin: false })
    expect(await fileHash(path)).to.equal(hex(BODY))
    await peer.node.stop()
  }

  it('the seed that read it has another one keep it, too, and the origin is read once', async () => {
    const both = await seeds()
    const [first, second] = both
    await ask(second, urlFor(both))
    let isThere = false
    const look = setInterval(() => void has(first).then(yes => (isThere ||= yes)), 20)
    await until(() => isThere, 'the other seed has it')
    clearInterval(look)
    expect(wholeReads()).to.equal(1)
  })

  it('but not a seed that does not trust it: the origin would be read for nothing', async () => {
    const first = await world.seed({ home: world.path() })
    const second = await world.seed({ home: world.path(), seeds: [first.address] })
    await ask(second, urlFor([first, second]))
    await until(() => second.said(/does not keep a content, too: this seed takes copies only/).length > 0, 'it is told')
    expect(wholeReads()).to.equal(1)
  })

  it('not where one is enough', async () => {
    const both = await seeds(1)
    const [first, second] = both
    await ask(second, urlFor(both))
    passTime(3_600_000)
    expect(await has(first)).to.equal(false)
  })
})

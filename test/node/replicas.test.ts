// A finished content is kept by several seeds, so that losing one loses nothing.
import { expect } from 'chai'
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

  const url = () => `${origin.url}/file.bin`
  const wholeReads = () => origin.gets.filter(({ status }) => status === 200).length

  /** Whether a seed has the content, by what it answers without any other seed and without the origin. */
  async function has(seed: Observed): Promise<boolean> {
    const metrics = await seed.node.metrics()
    return metrics.some(({ name, values }) => name === 'dragonfly_contents_active' && values.some(({ value }) => value > 0))
  }

  /** The first one asks nobody; the second knows the first, and the first is told of the second by its own options. */
  async function seeds(replicas?: number): Promise<[Observed, Observed]> {
    const options = replicas === undefined ? {} : { replicas }
    const first = await world.node({ home: world.path(), persistentIdentity: true, ...options })
    const second = await world.node({ home: world.path(), seeds: [first.address], ...options })
    await first.node.seed()
    await second.node.seed()
    return [first, second]
  }

  async function ask(seed: Observed): Promise<void> {
    const peer = await world.node({ seeds: [seed.address], home: world.path() })
    const path = world.path()
    await peer.node.download(url(), path, { origin: false })
    expect(await fileHash(path)).to.equal(hex(BODY))
    await peer.node.stop()
  }

  it('the seed that read it has another one keep it, too, and the origin is read once', async () => {
    const [first, second] = await seeds()
    await ask(second)
    let isThere = false
    const look = setInterval(() => void has(first).then(yes => (isThere ||= yes)), 20)
    await until(() => isThere, 'the other seed has it')
    clearInterval(look)
    expect(wholeReads()).to.equal(1)
  })

  it('not where one is enough', async () => {
    const [first, second] = await seeds(1)
    await ask(second)
    passTime(3_600_000)
    expect(await has(first)).to.equal(false)
  })
})

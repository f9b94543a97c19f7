// A finished content that is still being copied when somebody asks for it again.
import { expect } from 'chai'
import { content, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

describe('a finished content that is being copied', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(content('copied', 2 * PIECE), (w, o) => {
    world = w
    origin = o
  })

  const wholes = () => origin.gets.filter(g => g.status === 200).length

  /** A download that goes on copying until `ends`. */
  async function copying(node: Observed): Promise<{ done: Promise<unknown>; ends: () => void }> {
    const begun = Promise.withResolvers<void>()
    const copied = Promise.withResolvers<void>()
    const done = node.node.fetch(`${origin.url}/file`, {}, async () => {
      begun.resolve()
      await copied.promise
    })
    await Promise.race([begun.promise, done])
    return { done, ends: copied.resolve }
  }

  for (const store of ['disk', 'memory']) {
    it(`is not read again, but waited for (${store})`, async () => {
      const node = await world.node({ network: false, store: store === 'disk' ? world.path() : 'memory' })
      const first = await copying(node)
      const second = node.node.fetch(`${origin.url}/file`, {}, async () => {})
      const third = node.node.download(`${origin.url}/file`, world.path())
      await new Promise(resolve => setImmediate(resolve))
      first.ends()
      await Promise.all([first.done, second, third])
      expect(wholes()).to.equal(1)
    })
  }

  it('does not keep who waits from giving up', async () => {
    const node = await world.node({ network: false, store: world.path() })
    const first = await copying(node)
    const giving = new AbortController()
    const second = node.node.fetch(`${origin.url}/file`, { signal: giving.signal }, async () => {})
    await new Promise(resolve => setImmediate(resolve))
    giving.abort()
    await second.then(
      () => expect.fail('it was given up'),
      error => expect(error).to.include({ code: 'aborted' }),
    )
    first.ends()
    await first.done
  })
})

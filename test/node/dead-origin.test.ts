// An origin that dies in the middle, and two seeds, one of which asks the other: its death is found out once by each, and told on.
import { expect } from 'chai'
import { rendezvousOrder } from '../../src/core/rendezvous.ts'
import { makeTask } from '../../src/core/task.ts'
import { until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const BODY = content('an origin that dies', 6 * PIECE)
/** The last of these tries comes after about 2 s. */
const originRetries = 3
const HOME = (world: World, name: string) => ({
  home: `${world.dir}/${name}`,
  persistentIdentity: true,
  originRetries,
})

/** Two seeds that name each other, the first of which is asked first for the URL. `proxy`: through which it reads. */
async function seeds(world: World, origin: TestOrigin, proxy = ''): Promise<{ first: Observed; second: Observed; url: string }> {
  // it keeps its name, whoever it knows
  const { address, node } = await world.seed(HOME(world, 'first'))
  await node.stop()
  const second = await world.seed({ ...HOME(world, 'second'), seeds: [address] })
  const listen = [address.replace(/\/p2p\/.*/, '')]
  const first = await world.seed({ ...HOME(world, 'first'), listen, seeds: [second.address], proxy })
  const both = [{ peer: second.id }, { peer: first.id }]
  const isRight = (url: string) => rendezvousOrder(makeTask({ url }).subject, both)[0]?.peer === first.id
  const url = Array.from({ length: 64 }, (_, i) => `${origin.url}/file.bin?${i}`).find(isRight) as string
  return { first, second, url }
}

async function client(world: World, { first, second }: { first: Observed; second: Observed }): Promise<Observed> {
  return await world.node({ ...HOME(world, 'client'), seeds: [first.address, second.address] })
}

/** How often it tried the origin again. */
const retries = ({ events }: Observed) => events.filter(({ code }) => code === 'origin-retry').length

const ENDS: [string, (origin: TestOrigin) => Promise<void>][] = [
  ['is gone', async origin => await origin.stop()],
  ['accepts connections and closes them', async origin => origin.hangUp()],
]

describe('an origin that cannot be reached', () => {
  together([
    ...ENDS.map(([how, end]): [string, (world: World) => Promise<void>] => [
      `fails a download by the tries of one host, and a few of each other: it ${how}`,
      async world => {
        const origin = await world.origin(BODY)
        const pair = await seeds(world, origin)
        origin.hold(2 * PIECE + 1000)
        const { node } = await client(world, pair)
        let bytes = 0
        const onProgress = (progress: { bytes: number }) => {
          bytes = progress.bytes
        }
        const failed = node.download(pair.url, world.path(), { onProgress }).then(
          () => undefined,
          error => error.code,
        )
        await until(() => bytes >= 2 * PIECE, 'two pieces are here')
        await end(origin)
        expect(await failed).to.equal('origin-unreachable')
        // where the read broke off, and what it may try then; it reads for nobody else
        // (and two of each read that the other seed asks for meanwhile)
        expect(retries(pair.first)).to.be.within(originRetries + 1, originRetries + 5)
        // two reads of two retries each, on a busy machine three: its own patience was never spent
        expect(retries(pair.second)).to.be.at.most(6)
      },
    ]),
    [
      'for one seed can be for another, which reads it for all',
      async world => {
        const origin = await world.origin(BODY)
        const pair = await seeds(world, origin, '127.0.0.1:9')
        const { node } = await client(world, pair)
        const { sha256, fromOrigin } = await node.download(pair.url, world.path(), { origin: false })
        expect({ sha256, fromOrigin }).to.deep.equal({ sha256: hex(BODY), fromOrigin: 0 })
        expect(origin.gets.filter(({ status }) => status === 200)).to.have.lengthOf(1)
      },
    ],
  ])
})

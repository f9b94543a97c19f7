// Tiny contents that a seed gives again as it gave them before.
import { expect } from 'chai'
import { content, hex } from '../world/content.ts'
import { together } from '../world/together.ts'

const BODY = content('tiny', 5000)
const OTHER = content('other', 6000)

describe('node: tiny contents of a seed', () => {
  together([
    [
      'are given again without being opened, and counted; anew when somebody wants the origin asked',
      async world => {
        const origin = await world.origin(BODY)
        const seed = await world.seed({ expire: 3_600_000 })
        const get = async (options = {}) => {
          const { node } = await world.node({ seeds: [seed.address] })
          return await node.download(`${origin.url}/a`, world.path(), { origin: false, ...options })
        }
        for (let time = 0; time < 4; time++) {
          expect(await get()).to.include({ sha256: hex(BODY), fromSeeds: BODY.length, fromOrigin: 0 })
        }
        const metrics = await seed.node.metrics()
        const value = (name: string) => metrics.find(metric => metric.name === name)?.samples[0]?.value
        expect(value('dragonfly_resolve_requests_total')).to.equal(4)
        expect(value('dragonfly_resolve_hits_total')).to.equal(3)
        expect(value('dragonfly_sent_pieces_total')).to.equal(4)
        origin.body = OTHER
        origin.etag = '"two"'
        expect((await get()).sha256).to.equal(hex(BODY))
        expect((await get({ revalidate: true })).sha256).to.equal(hex(OTHER))
        expect((await get()).sha256).to.equal(hex(OTHER))
      },
    ],
    [
      'that were removed from its store are not given again',
      async world => {
        const origin = await world.origin(BODY)
        const seed = await world.seed({ expire: 3_600_000, store: world.path() })
        const get = async () => {
          const { node } = await world.node({ seeds: [seed.address] })
          const receipt = await node.download(`${origin.url}/a`, world.path(), { origin: false })
          await node.stop()
          return receipt
        }
        await get()
        await get()
        origin.body = OTHER
        origin.etag = '"two"'
        for (const { id } of await seed.node.administration.contents()) await seed.node.administration.remove(id)
        expect((await get()).sha256).to.equal(hex(OTHER))
      },
    ],
  ])
})

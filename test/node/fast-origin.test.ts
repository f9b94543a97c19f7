// An origin that is faster than the swarm: peers notice, and few of them help themselves; where it is no help they do not.
import { expect } from 'chai'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { SlowLine } from '../world/slow-line.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const MiB = 1024 * 1024

function bytesRead(origin: TestOrigin): number {
  return origin.gets.reduce((sum, { headers }) => {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? []
    return sum + (from === undefined ? origin.body.length : Number(to) + 1 - Number(from))
  }, 0)
}

/** A seed whose uplink is slow, and its origin, which is not. */
async function slowSeed(world: World, rate: number, length: number) {
  const origin = await world.origin(content('fast', length))
  const seed = await world.seed()
  const line = new SlowLine(rate)
  world.atEnd(() => line.stop())
  return { origin, line, seed, address: await line.toPeer(seed.address), url: `${origin.url}/file.bin` }
}

async function get(world: World, peer: Observed, url: string, origin: boolean) {
  const path = world.path()
  const receipt = await peer.node.download(url, path, { origin })
  return { receipt, hash: await fileHash(path) }
}

describe('an origin that is faster than the swarm', () => {
  together([
    [
      'is read by a peer behind a slow seed',
      async world => {
        const length = 16 * MiB
        const { origin, address, url } = await slowSeed(world, 0.25 * MiB, length)
        const peer = await world.node({ seeds: [address] })
        const { receipt, hash } = await get(world, peer, url, true)
        expect(hash).to.equal(hex(origin.body))
        // to notice takes 5 s; over its line the seed alone needs 64 s on any machine
        expect(receipt.seconds).to.be.within(4, 64)
        expect(receipt.fromOrigin).to.be.above(length / 2)
        expect(bytesRead(origin)).to.be.at.most(2.1 * length)
      },
    ],
    [
      'is not read by a peer that must not, whatever its seed says',
      async world => {
        const length = 9 * MiB
        const { origin, address, url } = await slowSeed(world, 1 * MiB, length)
        const peer = await world.node({ seeds: [address] })
        const { receipt, hash } = await get(world, peer, url, false)
        expect(hash).to.equal(hex(origin.body))
        expect(receipt).to.include({ fromOrigin: 0, fromSeeds: length })
        expect(receipt.seconds, 'long enough to be tempted').to.be.above(7)
        expect(origin.gets).to.have.length(1)
      },
    ],
    [
      'is only tried where it lies behind the same slow line as the seed',
      async world => {
        const length = 16 * MiB
        const { origin, line, seed, address } = await slowSeed(world, Infinity, length)
        const far = await line.to(Number(new URL(origin.url).port))
        const url = `http://127.0.0.1:${far}/file.bin`
        const first = await world.node({ seeds: [seed.address] })
        await get(world, first, url, false)
        await first.node.stop()
        line.rate = 1 * MiB
        const peer = await world.node({ seeds: [address] })
        const { receipt, hash } = await get(world, peer, url, true)
        expect(hash).to.equal(hex(origin.body))
        expect(receipt.seconds, 'long enough to be tempted').to.be.above(8)
        // one to connect, four to judge by, what was under way then, and the last ones that came late from the seed
        expect(receipt.fromOrigin).to.be.at.most(9 * PIECE)
      },
    ],
  ])
})

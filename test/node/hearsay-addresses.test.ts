// What peers say of where others are: it makes nobody connect to a service again and again.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect } from 'chai'
import { ENDPOINT_LIMIT, PLACE_LIMIT } from '../../src/net/dial-gate.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { inventedPeers } from '../malicious/invented-peers.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { together } from '../world/together.ts'
import type { World } from '../world/world.ts'

const BODY = content('hearsay', 8 * PIECE)

/** Counts who connects, and hangs up as a service does that is not spoken to in its language. */
async function counted(): Promise<{ server: Server; connections: () => number; address: string }> {
  let connections = 0
  const server = createServer(socket => {
    connections++
    socket.on('error', () => {})
    socket.write('SSH-2.0-victim\r\n', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, connections: () => connections, address: `/ip4/127.0.0.1/tcp/${port}` }
}

async function victimOf(world: World) {
  const origin = await world.origin(BODY)
  origin.hold(3 * PIECE)
  const url = `${origin.url}/file.bin`
  const seed = await world.seed()
  const peer = await world.node({ seeds: [seed.address] })
  const path = world.path()
  const done = peer.node.download(url, path)
  return { origin, url, peer, seed, path, done }
}

describe('hearsay about addresses', () => {
  together([
    [
      'makes one peer connect to a service as often as its limit, not 8,192 times',
      async world => {
        const { origin, url, peer, path, done } = await victimOf(world)
        const target = await counted()
        const attacker = await world.scriptedPeer(url)
        const link = await attacker.meet(peer.address)
        for (let i = 0; i < 8; i++) {
          const peers = await inventedPeers(LIMITS.peers, () => Array.from({ length: LIMITS.addresses }, () => target.address))
          link.send({ type: 'peers', peers, links: 10 })
        }
        await until(() => target.connections() > 0, 'it tries')
        await until(() => peer.said(/too many/).length > 0, 'it gives up')
        origin.release()
        await done
        expect(await fileHash(path)).to.equal(hex(BODY))
        // some are forgiven while it runs
        expect(target.connections()).to.be.at.most(2 * ENDPOINT_LIMIT.most)
        expect(2 * ENDPOINT_LIMIT.most).to.be.below(PLACE_LIMIT.most)
        target.server.close()
      },
    ],
  ])
})

// A seed that does not answer: one whose host takes connections is busy and waited for, any other is dead and is not.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { Supply } from '../../src/node/sources/supply.ts'
import type { SourcePolicy } from '../../src/swarm/source-events.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { LoneSession } from '../world/lone-session.ts'
import type { TestOrigin } from '../world/origin.ts'
import { SlowLine } from '../world/slow-line.ts'
import { together } from '../world/together.ts'
import type { World } from '../world/world.ts'

const BODY = content('patience', 2 * PIECE)
const SEED = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'
/** The defaults, faster. */
const PATIENCE = { answerMs: 300, busyMs: 1200, crowdMs: 1200 }
/** The same, but who waits for a busy seed waits until the test fails. */
const ENDLESS = { ...PATIENCE, busyMs: 2 * HANG_MS }

/** An active task whose supply knows one seed, and may read the origin. `asked`: resolves to the milliseconds until the origin was. */
async function supplied(
  world: World,
  origin: TestOrigin,
  seed: { peer: string; port: number },
  policy: Partial<SourcePolicy> = PATIENCE,
) {
  const lone = await LoneSession.start(world, `${origin.url}/file.bin`, [seed.peer])
  const address = `/ip4/127.0.0.1/tcp/${seed.port}/p2p/${seed.peer}`
  const options = { reader: 'self' as const, revalidate: false, cached: undefined, policy }
  const supply = new Supply(lone, lone.active, { ...options, seeds: [{ peer: seed.peer, address }] })
  const begun = performance.now()
  const running = supply.run()
  world.atEnd(async () => {
    supply.stop()
    await running
  })
  const asked = async () => {
    await until(() => origin.asked > 0, 'the origin is asked')
    return performance.now() - begun
  }
  return { lone, asked }
}

/** A host that takes connections and says nothing; once open, what comes is passed on to another port, both ways. */
async function silentHost(world: World) {
  const sockets = new Set<Socket>()
  let to: number | undefined
  const server = createServer(socket => {
    keep(socket)
    if (to === undefined) return
    const beyond = keep(connect(to, '127.0.0.1'))
    socket.pipe(beyond).pipe(socket)
  })
  const keep = (socket: Socket) => {
    sockets.add(socket)
    return socket.on('error', () => {})
  }
  const port = await listening(server)
  world.atEnd(async () => {
    for (const socket of sockets) socket.destroy()
    await closed(server)
  })
  const open = (port: number) => {
    to = port
  }
  return { port, open, server }
}

/** A host that is up as far as the network goes, and takes no connection: its queue of them is full for good. */
async function fullHost(world: World): Promise<number> {
  const program = `
    const { parentPort } = require('node:worker_threads')
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      parentPort.postMessage(server.address().port)
      // from here on nothing of this thread runs any more
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const worker = new Worker(program, { eval: true })
  const [port] = await once(worker, 'message')
  // the queue is longer than its name says: two on Linux, three elsewhere
  const queue = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  world.atEnd(async () => {
    for (const socket of queue) socket.destroy()
    await worker.terminate()
  })
  // the system had all of them before it told us of the first
  await Promise.race(queue.map(socket => once(socket, 'connect')))
  return port
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

async function closed(server: ReturnType<typeof createServer>): Promise<void> {
  if (!server.listening) return
  server.close()
  await once(server, 'close')
}

describe('a seed that does not answer', () => {
  together([
    [
      'but whose host takes connections is waited for, not for ever',
      async world => {
        const { port } = await silentHost(world)
        const { asked } = await supplied(world, await world.origin(BODY), { peer: SEED, port })
        expect(await asked()).to.be.at.least(PATIENCE.busyMs)
      },
    ],
    [
      'but answers while it is waited for is the one that gives',
      async world => {
        const origin = await world.origin(BODY)
        const seed = await world.seed()
        const host = await silentHost(world)
        const { lone } = await supplied(world, origin, { peer: seed.id, port: host.port }, ENDLESS)
        await until(() => lone.said.some(m => m.includes(`seed ${seed.id} cannot be used now`)), 'the seed is given up')
        expect(origin.asked).to.equal(0)
        host.open(Number(/tcp\/(\d+)/.exec(seed.address)?.[1]))
        while (!lone.active.isComplete) await lone.active.changed()
        expect(lone.active.counts).to.include({ fromSeeds: BODY.length, fromOrigin: 0 })
        expect(origin.asked, 'by the seed').to.equal(1)
      },
    ],
    [
      'but has told what the content is is not asked anew while it is slow to accept a link, and to send the first byte',
      async world => {
        const origin = await world.origin(BODY)
        origin.hold(0)
        const seed = await world.seed()
        // the answer to our hello takes many times `lostMs`
        const line = new SlowLine(8000)
        world.atEnd(() => line.stop())
        const port = Number(/tcp\/(\d+)/.exec(await line.toPeer(seed.address))?.[1])
        const policy = { answerMs: HANG_MS, lostMs: 5 }
        const { lone } = await supplied(world, origin, { peer: seed.id, port }, policy)
        const hears = (what: string) => lone.said.filter(m => m.includes(what))
        await until(() => hears('link to peer').length > 0, 'the link stands')
        line.rate = Number.POSITIVE_INFINITY
        origin.release()
        while (!lone.active.isComplete) await lone.active.changed()
        expect(hears('ask-seed')).to.have.lengthOf(1)
        expect(origin.asked, 'by the seed').to.equal(1)
      },
    ],
    [
      'because nobody listens there is not waited for',
      async world => {
        const { port, server } = await silentHost(world)
        await closed(server)
        const { asked } = await supplied(world, await world.origin(BODY), { peer: SEED, port }, ENDLESS)
        await asked()
      },
    ],
    [
      'and whose host takes no connection is not waited for',
      async world => {
        const port = await fullHost(world)
        const { asked } = await supplied(world, await world.origin(BODY), { peer: SEED, port }, ENDLESS)
        expect(await asked()).to.be.at.least(PATIENCE.answerMs)
      },
    ],
  ])
})

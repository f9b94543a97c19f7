// Fifty contents at once on real nodes: together they ask for, and send, no more than one may, as their traces show.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { DragonflyNode } from '../../src/node/api/dragonfly-node.ts'
import { createNode } from '../../src/node/node.ts'
import { replay } from '../../src/sim/replay.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../src/swarm/events.ts'
import { decodeLine, type TraceStep } from '../../src/swarm/trace.ts'

/** Late uploads, whatever their number of contents. */
const MAX_LATE = 32
const CONTENTS = 50
/** An origin that does not say how long a file is: pieces are of 1 MiB. */
const PIECE = 2 ** 20
const LENGTH = 2 * PIECE + 1

/** One step of one content; `at` is on the same clock for all, since they ran in one process. */
interface Step extends TraceStep {
  content: number
}

async function stepsOf(traces: readonly string[]): Promise<Step[]> {
  const steps: Step[] = []
  for (const [content, trace] of traces.entries()) {
    const lines = (await readFile(trace, 'utf8')).trimEnd().split('\n')
    expect(await replay(lines), `content ${content}`).to.include({ difference: undefined })
    for (const [i, line] of lines.entries()) {
      const step = decodeLine(line, i + 1)
      if ('event' in step) steps.push({ ...step, content })
    }
  }
  return steps.toSorted((a, b) => a.at - b.at)
}

/** What a step changes in what is held: of whom, which piece; `undefined` stands for all of them. */
interface Change {
  peer: string | undefined
  piece: number | undefined
  isHeld: boolean
}

const over = (peer: string | undefined, piece: number | undefined): Change => ({ peer, piece, isHeld: false })

function askedBy(event: SwarmEvent): Change | undefined {
  if (event.type === 'received' || event.type === 'corrupt' || event.type === 'stored') return over(undefined, event.piece)
  if (event.type === 'refused') return over(event.peer, event.piece)
  return event.type === 'left' ? over(event.peer, undefined) : undefined
}

function sentBy(event: SwarmEvent): Change | undefined {
  if (event.type === 'served') return over(event.peer, event.piece)
  return event.type === 'left' ? over(event.peer, undefined) : undefined
}

/** The most pieces that were held at the same time, each counted once, of whomever it was asked, and to each who got it. */
function mostHeld(
  steps: readonly Step[],
  by: (event: SwarmEvent) => Change | undefined,
  does: (action: SwarmAction) => Change | undefined,
  isOnePiece: boolean,
): number {
  const held = new Map<string, { content: number; peer: string; piece: number }>()
  let most = 0
  for (const { content, event, actions } of steps) {
    for (const change of [by(event), ...actions.map(does)]) {
      if (change === undefined) continue
      const { peer, piece, isHeld } = change
      if (isHeld && peer !== undefined && piece !== undefined) held.set(`${content} ${peer} ${piece}`, { content, peer, piece })
      if (isHeld) continue
      for (const [key, one] of held)
        if (one.content === content && (peer ?? one.peer) === one.peer && (piece ?? one.piece) === one.piece) held.delete(key)
    }
    const each = isOnePiece ? new Set([...held.values()].map(one => `${one.content} ${one.piece}`)) : held
    most = Math.max(most, each.size)
  }
  return most
}

describe('node: the budget of all contents', function () {
  this.timeout(120_000)
  let dir: string
  let origin: Server
  const nodes: DragonflyNode[] = []

  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-budget-'))
    origin = createServer((request, answer) => {
      const half = Buffer.alloc(LENGTH >> 1, request.url)
      answer.writeHead(200, { etag: '"1"' })
      answer.write(half)
      answer.end(Buffer.concat([half, Buffer.alloc(LENGTH - 2 * half.length)]))
    })
    await new Promise<void>(listening => origin.listen(0, '127.0.0.1', listening))
  })
  after(async () => {
    await Promise.all(nodes.map(node => node.stop()))
    origin.closeAllConnections()
    origin.close()
    await rm(dir, { recursive: true, force: true })
  })

  async function start(seeds: readonly string[]): Promise<DragonflyNode> {
    const home = join(dir, `home${nodes.length}`)
    const node = await createNode({ home, store: 'memory', listen: ['/ip4/127.0.0.1/tcp/0'], seeds, allowOrigins: ['127.0.0.1'] })
    nodes.push(node)
    return node
  }

  /** Gets all of them at once; resolves to where their traces are. */
  async function getAll(node: DragonflyNode, name: string): Promise<string[]> {
    const { port } = origin.address() as AddressInfo
    const traces = Array.from({ length: CONTENTS }, (_, i) => join(dir, `${name}-${i}.trace`))
    const receipts = await Promise.all(
      traces.map((trace, i) => node.download(`http://127.0.0.1:${port}/${i}`, join(dir, `${name}-${i}.bin`), { trace })),
    )
    expect(receipts.map(({ bytes }) => bytes)).to.deep.equal(new Array(CONTENTS).fill(LENGTH))
    return traces
  }

  it('50 downloads of one node ask for no more than one, its seed sends no more, and each trace replays', async () => {
    const seed = await start([])
    await seed.seed()
    const given = await getAll(seed, 'seed')
    const peer = await start(seed.addresses)
    const got = await getAll(peer, 'peer')
    // a trace is whole when its node is stopped
    await Promise.all(nodes.splice(0).map(node => node.stop()))

    const asks = (action: SwarmAction) =>
      action.type === 'ask' || action.type === 'cancel' ? { ...action, isHeld: action.type === 'ask' } : undefined
    const asked = mostHeld(await stepsOf(got), askedBy, asks, true)
    expect(asked * PIECE).to.be.at.most(DEFAULT_POLICY.maxAskedBytes)
    const sends = (action: SwarmAction) => (action.type === 'serve' ? { ...action, isHeld: true } : undefined)
    const sent = mostHeld(await stepsOf(given), sentBy, sends, false)
    // on a starved machine some count as late, which have places of their own
    expect(sent).to.be.within(1, DEFAULT_POLICY.uploadSlots + MAX_LATE)
    console.log(`      asked for ${asked} MiB at the same time, sent ${sent} pieces`)
  })
})

// A recorded run is repeated to the letter; one that is not the same is told by its line.
import { expect } from 'chai'
import { Bitfield } from '../../src/core/bitfield.ts'
import { DragonflyError } from '../../src/core/errors.ts'
import { type Difference, type ReplayResult, replay, replayLines } from '../../src/sim/replay.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../src/swarm/events.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { type SwarmSetup, startSwarm } from '../../src/swarm/setup.ts'
import { encodeHeader, encodeStep } from '../../src/swarm/trace.ts'

const PIECES = 60
const SETUP: SwarmSetup = { self: 'me', isSeed: false, pieceLength: 1000, seed: 5, policy: { ...DEFAULT_POLICY, snubMs: 700 } }

/** A run with everything that happens to a swarm, by chance from `world`; its trace as lines. */
function record(setup: SwarmSetup, world = 1): string[] {
  const random = seededRandom(world)
  const chance = (n: number) => Math.floor(random() * n)
  const swarm = startSwarm(setup)
  const lines = [encodeHeader({ date: '2026-11-23T00:00:00.000Z', versions: {}, setup })]
  let at = 1000.25
  const asked: SwarmAction[] = []
  const serving: SwarmAction[] = []
  const tell = (event: SwarmEvent) => {
    const actions = swarm.handle(event, at)
    lines.push(encodeStep({ at, event, actions }))
    asked.push(...actions.filter(a => a.type === 'ask'))
    serving.push(...actions.filter(a => a.type === 'serve'))
  }
  tell({ type: 'manifest', count: PIECES, sealed: false })
  const peers = ['a', 'b', 'c', 'S']
  for (const peer of peers) tell({ type: 'joined', peer, kind: peer === 'S' ? 'seed' : 'peer' })
  for (const peer of peers) tell({ type: 'bitfield', peer, have: some(random), queue: chance(9) })
  for (let i = 0; i < 300; i++) {
    at += random() * 60
    const peer = peers[chance(peers.length)] as string
    const next = asked.splice(chance(asked.length), 1)[0]
    if (next?.type === 'ask') {
      const { peer, piece } = next
      tell({ type: 'progress', peer, piece, bytes: 500 })
      if (chance(10) === 0) tell({ type: 'refused', peer, piece, forever: chance(2) === 0 })
      else if (chance(60) === 0) tell({ type: 'corrupt', peer, piece })
      else tell({ type: 'received', peer, piece, bytes: 1000 })
    }
    tell({ type: 'request', peer, piece: chance(PIECES), load: chance(5) })
    const sent = serving.splice(chance(serving.length), 1)[0]
    if (sent?.type === 'serve') tell({ ...sent, type: 'served' })
    if (chance(5) === 0) tell({ type: 'have', peer, pieces: [chance(PIECES)], queue: chance(9) })
    if (chance(40) === 0) tell({ type: 'left', peer })
    if (chance(20) === 0) tell({ type: 'origin-rate', rate: random() * 100, peers: chance(100) })
    if (chance(30) === 0) tell({ type: 'cursor', piece: chance(2) === 0 ? undefined : chance(PIECES) })
    tell({ type: 'wake' })
  }
  return lines
}

function some(random: () => number): Bitfield {
  const set = new Bitfield(PIECES)
  for (let i = 0; i < PIECES; i++) if (random() < 0.5) set.add(i)
  return set
}

/** The trace with line `number` (from 1) changed. */
function changed(lines: readonly string[], number: number, change: (line: string) => string): string[] {
  return lines.map((line, i) => (i === number - 1 ? change(line) : line))
}

/** The number of the first line, after line `from`, whose answer asks for something. */
function firstAsking(lines: readonly string[], from = 1): number {
  return lines.findIndex((line, i) => i >= from && line.includes('"actions":[{"type":"ask"')) + 1
}

function differenceOf(result: ReplayResult): Difference {
  if (result.difference === undefined) throw new Error('the runs are identical')
  return result.difference
}

async function refusal(lines: readonly string[]): Promise<DragonflyError> {
  const error = await replay(lines).catch((thrown: unknown) => thrown)
  if (!(error instanceof DragonflyError)) throw new Error(`not refused as ours: ${error}`)
  return error
}

describe('sim: replay', () => {
  it('answers every event as it was answered, whatever happened', async () => {
    for (let world = 1; world <= 20; world++) {
      const setup = { ...SETUP, seed: world * 1000, isSeed: world % 2 === 0 }
      const lines = record(setup, world)
      const result = await replay(lines)
      expect(result, `world ${world}`).to.include({ runs: 1, events: lines.length - 1, difference: undefined })
      expect(result.actions).to.be.above(50)
      expect(replayLines(result)).to.deep.equal([`identical: ${result.events} events, ${result.actions} actions`])
    }
  })

  it('reads lines as they come', async () => {
    async function* slowly() {
      for (const line of record(SETUP)) yield await Promise.resolve(line)
    }
    expect(await replay(slowly())).to.deep.equal(await replay(record(SETUP)))
  })

  it('repeats a download that had to begin anew', async () => {
    const [first, second] = [record(SETUP), record({ ...SETUP, seed: 9 }, 2)]
    const result = await replay([...first, ...second])
    expect(result).to.include({ runs: 2, difference: undefined, events: first.length + second.length - 2 })
    expect(replayLines(result)[0]).to.match(/^identical: \d+ events in 2 runs, /)
  })

  it('shows the first action that is another one', async () => {
    const lines = record(SETUP)
    const line = firstAsking(lines)
    const result = await replay(changed(lines, line, text => text.replace('{"type":"ask","peer":"', '{"type":"ask","peer":"x')))
    const { recorded, replayed, ...where } = differenceOf(result)
    expect(where).to.include({ line, index: 0 })
    expect(result.events).to.equal(line - 2)
    expect(recorded).to.include({ type: 'ask', peer: `x${(replayed as { peer: string }).peer}` })
    const text = replayLines(result).join('\n')
    expect(text).to.match(new RegExp(`^different at line ${line}, `))
    expect(text).to.match(/recorded: {"type":"ask","peer":"x[\s\S]*replayed: {"type":"ask","peer":"[^x]/)
  })

  it('shows an action too few and one too many', async () => {
    const lines = record(SETUP)
    const line = firstAsking(lines)
    const fewer = differenceOf(await replay(changed(lines, line, text => text.replace(/"actions":.*/, '"actions":[]}'))))
    expect(fewer).to.include({ line, index: 0, recorded: undefined })
    const quiet = changed(lines, 2, text => text.replace('"actions":[]', '"actions":[{"type":"announce","piece":1}]'))
    const more = await replay(quiet)
    expect(differenceOf(more)).to.include({ line: 2, index: 0, replayed: undefined })
    expect(replayLines(more).at(-1)).to.equal('  replayed: none')
  })

  it('depends on every bit of the input', async () => {
    const lines = record(SETUP)
    const header = JSON.parse(lines[0] as string)
    const other = (change: object) => [JSON.stringify({ ...header, ...change }), ...lines.slice(1)]
    for (const change of [{ seed: 6 }, { policy: { ...header.policy, minWindow: 3 } }, { pieceLength: 4_000_000 }]) {
      expect((await replay(other(change))).difference, JSON.stringify(change)).to.not.equal(undefined)
    }
    const asSeed = record({ ...SETUP, isSeed: true })
    const seedHeader = JSON.parse(asSeed[0] as string)
    const asPeer = [JSON.stringify({ ...seedHeader, isSeed: false }), ...asSeed.slice(1)]
    expect((await replay(asPeer)).difference).to.not.equal(undefined)
    const missing = lines.toSpliced(firstAsking(lines, 12) - 1, 1)
    expect((await replay(missing)).difference).to.not.equal(undefined)
  })

  it('refuses what is no trace, by line', async () => {
    const lines = record(SETUP)
    expect((await refusal([])).message).to.equal('line 1 of the trace: the header is missing')
    expect((await refusal(lines.slice(1))).message).to.equal('line 1 of the trace: an event before the header')
    expect((await refusal([...lines.slice(0, 5), 'nonsense'])).message).to.match(/^line 6 of the trace: .*no JSON/)
    const back = await refusal(changed(lines, 9, line => line.replace(/"at":[\d.]+/, '"at":1000')))
    expect(back.message).to.equal('line 9 of the trace: at 1000 ms, which is before the line above')
    expect(back.code).to.equal('bad-option')
  })
})

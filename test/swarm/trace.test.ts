// The text of a trace: what goes in comes out, for every kind of event; and what is no trace is refused by line.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import fc from 'fast-check'
import { DragonflyError } from '../../src/core/errors.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent } from '../../src/swarm/events.ts'
import {
  decodeLine,
  encodeAction,
  encodeHeader,
  encodeStep,
  MAX_TRACE_LINE,
  TRACED,
  type TraceHeader,
} from '../../src/swarm/trace.ts'
import { ANY_ACTION, ANY_EVENT } from './trace-arbitraries.ts'

const EVENTS_TS = new URL('../../src/swarm/events.ts', import.meta.url)
const HEADER: TraceHeader = {
  date: '2026-11-23T22:43:47.853Z',
  setup: { self: 'me', isSeed: false, pieceLength: 262_144, seed: 7, policy: { ...DEFAULT_POLICY } },
  versions: { dragonfly: '1.2.3', node: 'v24.0.0' },
}
const STEP = { at: 1.5, event: { type: 'wake' }, actions: [{ type: 'ask', peer: 'a', piece: 3, load: 0 }] }

function typed(type: string, fields: fc.Arbitrary<object>): fc.Arbitrary<SwarmEvent & SwarmAction> {
  return fields.map(f => ({ type, ...f }) as SwarmEvent & SwarmAction)
}

/** The types that a union of events.ts names, from its text: types are gone when tests run. */
async function typesOf(union: string): Promise<string[]> {
  const source = await readFile(EVENTS_TS, 'utf8')
  const text = source.split(`export type ${union} =`)[1]?.split(/^export /m)[0] ?? ''
  return [...text.matchAll(/\btype: '([^']+)'/g)].map(match => match[1] as string)
}

function refusal(line: string, number = 17): DragonflyError {
  try {
    decodeLine(line, number)
  } catch (error) {
    expect(error, String(error)).to.be.instanceOf(DragonflyError)
    return error as DragonflyError
  }
  throw new Error(`was read: ${line.slice(0, 100)}`)
}

/** STEP with a part of it replaced. */
function step(change: object): string {
  return JSON.stringify({ ...STEP, ...change })
}

function event(fields: object): string {
  return step({ event: fields })
}

function header(change: object): string {
  return JSON.stringify({ ...JSON.parse(encodeHeader(HEADER)), ...change })
}

describe('swarm: traces', () => {
  it('know every event and every action that there is', async () => {
    const [events, actions] = [await typesOf('SwarmEvent'), await typesOf('SwarmAction')]
    expect(events).to.include.members(['manifest', 'have', 'wake'])
    expect(actions).to.include.members(['ask', 'serve'])
    expect(TRACED.events).to.have.members([...new Set(events)])
    expect(TRACED.actions).to.have.members([...new Set(actions)])
    expect(Object.keys(ANY_EVENT)).to.have.members(TRACED.events)
    expect(Object.keys(ANY_ACTION)).to.have.members(TRACED.actions)
  })

  const anyAction = fc.oneof(...Object.entries(ANY_ACTION).map(([type, fields]) => typed(type, fields)))
  for (const [type, fields] of Object.entries(ANY_EVENT)) {
    it(`give back every ${type} as it was, with its time and its answer`, () => {
      const time = fc.double({ min: 0, max: 1e12, noNaN: true })
      const steps = fc.record({ at: time, event: typed(type, fields), actions: fc.array(anyAction, { maxLength: 5 }) })
      fc.assert(
        fc.property(steps, step => {
          const line = encodeStep(step)
          expect(line).to.not.include('\n')
          const read = decodeLine(line, 1)
          expect(read).to.deep.equal({ ...step, at: step.at + 0 })
          expect(encodeStep(read as typeof step)).to.equal(line)
        }),
      )
    })
  }

  it('give back the header, an endless policy too', () => {
    const endless = { ...HEADER, setup: { ...HEADER.setup, policy: { ...DEFAULT_POLICY, snubMs: Infinity } } }
    for (const one of [HEADER, endless]) expect(decodeLine(encodeHeader(one), 1)).to.deep.equal(one)
  })

  it('of an older version are read with the defaults of what they do not name', () => {
    const { snubMs: _, ...older } = DEFAULT_POLICY
    expect(decodeLine(header({ policy: older }), 1)).to.deep.equal(HEADER)
  })

  it('write equal actions equally, and unlike ones not', () => {
    fc.assert(
      fc.property(anyAction, anyAction, (a, b) => {
        const isEqual = JSON.stringify(Object.entries(a).toSorted()) === JSON.stringify(Object.entries(b).toSorted())
        expect(encodeAction(a) === encodeAction(b)).to.equal(isEqual)
      }),
    )
  })

  it('write a large set of pieces shortly', () => {
    const pieces = Array.from({ length: 100_000 }, (_, i) => i)
    expect(encodeStep({ at: 0, event: { type: 'have', peer: 'a', pieces, queue: 0 }, actions: [] })).to.have.length.below(120)
  })

  const wrong: [what: string, line: string, why: RegExp][] = [
    ['an empty line', '', /no JSON/],
    ['half a line', encodeHeader(HEADER).slice(0, 60), /no JSON; it may have been cut off/],
    ['a list', '[]', /not an object/],
    ['nothing', '{}', /no list of actions/],
    ['a longer line than any', ' '.repeat(MAX_TRACE_LINE + 1), /8388609 characters/],
    ['another format', header({ trace: 2 }), /trace: 2 is not 1 to 1/],
    ['a header with more', header({ url: 'x' }), /nothing is known of url/],
    ['a header without a seed', header({ seed: undefined }), /seed is missing/],
    ['a seed that is none', header({ seed: 1.5 }), /seed: 1.5 is not/],
    ['pieces of no bytes', header({ pieceLength: 0 }), /pieceLength: 0 is not/],
    ['pieces of too many bytes', header({ pieceLength: 2 ** 40 }), /pieceLength/],
    ['an unknown policy', header({ policy: { nonsense: 1 } }), /policy: nothing is known of nonsense/],
    ['a policy by a prototype', header({}).replace('"policy":{', '"policy":{"__proto__":1,'), /nothing is known of __proto__/],
    ['a negative policy', header({ policy: { snubMs: -1 } }), /policy: -1 is not/],
    ['a policy in words', header({ policy: { snubMs: 'soon' } }), /policy: "soon" is not/],
    ['versions without end', header({ versions: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [i, ''])) }), /99/],
    ['no time', step({ at: undefined }), /at: nothing is not a number from 0 on/],
    ['a negative time', step({ at: -1 }), /at: -1/],
    ['a time beyond all', step({}).replace('1.5', '1e400'), /at: null/],
    ['an unknown event', event({ type: 'explode' }), /event: "explode" is not a type that is known/],
    ['an event of a prototype', event({ type: 'toString' }), /event: "toString"/],
    ['an event without a peer', event({ type: 'left' }), /event: left: peer is missing/],
    ['an event with more', event({ type: 'left', peer: 'a', url: 'x' }), /left: nothing is known of url/],
    ['a peer without end', event({ type: 'left', peer: 'x'.repeat(129) }), /left: peer: "x{39}… is not text/],
    ['an unknown kind', event({ type: 'joined', peer: 'a', kind: 'boss' }), /kind: "boss" is not peer or seed or origin/],
    ['a piece beyond all', event({ type: 'stored', piece: 1 << 20 }), /piece: 1048576 is not/],
    ['half a piece', event({ type: 'stored', piece: 0.5 }), /piece: 0.5 is not/],
    ['a piece of no number', event({ type: 'stored', piece: '3' }), /piece: "3" is not/],
    ['more pieces than any', event({ type: 'manifest', count: 2e6, sealed: true }), /count: 2000000/],
    ['perhaps sealed', event({ type: 'manifest', count: 2, sealed: 1 }), /sealed: 1 is not true or false/],
    ['more bytes than a piece has', event({ type: 'progress', peer: 'a', piece: 0, bytes: 2 ** 30 }), /bytes/],
    ['a run backwards', event({ type: 'have', peer: 'a', queue: 0, pieces: '9-3' }), /a run of pieces/],
    ['a run beyond all', event({ type: 'have', peer: 'a', queue: 0, pieces: '0-9999999' }), /a run of pieces/],
    ['all pieces twice', event({ type: 'have', peer: 'a', queue: 0, pieces: '0-1048575 0' }), /a run of pieces/],
    ['runs of words', event({ type: 'have', peer: 'a', queue: 0, pieces: '1 two' }), /"two" is not a run/],
    ['a wanted run backwards', event({ type: 'wanted', pieces: '9-3' }), /a run of pieces/],
    ['a wanted run beyond all', event({ type: 'wanted', pieces: '0-1048576' }), /a run of pieces/],
    ['wanted runs without end', event({ type: 'wanted', pieces: '0 '.repeat(65_537).trim() }), /at most 65536 runs/],
    ['pieces as a list', event({ type: 'have', peer: 'a', queue: 0, pieces: [1] }), /pieces: \[1\]/],
    ['a bitfield of no hex', event({ type: 'bitfield', peer: 'a', queue: 0, have: '8:xy' }), /have: "8:xy"/],
    ['a bitfield too short', event({ type: 'bitfield', peer: 'a', queue: 0, have: '9:ff' }), /1 bytes for 9 pieces/],
    ['a bitfield with spare bits', event({ type: 'bitfield', peer: 'a', queue: 0, have: '4:ff' }), /beyond 4 pieces/],
    ['a bitfield beyond all', event({ type: 'bitfield', peer: 'a', queue: 0, have: '9999999:' }), /a bitfield of 9999999/],
    ['actions that are none', step({ actions: {} }), /no list of actions/],
    ['an unknown action', step({ actions: [{ type: 'announce', piece: 1 }, { type: 'sing' }] }), /action 2: "sing"/],
    ['control characters', event({ type: 'stored', piece: '\u001b[2J\n' }), /piece: "\\u001b\[2J\\n"/],
  ]
  for (const [what, line, why] of wrong) {
    it(`refuse ${what}, and say in which line`, () => {
      const error = refusal(line)
      expect(error.message).to.match(/^line 17 of the trace: /)
      expect(error.message).to.match(why)
      expect(error.code).to.equal('bad-option')
      expect(error.hint).to.match(/df get --trace/)
      expect(error.message).to.have.length.below(300)
    })
  }

  it('read any text as a line, or refuse it as ours', () => {
    const lines = Object.entries(ANY_EVENT).map(([type, fields]) =>
      typed(type, fields).map(event => encodeStep({ at: 1, event, actions: [] })),
    )
    const spoilt = fc
      .tuple(fc.oneof(...lines), fc.nat(), fc.string({ maxLength: 3 }))
      .map(([line, at, other]) => line.slice(0, at % line.length) + other + line.slice((at % line.length) + 1))
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), spoilt), line => {
        try {
          decodeLine(line, 3)
        } catch (error) {
          expect(error).to.be.instanceOf(DragonflyError)
          expect((error as DragonflyError).message).to.match(/^line 3 of the trace: /)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

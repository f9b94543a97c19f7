// A decider's run as text: its setup, then every event with its time and the answer.
import { DragonflyError } from '../core/errors.ts'
import { MAX_PIECE_LENGTH } from '../core/piece.ts'
import { DEFAULT_POLICY, type SwarmAction, type SwarmEvent, type SwarmPolicy } from './events.ts'
import type { SwarmSetup } from './setup.ts'
import {
  bitfield,
  byteCount,
  type Field,
  type Fields,
  flag,
  load,
  Misfit,
  misfit,
  named,
  objectOf,
  oneOf,
  optional,
  peer,
  piece,
  pieceCount,
  pieceList,
  pieceRuns,
  quantity,
  queue,
  readFields,
  shown,
  text,
  whole,
  writeFields,
} from './trace-fields.ts'

/** Raised when older lines cannot be read any more. */
export const TRACE_FORMAT = 1
/** A bitfield of the most pieces takes a quarter of a MiB, a list of every second one 4 MiB. */
export const MAX_TRACE_LINE = 8 * 1024 * 1024
const MAX_ACTIONS = 1 << 20
const MAX_VERSIONS = 16

/** The first line of a run. */
export interface TraceHeader {
  /** When the run began, ISO 8601. */
  date: string
  setup: SwarmSetup
  /** Of the program and what it runs on, by name. */
  versions: Record<string, string>
}

/** Every other line. `at`: milliseconds on the clock of who recorded it. */
export interface TraceStep {
  at: number
  event: SwarmEvent
  actions: readonly SwarmAction[]
}

/** Fields of every member of a union, by its type: a new event or action without a line here does not compile. */
type Codecs<U extends { type: string }> = { readonly [T in U['type']]: Fields<Extract<U, { type: T }>> }

const EVENTS: Codecs<SwarmEvent> = {
  manifest: { count: pieceCount, sealed: flag },
  joined: { peer, kind: oneOf('peer', 'seed', 'origin') },
  left: { peer },
  bitfield: { peer, have: bitfield, queue },
  have: { peer, pieces: pieceList, queue },
  progress: { peer, piece, bytes: byteCount },
  held: { peer, ms: quantity },
  received: { peer, piece, bytes: byteCount },
  corrupt: { peer, piece },
  refused: { peer, piece, forever: flag },
  stored: { piece },
  request: { peer, piece, load, has: optional(load) },
  cancel: { peer, piece },
  placed: { peer, place: queue, roundTrip: optional(quantity) },
  sent: { peer },
  served: { peer, piece },
  'origin-rate': { rate: quantity, peers: queue },
  patience: { ms: quantity, handoverMs: quantity, areLost: optional(flag) },
  elsewhere: { bytes: quantity },
  wanted: { pieces: optional(pieceRuns) },
  cursor: { piece: optional(pieceCount) },
  allowance: { asked: queue, uploads: queue },
  wake: {},
}

const ACTIONS: Codecs<SwarmAction> = {
  ask: { peer, piece, load, has: optional(load) },
  cancel: { peer, piece },
  serve: { peer, piece },
  refuse: { peer, piece, missing: flag },
  announce: { piece },
  drop: { peer },
  snub: { peer, why: oneOf('silent', 'late', 'busy') },
  ban: { peer, piece },
}

/** What a trace can hold; tests compare it with events.ts. */
export const TRACED = { events: Object.keys(EVENTS), actions: Object.keys(ACTIONS) }

/** Infinity is null in JSON. What an older trace does not name is at its default. */
const policy: Field<SwarmPolicy> = {
  to: value => value,
  from: json => {
    const read: Record<string, unknown> = { ...DEFAULT_POLICY }
    for (const [name, value] of Object.entries(objectOf(json))) {
      if (!Object.hasOwn(DEFAULT_POLICY, name)) throw new Misfit(`nothing is known of ${shown(name)}`)
      const wanted = typeof read[name]
      const isNumber = wanted === 'number' && (value === null || (typeof value === 'number' && value >= 0))
      if (!isNumber && (wanted === 'number' || typeof value !== wanted)) throw misfit(value, `a ${wanted} as ${name} is`)
      read[name] = value ?? Infinity
    }
    return read as unknown as SwarmPolicy
  },
}

const SETUP: Fields<SwarmSetup> = {
  self: peer,
  isSeed: flag,
  pieceLength: whole(MAX_PIECE_LENGTH, 1),
  seed: whole(0xffffffff),
  policy,
}

const versions: Field<Record<string, string>> = {
  to: value => value,
  from: json => {
    const entries = Object.entries(objectOf(json))
    if (entries.length > MAX_VERSIONS) throw misfit(entries.length, `at most ${MAX_VERSIONS}`)
    return Object.fromEntries(entries.map(([name, value]) => [text(64).from(name), text(64).from(value)]))
  },
}

const HEADER: Fields<{ trace: number; date: string; versions: Record<string, string> }> = {
  trace: whole(TRACE_FORMAT, TRACE_FORMAT),
  date: text(64),
  versions,
}

export function encodeHeader({ date, versions, setup }: TraceHeader): string {
  return JSON.stringify({ ...writeFields(HEADER, { trace: TRACE_FORMAT, date, versions }), ...writeFields(SETUP, setup) })
}

export function encodeStep({ at, event, actions }: TraceStep): string {
  return JSON.stringify({ at, event: write(EVENTS, event), actions: actions.map(writeAction) })
}

/** One action as it stands in a trace; equal actions have equal text. */
export function encodeAction(action: SwarmAction): string {
  return JSON.stringify(writeAction(action))
}

/** Reads line `number` (from 1) of a trace. Throws `bad-option` with that number for anything that is no trace. */
export function decodeLine(line: string, number: number): TraceHeader | TraceStep {
  try {
    if (line.length > MAX_TRACE_LINE) throw new Misfit(`${line.length} characters, ${MAX_TRACE_LINE} allowed`)
    const json = objectOf(parse(line))
    return Object.hasOwn(json, 'trace') ? readHeader(json) : readStep(json)
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    throw badTrace(number, error.message, error)
  }
}

/** What is wrong with a trace, and where. */
export function badTrace(line: number, what: string, cause?: unknown): DragonflyError {
  return new DragonflyError('bad-option', `line ${line} of the trace: ${what}`, {
    hint: 'give a complete, unchanged file from df get --trace',
    cause,
  })
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new Misfit(`${shown(line)} is no JSON; it may have been cut off`)
  }
}

function readHeader(json: Record<string, unknown>): TraceHeader {
  const { date, versions } = readFields(HEADER, json, Object.keys(SETUP))
  return { date, versions, setup: readFields(SETUP, json, Object.keys(HEADER)) }
}

function readStep(json: Record<string, unknown>): TraceStep {
  const { actions } = json
  if (!Array.isArray(actions) || actions.length > MAX_ACTIONS) throw new Misfit('no list of actions')
  return {
    at: named('at', () => quantity.from(json.at)),
    event: named('event', () => read(EVENTS, json.event)),
    actions: actions.map((action, i) => named(`action ${i + 1}`, () => read(ACTIONS, action))),
  }
}

function writeAction(action: SwarmAction): Record<string, unknown> {
  return write(ACTIONS, action)
}

function write<U extends { type: string }>(codecs: Codecs<U>, value: U): Record<string, unknown> {
  // of the right member, which the compiler cannot follow through the union
  const fields = codecs[value.type as U['type']] as Fields<U>
  return { type: value.type, ...writeFields(fields, value) }
}

function read<U extends { type: string }>(codecs: Codecs<U>, json: unknown): U {
  const { type } = objectOf(json)
  if (typeof type !== 'string' || !Object.hasOwn(codecs, type)) throw misfit(type, 'a type that is known')
  const fields = codecs[type as U['type']] as Fields<U>
  return named(type, () => ({ ...readFields(fields, json, ['type']), type }))
}

// Encodes and decodes single values of a trace, with limits.
import { Bitfield } from '../core/bitfield.ts'
import { MAX_PIECE_LENGTH, MAX_PIECES } from '../core/piece.ts'
import type { PieceRun } from './events.ts'

/** A value and its JSON. `from` throws a Misfit for anything that `to` would not have written. */
export interface Field<T> {
  to(value: T): unknown
  from(json: unknown): T
}

/** One codec for each field of T, apart from its `type`. */
export type Fields<T> = { readonly [K in keyof Omit<T, 'type'>]-?: Field<T[K]> }

/** What is wrong with a value of a trace. */
export class Misfit extends Error {}

/** A peer id takes 52 characters; tests use shorter names. */
const MAX_PEER_CHARS = 128
/** One for each range that is read at the same time. */
const MAX_RUNS = 1 << 16

/** A whole number from 0 (or `min`) to `max`. */
export function whole(max: number, min = 0): Field<number> {
  return {
    to: value => value,
    from: json => {
      if (!Number.isSafeInteger(json) || (json as number) < min || (json as number) > max) throw misfit(json, `${min} to ${max}`)
      return json as number
    },
  }
}

export function text(max: number): Field<string> {
  return {
    to: value => value,
    from: json => {
      if (typeof json !== 'string' || json.length > max) throw misfit(json, `text of at most ${max} characters`)
      return json
    },
  }
}

export function oneOf<const T extends string>(...names: readonly T[]): Field<T> {
  return {
    to: value => value,
    from: json => {
      const name = names.find(n => n === json)
      if (name === undefined) throw misfit(json, names.join(' or '))
      return name
    },
  }
}

/** `undefined` is null in JSON. */
export function optional<T>(field: Field<T>): Field<T | undefined> {
  return {
    to: value => (value === undefined ? null : field.to(value)),
    from: json => (json === null ? undefined : field.from(json)),
  }
}

export const flag: Field<boolean> = {
  to: value => value,
  from: json => {
    if (typeof json !== 'boolean') throw misfit(json, 'true or false')
    return json
  },
}

/** A measured number, with fractions. */
export const quantity: Field<number> = {
  to: value => value,
  from: json => {
    if (typeof json !== 'number' || !(json >= 0 && json <= Number.MAX_SAFE_INTEGER)) throw misfit(json, 'a number from 0 on')
    return json
  },
}

export const peer = text(MAX_PEER_CHARS)
export const piece = whole(MAX_PIECES - 1)
export const pieceCount = whole(MAX_PIECES)
export const byteCount = whole(MAX_PIECE_LENGTH)
/** As on the wire. */
export const queue = whole(0xffffffff)
export const load = queue

/** Which pieces, in the order given: `0-255 300`. */
export const pieceList: Field<readonly number[]> = {
  to: writeRuns,
  from: json => {
    if (typeof json !== 'string') throw misfit(json, 'pieces as 0-255 300')
    return readRuns(json)
  },
}

/** Runs of pieces, in the order given, which may overlap: `0-255 300`. */
export const pieceRuns: Field<readonly PieceRun[]> = {
  to: runs => runs.map(({ first, end }) => writeRun(first, end)).join(' '),
  from: json => {
    if (typeof json !== 'string') throw misfit(json, 'pieces as 0-255 300')
    const runs = json === '' ? [] : json.split(' ').map(readRun)
    if (runs.length > MAX_RUNS) throw misfit(runs.length, `at most ${MAX_RUNS} runs`)
    return runs
  },
}

/** Size and bits, in hex: `12:ff0`, with whole bytes. */
export const bitfield: Field<Bitfield> = {
  to: value => `${value.size}:${Buffer.from(value.toBytes()).toString('hex')}`,
  from: json => {
    const [, size = '', hex = ''] = (typeof json === 'string' && /^(\d{1,7}):((?:[0-9a-f]{2})*)$/.exec(json)) || []
    if (size === '') throw misfit(json, 'a bitfield as 8:ff')
    try {
      return Bitfield.fromBytes(Buffer.from(hex, 'hex'), pieceCount.from(Number(size)))
    } catch (error) {
      throw new Misfit(`a bitfield of ${size}: ${(error as Error).message}`)
    }
  },
}

/** The JSON of an object of known fields. */
export function writeFields<T extends object>(fields: Fields<T>, value: T): Record<string, unknown> {
  const json: Record<string, unknown> = {}
  for (const [name, field] of rows(fields)) json[name] = field.to(value[name as keyof T])
  return json
}

/** Reads all of `fields`; anything missing or beyond them, apart from `others`, is a Misfit. */
export function readFields<T extends object>(fields: Fields<T>, json: unknown, others: readonly string[] = []): T {
  const object = objectOf(json)
  const stranger = Object.keys(object).find(name => !Object.hasOwn(fields, name) && !others.includes(name))
  if (stranger !== undefined) throw new Misfit(`nothing is known of ${shown(stranger)}`)
  const value: Record<string, unknown> = {}
  for (const [name, field] of rows(fields)) {
    if (!Object.hasOwn(object, name)) throw new Misfit(`${name} is missing`)
    value[name] = named(name, () => field.from(object[name]))
  }
  return value as T
}

/** Says which field a Misfit is about. */
export function named<T>(name: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof Misfit) throw new Misfit(`${name}: ${error.message}`)
    throw error
  }
}

export function objectOf(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw misfit(json, 'an object')
  return json as Record<string, unknown>
}

export function misfit(json: unknown, wanted: string): Misfit {
  return new Misfit(`${shown(JSON.stringify(json) ?? 'nothing')} is not ${wanted}`)
}

/** Of what comes from outside only the beginning, and only what a terminal shows as it is. */
export function shown(value: string): string {
  return (value.length > 40 ? `${value.slice(0, 40)}…` : value).replace(/[^\x20-\x7e…]/g, '?')
}

function rows<T>(fields: Fields<T>): [string, Field<unknown>][] {
  return Object.entries(fields as Record<string, Field<unknown>>)
}

function writeRun(first: number, end: number): string {
  return end === first + 1 ? `${first}` : `${first}-${end - 1}`
}

function readRun(run: string): PieceRun {
  const [, from = '', to = from] = /^(\d{1,7})(?:-(\d{1,7}))?$/.exec(run) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (from === '' || last < first || last >= MAX_PIECES) throw misfit(run, 'a run of pieces')
  return { first, end: last + 1 }
}

function writeRuns(pieces: readonly number[]): string {
  const runs: string[] = []
  for (let i = 0; i < pieces.length; ) {
    const first = pieces[i] as number
    let length = 1
    while (pieces[i + length] === first + length) length++
    runs.push(writeRun(first, first + length))
    i += length
  }
  return runs.join(' ')
}

function readRuns(list: string): number[] {
  const pieces: number[] = []
  for (const run of list === '' ? [] : list.split(' ')) {
    const { first, end } = readRun(run)
    if (pieces.length + end - first > MAX_PIECES) throw misfit(run, 'a run of pieces')
    for (let i = first; i < end; i++) pieces.push(i)
  }
  return pieces
}

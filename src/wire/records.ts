// The store's records about a version: a local format that is never sent.
import {
  type CachedAnswer,
  type Freshness,
  MAX_CACHED_ANSWERS,
  MAX_CACHED_FIELDS,
  MAX_CACHED_VALUE_BYTES,
} from '../core/freshness.ts'
import type { Seal, VersionInfo } from '../core/manifest.ts'
import {
  type ManifestPart,
  partFromWire,
  partToWire,
  sealFromWire,
  sealToWire,
  versionFromWire,
  versionToWire,
} from './codec-manifest.ts'
import { bytesField, cidTextField, decoding, encoding, integerField, listField, malformed, textField } from './fields.ts'
import { StoreRecord as RawRecord, type StoredAnswer, type StoredFreshness, Trust } from './generated/messages.js'
import { LIMITS } from './limits.ts'

/** Why the manifest was believed when it was kept. */
export type StoredTrust = 'seed' | 'digest' | 'origin'

export type StoreRecord =
  | { type: 'info'; info: VersionInfo; trust: StoredTrust }
  | ({ type: 'part' } & ManifestPart)
  | { type: 'head'; envelope: Uint8Array }
  | { type: 'seal'; seal: Seal }
  | { type: 'freshness'; freshness: Freshness }

/** Of the records; a reader of another one does not guess. */
const FORMAT = 1

const TRUST: Record<StoredTrust, Trust> = { seed: Trust.SEED, digest: Trust.DIGEST, origin: Trust.ORIGIN }

/** Throws `internal` for what could not be read back. */
export function encodeRecord(record: StoreRecord): Uint8Array {
  return encoding(LIMITS.message, () => RawRecord.encode({ format: FORMAT, ...toWire(record) }))
}

/** Throws `protocol` when damaged or of another format: whoever reads treats the version as not there. */
export function decodeRecord(bytes: Uint8Array): StoreRecord {
  return decoding(bytes, LIMITS.message, input => fromWire(RawRecord.decode(input)))
}

function toWire(record: StoreRecord): Omit<RawRecord, 'format'> {
  switch (record.type) {
    case 'info': {
      const task = cidTextField(record.info.task, 'task')
      return { info: { task, ...versionToWire(record.info), trust: TRUST[record.trust] } }
    }
    case 'part':
      return { part: partToWire(record) }
    case 'head':
      return { head: { envelope: bytesField(record.envelope, 1, LIMITS.envelope, 'envelope') } }
    case 'seal':
      return { seal: sealToWire(record.seal) }
    case 'freshness':
      return { freshness: freshnessToWire(record.freshness) }
  }
}

function fromWire(raw: RawRecord): StoreRecord {
  if (raw.format !== FORMAT) throw malformed(`record of format ${raw.format}`)
  if (raw.info !== undefined) {
    const info = { task: cidTextField(raw.info.task, 'task'), ...versionFromWire(raw.info) }
    return { type: 'info', info, trust: trustFromWire(raw.info.trust) }
  }
  if (raw.part !== undefined) return { type: 'part', ...partFromWire(raw.part) }
  if (raw.head !== undefined) return { type: 'head', envelope: bytesField(raw.head.envelope, 1, LIMITS.envelope, 'envelope') }
  if (raw.seal !== undefined) return { type: 'seal', seal: sealFromWire(raw.seal) }
  if (raw.freshness !== undefined) return { type: 'freshness', freshness: freshnessFromWire(raw.freshness) }
  throw malformed('record of an unknown kind')
}

function freshnessToWire({ at, answers }: Freshness): StoredFreshness {
  return {
    at: integerField(at, 0, Number.MAX_SAFE_INTEGER, 'time'),
    answers: listField(answers, MAX_CACHED_ANSWERS, 'answers').map(answerToWire),
  }
}

function freshnessFromWire({ at, answers }: StoredFreshness): Freshness {
  return {
    at: integerField(at, 0, Number.MAX_SAFE_INTEGER, 'time'),
    answers: listField(answers, MAX_CACHED_ANSWERS, 'answers').map(answerFromWire),
  }
}

function answerToWire({ status, fields }: CachedAnswer): StoredAnswer {
  const checked = checkFields(Object.entries(fields))
  return { status: integerField(status, 100, 599, 'HTTP status'), fields: checked.map(([name, value]) => ({ name, value })) }
}

function answerFromWire({ status, fields }: StoredAnswer): CachedAnswer {
  const checked = checkFields(fields.map(({ name, value }) => [name, value] as const))
  return { status: integerField(status, 100, 599, 'HTTP status'), fields: Object.fromEntries(checked) }
}

function checkFields(fields: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  for (const text of listField(fields, MAX_CACHED_FIELDS, 'fields').flat()) textField(text, MAX_CACHED_VALUE_BYTES, 'field')
  return fields
}

function trustFromWire(trust: Trust): StoredTrust {
  const found = (Object.keys(TRUST) as StoredTrust[]).find(name => TRUST[name] === trust)
  if (found === undefined) throw malformed(`trust ${trust}`)
  return found
}

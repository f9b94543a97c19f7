// Finds the sha2-256 of the whole content that an origin states in its answer, or that the URL of a registry's blob names.
import { sameBytes } from '../core/piece.ts'
import type { AnswerHeaders } from './fields.ts'
import { codingOf } from './validators.ts'

/** A digest of the whole content as it is, not of a coded form of it. */
export interface StatedDigest {
  sha256: Uint8Array
  /** Where it is stated: the name of a header field, or `the URL`. */
  by: string
}

const BASE64 = '([A-Za-z0-9+/]{43}=)'

interface Field {
  name: string
  pattern: RegExp
  encoding: 'base64' | 'hex'
  /** Whether it speaks of the whole in an answer that holds a part, too. */
  inParts: boolean
}

const FIELDS: readonly Field[] = [
  // RFC 9530: of the representation, whatever part of it an answer holds; and of an answer's content
  { name: 'repr-digest', pattern: member(`:${BASE64}:`), encoding: 'base64', inParts: true },
  { name: 'content-digest', pattern: member(`:${BASE64}:`), encoding: 'base64', inParts: false },
  // RFC 3230; there are servers that mean the part
  { name: 'digest', pattern: member(BASE64), encoding: 'base64', inParts: false },
  // one made of the digests of parts ends in their number
  { name: 'x-amz-checksum-sha256', pattern: new RegExp(`^${BASE64}$`, 'g'), encoding: 'base64', inParts: false },
  { name: 'docker-content-digest', pattern: /^sha256:([0-9a-f]{64})$/g, encoding: 'hex', inParts: false },
]

/** Undefined when the answer states none, states different ones, or is in another coding. `status`: of the answer. */
export function statedDigest(status: number, headers: AnswerHeaders): StatedDigest | undefined {
  if ((status !== 200 && status !== 206) || codingOf(headers) !== undefined) return undefined
  const found = FIELDS.filter(({ inParts }) => status === 200 || inParts)
    .filter(({ name }) => name !== 'x-amz-checksum-sha256' || isOfFullObject(headers))
    .flatMap(field => digestsIn(field, joined(headers, field.name)))
  const [first] = found
  return first !== undefined && found.every(({ sha256 }) => sameBytes(sha256, first.sha256)) ? first : undefined
}

/** A registry's blobs and manifests have their digest in the path (OCI distribution). */
export function digestInUrl(url: string): StatedDigest | undefined {
  const path = URL.parse(url)?.pathname ?? ''
  const hex = /^\/v2\/.+\/(?:blobs|manifests)\/sha256(?::|%3a)([0-9a-f]{64})$/i.exec(path)?.[1]
  return hex === undefined ? undefined : { sha256: Buffer.from(hex, 'hex'), by: 'the URL' }
}

function digestsIn({ name, pattern, encoding }: Field, value: string): StatedDigest[] {
  return [...value.matchAll(pattern)].map(([, text = '']) => ({ sha256: Buffer.from(text, encoding), by: name }))
}

/** One member `sha-256=…` of a list; what parameters it has does not matter. */
function member(value: string): RegExp {
  return new RegExp(`(?<=^|,)\\s*sha-256\\s*=\\s*${value}\\s*(?:;[^,]*)?(?=,|$)`, 'gi')
}

function isOfFullObject(headers: AnswerHeaders): boolean {
  const type = joined(headers, 'x-amz-checksum-type')
  return type === '' || type.toUpperCase() === 'FULL_OBJECT'
}

function joined(headers: AnswerHeaders, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value.join(',') : (value ?? '')).trim()
}

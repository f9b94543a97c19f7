// Encodes and decodes messages of the resolve stream.
import type { HeaderList } from '../core/headers.ts'
import type { VersionInfo } from '../core/manifest.ts'
import { isTraceparent } from '../core/span.ts'
import { type Failure, failureFromWire, failureToWire } from './codec-failure.ts'
import { grantField } from './codec-hello.ts'
import { versionFromWire, versionToWire } from './codec-manifest.ts'
import { PEERS_LIMITS, type PeerAddress, peersFromWire, peersToWire } from './codec-peers.ts'
import { bytesField, decoding, encoding, integerField, listField, malformed, queueField, textField } from './fields.ts'
import {
  type Progress as RawProgress,
  type OriginRate as RawRate,
  ResolveReply as RawReply,
  ResolveRequest as RawRequest,
} from './generated/messages.js'
import { LIMITS } from './limits.ts'

/** Checked for size only: what URL, headers and filters may say is for `makeTask` (core/task.ts) to judge. */
export interface ResolveRequest {
  url: string
  headers: HeaderList
  filter: string[]
  tag: string | undefined
  /** sha2-256 of the whole content, 32 bytes; undefined when not given. */
  digest: Uint8Array | undefined
  /** The seed is to ask the origin before it answers, however fresh what it has is. */
  revalidate: boolean
  /** Topic of a private content, CID bytes: nothing is wanted but a new grant for it. */
  renews?: Uint8Array
  /** The seed shall say what it has of the content while the stream is open. */
  progress?: true
  /** The digest names the content, and the URL only says where it can be read. There must be a digest. */
  isNamedByDigest?: true
  /** Of such a content: anybody gets such credentials, so it is public. */
  isAnonymous?: true
  /** The asker has all of it, and wants the seed to keep it as well. */
  isCopy?: true
  /** A content of one tiny piece may come in the answer itself. */
  takesInline?: true
  /** The span of the asker that the seed's one belongs to, in the form of W3C Trace Context: see `isTraceparent`. */
  traceparent?: string
}

export type ResolveReply =
  | Resolved
  | Failure
  | { type: 'peers'; peers: PeerAddress[] }
  | OriginRate
  | Progress
  /** The answer to a request that `renews`. */
  | { type: 'granted'; grant: Uint8Array }

/** What the origin gives to the seed. */
export interface OriginRate {
  type: 'origin-rate'
  /** Whole bytes a second, at most `LIMITS.originRate`; 0: not known. */
  rate: number
  /** How many peers listen to the seed for this task. */
  peers: number
}

/** What the seed has of the content. Only for a request that says `progress`. */
export interface Progress {
  type: 'progress'
  /** Verified payload bytes. */
  bytes: number
  /** Bytes of the content; undefined while the seed does not know. */
  length: number | undefined
  /** sha2-256 of the whole content, once the seed has all of it; undefined before. */
  sha256: Uint8Array | undefined
  /** The seed had all of it when the request came. */
  wasHere: boolean
}

export interface Resolved extends Omit<VersionInfo, 'task'> {
  type: 'resolved'
  /** CID bytes to say hello with. */
  topic: Uint8Array
  /** For a private content: see `openGrant` in envelope.ts. */
  grant?: Uint8Array
  /** CID bytes: the key by which providers of a private content are found in the DHT. */
  dhtKey?: Uint8Array
  /** Only for a request that says `takesInline`, and a content of one piece. */
  inline?: InlineContent
}

/** A whole content: its only piece, and the signed head (see `openHead` in envelope.ts) that seals it. */
export interface InlineContent {
  head: Uint8Array
  /** 1 to `LIMITS.inline` bytes. */
  payload: Uint8Array
}

/** Without length prefix. Throws `internal` for what the seed would refuse. */
export function encodeResolveRequest(request: ResolveRequest): Uint8Array {
  return encoding(LIMITS.requestMessage, () => {
    const { url, headers, filter, tag = '', digest, revalidate, renews, progress = false } = checkRequest(request)
    const {
      isNamedByDigest: namedByDigest = false,
      isAnonymous: anonymous = false,
      isCopy: copy = false,
      takesInline: inline = false,
      traceparent = '',
    } = request
    return RawRequest.encode({
      url,
      headers: headers.map(([name, value]) => ({ name, value })),
      filter,
      tag,
      digest: new Uint8Array(digest ?? []),
      revalidate,
      renews: new Uint8Array(renews ?? []),
      progress,
      namedByDigest,
      anonymous,
      copy,
      inline,
      traceparent,
    })
  })
}

/** Throws `protocol`. */
export function decodeResolveRequest(bytes: Uint8Array): ResolveRequest {
  return decoding(bytes, LIMITS.requestMessage, input => {
    const raw = RawRequest.decode(input, { limits: { headers: LIMITS.headers, filter: LIMITS.filters } })
    const headers = raw.headers.map(({ name, value }) => [name, value] as const)
    const digest = raw.digest.byteLength === 0 ? undefined : raw.digest
    const tag = raw.tag === '' ? undefined : raw.tag
    const renews = optional('renews', raw.renews)
    const flags = {
      ...(raw.progress && { progress: true as const }),
      ...(raw.namedByDigest && { isNamedByDigest: true as const }),
      ...(raw.anonymous && { isAnonymous: true as const }),
      ...(raw.copy && { isCopy: true as const }),
      ...(raw.inline && { takesInline: true as const }),
      ...(raw.traceparent !== '' && { traceparent: raw.traceparent }),
    }
    const { url, filter, revalidate } = raw
    return checkRequest({ url, headers, filter, tag, digest, revalidate, ...renews, ...flags })
  })
}

function checkRequest(request: ResolveRequest): ResolveRequest {
  const { url, headers, filter, tag, digest, renews } = request
  if (textField(url, LIMITS.url, 'URL') === '') throw malformed('no URL')
  let room = LIMITS.headerBytes
  for (const text of listField(headers, LIMITS.headers, 'headers').flat()) {
    room -= Buffer.byteLength(textField(text, room, 'headers'))
  }
  for (const name of listField(filter, LIMITS.filters, 'filters')) textField(name, LIMITS.filter, 'filter')
  if (tag !== undefined) textField(tag, LIMITS.tag, 'tag')
  if (renews !== undefined) bytesField(renews, 1, LIMITS.topic, 'topic')
  if (request.traceparent !== undefined && !isTraceparent(request.traceparent)) throw malformed('no traceparent')
  if (request.isNamedByDigest === true && digest === undefined) throw malformed('no digest to name the content')
  return { ...request, digest: digest === undefined ? undefined : bytesField(digest, 32, 32, 'digest') }
}

/** Without length prefix. Throws `internal` for what the peer would refuse. */
export function encodeResolveReply(reply: ResolveReply): Uint8Array {
  return encoding(LIMITS.message, () => RawReply.encode(replyToWire(reply)))
}

/** Undefined for a kind of reply that is not known here: ignore it. Throws `protocol` when malformed. */
export function decodeResolveReply(bytes: Uint8Array): ResolveReply | undefined {
  return decoding(bytes, LIMITS.message, input => {
    const raw = RawReply.decode(input, { limits: { peers: PEERS_LIMITS } })
    if (raw.resolved !== undefined) {
      return {
        type: 'resolved',
        topic: bytesField(raw.resolved.topic, 1, LIMITS.topic, 'topic'),
        ...versionFromWire(raw.resolved),
        ...optional('grant', grantField(raw.resolved.grant)),
        ...optional('dhtKey', bytesField(raw.resolved.dhtKey, 0, LIMITS.topic, 'DHT key')),
        ...(raw.resolved.inline !== undefined && { inline: inlineField(raw.resolved.inline) }),
      }
    }
    if (raw.failed !== undefined) return failureFromWire(raw.failed)
    if (raw.peers !== undefined) return { type: 'peers', peers: peersFromWire(raw.peers.peers) }
    if (raw.rate !== undefined) return rateFromWire(raw.rate)
    if (raw.progress !== undefined) return progressFromWire(raw.progress)
    if (raw.granted !== undefined) {
      return { type: 'granted', grant: bytesField(raw.granted.grant, 1, LIMITS.grant, 'grant') }
    }
    return undefined
  })
}

/** A field whose empty bytes mean that there is none. */
function optional<K extends string>(name: K, bytes: Uint8Array): { [name in K]?: Uint8Array } {
  return bytes.byteLength === 0 ? {} : ({ [name]: new Uint8Array(bytes) } as { [name in K]: Uint8Array })
}

function inlineField({ head, payload }: InlineContent): { [part in keyof InlineContent]: Uint8Array<ArrayBuffer> } {
  bytesField(head, 1, LIMITS.envelope, 'head')
  bytesField(payload, 1, LIMITS.inline, 'content')
  return { head: new Uint8Array(head), payload: new Uint8Array(payload) }
}

function replyToWire(reply: ResolveReply): RawReply {
  switch (reply.type) {
    case 'resolved':
      return {
        resolved: {
          topic: bytesField(reply.topic, 1, LIMITS.topic, 'topic'),
          ...versionToWire(reply),
          grant: grantField(reply.grant),
          dhtKey: bytesField(reply.dhtKey ?? new Uint8Array(), 0, LIMITS.topic, 'DHT key'),
          ...(reply.inline !== undefined && { inline: inlineField(reply.inline) }),
        },
      }
    case 'granted':
      return { granted: { grant: bytesField(reply.grant, 1, LIMITS.grant, 'grant') } }
    case 'failed':
      return { failed: failureToWire(reply) }
    case 'peers':
      return { peers: { peers: peersToWire(reply.peers), links: 0 } }
    case 'progress':
      return { progress: progressToWire(reply) }
    case 'origin-rate':
      return { rate: { rate: wholeRate(reply.rate), peers: queueField(reply.peers) } }
  }
}

function progressToWire(progress: Progress): RawProgress {
  const { bytes, length, sha256, wasHere } = checkProgress(progress)
  return { bytes, ...(length === undefined ? {} : { length }), sha256: new Uint8Array(sha256 ?? []), wasHere }
}

function progressFromWire({ bytes, length, sha256, wasHere }: RawProgress): Progress {
  const whole = sha256.byteLength === 0 ? undefined : new Uint8Array(bytesField(sha256, 32, 32, 'digest'))
  return checkProgress({ type: 'progress', bytes, length, sha256: whole, wasHere })
}

function checkProgress(progress: Progress): Progress {
  const { bytes, length, sha256 } = progress
  integerField(bytes, 0, length ?? Number.MAX_SAFE_INTEGER, 'bytes held')
  if (length !== undefined) integerField(length, 0, Number.MAX_SAFE_INTEGER, 'length')
  if (sha256 !== undefined && bytes !== length) throw malformed('a digest of a part')
  return progress
}

/** What was measured, as a number that can be sent; what is no rate is 0. */
function wholeRate(rate: number): number {
  return rate > 0 ? Math.ceil(Math.min(LIMITS.originRate, rate)) : 0
}

/** It is advice, so any number will do; one beyond 2⁵³ is refused before. */
function rateFromWire({ rate, peers }: RawRate): OriginRate {
  return { type: 'origin-rate', rate: wholeRate(rate), peers: queueField(peers) }
}

// Signs and opens heads of manifests, heads of trees and grants as libp2p signed envelopes (RFC 0002).
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { base58btc } from 'multiformats/bases/base58'
import * as Digest from 'multiformats/hashes/digest'
import { identity } from 'multiformats/hashes/identity'
import { DragonflyError } from '../core/errors.ts'
import type { Grant } from '../core/grant.ts'
import type { ManifestHead } from '../core/manifest.ts'
import { sameBytes, sha256 } from '../core/piece.ts'
import { decodeGrant, encodeGrant } from './codec-grant.ts'
import { decodeHead, encodeHead } from './codec-manifest.ts'
import { decodeTreeHead, encodeTreeHead, type TreeHead } from './codec-tree.ts'
import { malformed } from './fields.ts'
import { Envelope } from './generated/messages.js'
import { LIMITS } from './limits.ts'

const SHA2_256 = 0x12
/** Bytes of an encoded key that a peer id holds as it is; of a longer one it holds the sha2-256. */
const MAX_INLINE_KEY = 42

/** Domain and payload type are part of what is signed, so that a signature made for one kind never counts for another. */
interface Kind {
  domain: string
  payloadType: Uint8Array
  what: string
  /** Bytes of the whole envelope. */
  max: number
}

const HEAD: Kind = {
  domain: 'dragonfly/manifest-head',
  payloadType: new TextEncoder().encode('/dragonfly/manifest-head/1'),
  what: 'signed head',
  max: LIMITS.envelope,
}
const GRANT: Kind = {
  domain: 'dragonfly/grant',
  payloadType: new TextEncoder().encode('/dragonfly/grant/1'),
  what: 'grant',
  max: LIMITS.grant,
}
const TREE: Kind = {
  domain: 'dragonfly/tree',
  payloadType: new TextEncoder().encode('/dragonfly/tree/1'),
  what: 'signed tree',
  max: LIMITS.treeEnvelope,
}

export interface OpenedHead {
  head: ManifestHead
  /** Peer id of who signed; whether it is trusted is for the caller to know. */
  signer: string
}

export interface OpenedGrant {
  grant: Grant
  /** As in `OpenedHead`. */
  signer: string
}

/** Rejects with `internal` for a head that others would refuse. */
export async function sealHead(head: ManifestHead, privateKey: PrivateKey): Promise<Uint8Array> {
  return await seal(HEAD, encodeHead(head), privateKey)
}

/**
 * Whether what an envelope claims would be of any use. It is asked before the signature is verified, which costs up to 2 ms
 * (secp256k1) against 0.02 ms: anybody can send envelopes of keys that nobody has ever heard of.
 */
type IsOfUse<T> = (claimed: T) => boolean

/** Resolves only when the signature is right, or to undefined when it need not be. Rejects with `protocol` otherwise. */
export async function openHead(envelope: Uint8Array): Promise<OpenedHead>
export async function openHead(envelope: Uint8Array, isOfUse: IsOfUse<OpenedHead>): Promise<OpenedHead | undefined>
export async function openHead(envelope: Uint8Array, isOfUse?: IsOfUse<OpenedHead>): Promise<OpenedHead | undefined> {
  const { payload, signer } = read(HEAD, envelope)
  const opened = { head: decodeHead(payload), signer }
  if (isOfUse?.(opened) === false) return undefined
  await certify(HEAD, envelope, signer)
  return opened
}

/** Rejects with `internal` for a grant that others would refuse. */
export async function sealGrant(grant: Grant, privateKey: PrivateKey): Promise<Uint8Array> {
  return await seal(GRANT, encodeGrant(grant), privateKey)
}

/** As `openHead`; what the grant is good for is for `checkGrant` (core/grant.ts) to say. */
export async function openGrant(envelope: Uint8Array): Promise<OpenedGrant>
export async function openGrant(envelope: Uint8Array, isOfUse: IsOfUse<OpenedGrant>): Promise<OpenedGrant | undefined>
export async function openGrant(envelope: Uint8Array, isOfUse?: IsOfUse<OpenedGrant>): Promise<OpenedGrant | undefined> {
  const { payload, signer } = read(GRANT, envelope)
  const opened = { grant: decodeGrant(payload), signer }
  if (isOfUse?.(opened) === false) return undefined
  await certify(GRANT, envelope, signer)
  return opened
}

/** Rejects with `internal` for a head that others would refuse. */
export async function sealTree(head: TreeHead, privateKey: PrivateKey): Promise<Uint8Array> {
  return await seal(TREE, encodeTreeHead(head), privateKey)
}

/** As `openHead`: resolves to undefined where `isTrusted` says no to who claims to have signed. */
export async function openTree(envelope: Uint8Array, isTrusted: (signer: string) => boolean): Promise<TreeHead | undefined> {
  const { payload, signer } = read(TREE, envelope)
  const head = decodeTreeHead(payload)
  if (!isTrusted(signer)) return undefined
  await certify(TREE, envelope, signer)
  return head
}

async function seal({ domain, payloadType, what, max }: Kind, payload: Uint8Array, privateKey: PrivateKey): Promise<Uint8Array> {
  const record = { domain, codec: payloadType, marshal: () => payload, equals: () => false }
  const bytes = new Uint8Array((await RecordEnvelope.seal(record, privateKey)).marshal())
  if (bytes.byteLength > max) throw new DragonflyError('internal', `${what} of ${bytes.byteLength} bytes`)
  return bytes
}

/** What an envelope claims; nothing of it is proven. */
function read({ what, max, payloadType }: Kind, envelope: Uint8Array): { payload: Uint8Array; signer: string } {
  if (envelope.byteLength > max) throw malformed(`${what} of ${envelope.byteLength} bytes`)
  const raw = decoded(what, envelope)
  if (!sameBytes(raw.payloadType, payloadType)) throw malformed('envelope around something else')
  return { payload: raw.payload, signer: peerIdOf(raw.publicKey) }
}

function decoded(what: string, envelope: Uint8Array): Envelope {
  try {
    return Envelope.decode(envelope)
  } catch (error) {
    throw refused(what, error)
  }
}

/** The peer id of an encoded key (libp2p's peer id specification), without a look at the key itself. */
function peerIdOf(publicKey: Uint8Array): string {
  const hash = publicKey.byteLength <= MAX_INLINE_KEY ? identity.digest(publicKey) : Digest.create(SHA2_256, sha256(publicKey))
  return base58btc.baseEncode(hash.bytes)
}

/** Rejects with `protocol` unless `signer` has signed it. */
async function certify({ domain, what }: Kind, envelope: Uint8Array, signer: string): Promise<void> {
  const opened = await RecordEnvelope.openAndCertify(envelope, domain).catch((error: unknown) => {
    throw refused(what, error)
  })
  // the key may be encoded in more than one way
  if (peerIdFromPublicKey(opened.publicKey).toString() !== signer) throw malformed(`${what} with an unusual key`)
}

function refused(what: string, error: unknown): DragonflyError {
  const message = error instanceof Error ? error.message : String(error)
  return new DragonflyError('protocol', `${what}: ${message}`, { cause: error })
}

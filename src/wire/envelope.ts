// Signs and opens manifest heads and grants as libp2p signed envelopes (RFC 0002).
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { DragonflyError } from '../core/errors.ts'
import type { Grant } from '../core/grant.ts'
import type { ManifestHead } from '../core/manifest.ts'
import { sameBytes } from '../core/piece.ts'
import { decodeGrant, encodeGrant } from './codec-grant.ts'
import { decodeHead, encodeHead } from './codec-manifest.ts'
import { malformed } from './fields.ts'
import { LIMITS } from './limits.ts'

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

/** Resolves only when the signature is right. Rejects with `protocol` otherwise. */
export async function openHead(envelope: Uint8Array): Promise<OpenedHead> {
  const { payload, signer } = await open(HEAD, envelope)
  return { head: decodeHead(payload), signer }
}

/** Rejects with `internal` for a grant that others would refuse. */
export async function sealGrant(grant: Grant, privateKey: PrivateKey): Promise<Uint8Array> {
  return await seal(GRANT, encodeGrant(grant), privateKey)
}

/** As `openHead`; what the grant is good for is for `checkGrant` (core/grant.ts) to say. */
export async function openGrant(envelope: Uint8Array): Promise<OpenedGrant> {
  const { payload, signer } = await open(GRANT, envelope)
  return { grant: decodeGrant(payload), signer }
}

async function seal({ domain, payloadType, what, max }: Kind, payload: Uint8Array, privateKey: PrivateKey): Promise<Uint8Array> {
  const record = { domain, codec: payloadType, marshal: () => payload, equals: () => false }
  const bytes = new Uint8Array((await RecordEnvelope.seal(record, privateKey)).marshal())
  if (bytes.byteLength > max) throw new DragonflyError('internal', `${what} of ${bytes.byteLength} bytes`)
  return bytes
}

async function open(kind: Kind, envelope: Uint8Array): Promise<{ payload: Uint8Array; signer: string }> {
  if (envelope.byteLength > kind.max) throw malformed(`${kind.what} of ${envelope.byteLength} bytes`)
  const opened = await certify(kind, envelope)
  if (!sameBytes(opened.payloadType, kind.payloadType)) throw malformed('envelope around something else')
  return { payload: opened.payload, signer: peerIdFromPublicKey(opened.publicKey).toString() }
}

async function certify({ domain, what }: Kind, envelope: Uint8Array): Promise<RecordEnvelope> {
  try {
    return await RecordEnvelope.openAndCertify(envelope, domain)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new DragonflyError('protocol', `${what}: ${message}`, { cause: error })
  }
}

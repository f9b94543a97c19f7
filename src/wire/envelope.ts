// A manifest head with a seed's signature around it: a libp2p signed envelope (RFC 0002).
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { DragonflyError } from '../core/errors.ts'
import type { ManifestHead } from '../core/manifest.ts'
import { sameBytes } from '../core/piece.ts'
import { decodeHead, encodeHead } from './codec-manifest.ts'
import { malformed } from './fields.ts'
import { LIMITS } from './limits.ts'

/** Part of what is signed, so that a signature made for anything else never counts as one for a head. */
const DOMAIN = 'dragonfly/manifest-head'
const PAYLOAD_TYPE = new TextEncoder().encode('/dragonfly/manifest-head/1')

export interface OpenedHead {
  head: ManifestHead
  /** Peer id of who signed; whether it is trusted is for the caller to know. */
  signer: string
}

/** Rejects with `internal` for a head that others would refuse. */
export async function sealHead(head: ManifestHead, privateKey: PrivateKey): Promise<Uint8Array> {
  const payload = encodeHead(head)
  const record = { domain: DOMAIN, codec: PAYLOAD_TYPE, marshal: () => payload, equals: () => false }
  const bytes = new Uint8Array((await RecordEnvelope.seal(record, privateKey)).marshal())
  if (bytes.byteLength > LIMITS.envelope) throw new DragonflyError('internal', `signed head of ${bytes.byteLength} bytes`)
  return bytes
}

/** Resolves only when the signature is right. Rejects with `protocol` otherwise. */
export async function openHead(envelope: Uint8Array): Promise<OpenedHead> {
  if (envelope.byteLength > LIMITS.envelope) throw malformed(`signed head of ${envelope.byteLength} bytes`)
  const opened = await certify(envelope)
  if (!sameBytes(opened.payloadType, PAYLOAD_TYPE)) throw malformed('envelope around something else')
  return { head: decodeHead(opened.payload), signer: peerIdFromPublicKey(opened.publicKey).toString() }
}

async function certify(envelope: Uint8Array): Promise<RecordEnvelope> {
  try {
    return await RecordEnvelope.openAndCertify(envelope, DOMAIN)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new DragonflyError('protocol', `signed head: ${message}`, { cause: error })
  }
}

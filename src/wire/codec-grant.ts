// Encodes and decodes grants.
import type { Grant } from '../core/grant.ts'
import { peerIdFromWire, peerIdToWire } from './codec-peers.ts'
import { bytesField, decoding, encoding, integerField } from './fields.ts'
import { Grant as RawGrant } from './generated/messages.js'
import { LIMITS } from './limits.ts'

/** Throws `internal` for what others would refuse. */
export function encodeGrant(grant: Grant): Uint8Array {
  return encoding(LIMITS.grant, () =>
    RawGrant.encode({
      peer: peerIdToWire(grant.peer),
      topic: bytesField(grant.topic, 1, LIMITS.topic, 'topic'),
      expires: timeField(grant.expires),
    }),
  )
}

/** Throws `protocol`. */
export function decodeGrant(bytes: Uint8Array): Grant {
  return decoding(bytes, LIMITS.grant, input => {
    const { peer, topic, expires } = RawGrant.decode(input)
    return {
      peer: peerIdFromWire(peer),
      topic: bytesField(topic, 1, LIMITS.topic, 'topic'),
      expires: timeField(expires),
    }
  })
}

function timeField(time: number): number {
  return integerField(time, 0, Number.MAX_SAFE_INTEGER, 'time')
}

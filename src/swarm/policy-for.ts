// The numbers of a swarm, by the length of its pieces.
import { DEFAULT_POLICY, type SwarmPolicy } from './events.ts'

/** The usual numbers but for those wanted; large pieces are sent few at a time, and more of small ones to those that are far away. */
export function policyFor(pieceLength: number, wanted: Partial<SwarmPolicy> = {}): SwarmPolicy {
  const policy = { ...DEFAULT_POLICY, ...wanted }
  const slotsByBytes = Math.max(2, Math.floor(policy.maxUploadBytes / pieceLength))
  const uploadSlots = Math.min(policy.uploadSlots, slotsByBytes)
  return { ...policy, uploadSlots, farPieces: Math.max(uploadSlots, Math.min(policy.farPieces, slotsByBytes)) }
}

// Claims pieces, and refuses whoever asks for one.
import type { RefusalReason } from '../../src/wire/refusal.ts'
import type { OnAsk } from './gives-bytes.ts'

export function refusesPieces(reason: RefusalReason): OnAsk {
  return (piece, link) => link.refuse(piece, reason)
}

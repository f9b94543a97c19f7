// Reasons for which a peer refuses, in code and on the wire.
import { malformed } from './fields.ts'
import { Reason } from './generated/messages.js'

/**
 * `unknown-topic`: has nothing of it. `bad-proof`: whoever asks was not asked for this task. `other-version`: has another
 * state of the content. `too-busy`: try later. `going-away`: is stopping. `no-such-piece`: has the content, not this
 * piece. `cancelled`: the piece was called off before it was whole.
 */
export type RefusalReason =
  | 'unknown-topic'
  | 'bad-proof'
  | 'other-version'
  | 'too-busy'
  | 'going-away'
  | 'no-such-piece'
  | 'cancelled'

const REASONS: Record<RefusalReason, Reason> = {
  'unknown-topic': Reason.UNKNOWN_TOPIC,
  'bad-proof': Reason.BAD_PROOF,
  'other-version': Reason.OTHER_VERSION,
  'too-busy': Reason.TOO_BUSY,
  'going-away': Reason.GOING_AWAY,
  'no-such-piece': Reason.NO_SUCH_PIECE,
  cancelled: Reason.CANCELLED,
}

const NAMES = new Map(Object.entries(REASONS).map(([name, reason]) => [reason, name as RefusalReason]))

export function reasonToWire(reason: RefusalReason): Reason {
  return REASONS[reason]
}

export function reasonFromWire(reason: Reason): RefusalReason {
  const name = NAMES.get(reason)
  if (name === undefined) throw malformed(`reason ${reason}`)
  return name
}

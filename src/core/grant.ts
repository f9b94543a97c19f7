// A grant: a seed's signed statement that the origin accepted one peer's credentials for one private content, with an expiry.
import { sameBytes } from './piece.ts'

export interface Grant {
  /** Peer id of whoever may have the content; of no use to anybody else. */
  peer: string
  /** The private content, CID bytes; see `contentId` in task.ts. */
  topic: Uint8Array
  /** Milliseconds since 1970-01-01 UTC: the one time that two hosts share. */
  expires: number
}

/** How long an origin's answer about a reader of private content counts. Milliseconds. */
export interface AccessTimes {
  /**
   * How long a seed relies on the origin's last answer to the same credentials.
   * @default 180,000 (3 minutes)
   */
  proof: number
  /**
   * Life of a grant. It is renewed when half of it is over.
   * @default 600,000 (10 minutes)
   */
  grant: number
  /**
   * How far the clocks of two hosts may be apart.
   * @default 120,000 (2 minutes)
   */
  skew: number
}

export const ACCESS_TIMES: AccessTimes = { proof: 3 * 60_000, grant: 10 * 60_000, skew: 2 * 60_000 }

/** No honest seed grants for longer; a signature that is good for years would be a key. */
export const MAX_GRANT_MS = 60 * 60_000

/** What a holder knows of whoever shows a grant. */
export interface GrantFacts {
  /** As the connection has authenticated it. */
  peer: string
  topic: Uint8Array
  /** Who signed the envelope. */
  signer: string
  /** Whether somebody's word counts here. */
  isTrusted(peer: string): boolean
  /** Milliseconds that clocks may differ. */
  skew: number
}

/** Whether the grant opens this content to this peer at `now` (milliseconds since 1970-01-01 UTC). */
export function checkGrant(grant: Grant, facts: GrantFacts, now: number): boolean {
  return (
    facts.isTrusted(facts.signer) &&
    grant.peer === facts.peer &&
    sameBytes(grant.topic, facts.topic) &&
    grant.expires + facts.skew > now &&
    grant.expires <= now + MAX_GRANT_MS + facts.skew
  )
}

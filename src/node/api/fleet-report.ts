// A fleet at a glance: what its members said of themselves when they were asked, and who said nothing. It never contains a secret.
import type { HostStatus, SlowDownload } from '../../core/host-status.ts'
import type { MemberStatus } from './status.ts'

/**
 * Why a member said nothing of itself: `unreachable`: no connection to it came about; `no-answer`: it is connected, and did not
 * answer in time; `older-version`: it does not know the question; `refused`: it does not take this host for a member; `bad-answer`:
 * what it said is no answer; `not-asked`: there are too many members, or the time for all of them was over.
 */
export type SilenceReason = 'unreachable' | 'no-answer' | 'older-version' | 'refused' | 'bad-answer' | 'not-asked'

/** One member: it either has a status, or a reason for none. */
export interface MemberReport extends MemberStatus {
  /** It is the host that was asked. */
  isSelf: boolean
  status: HostStatus | undefined
  silence: SilenceReason | undefined
}

/** A slow download, and whose it is. */
export interface FleetDownload extends SlowDownload {
  /** Peer id of the host that downloads. */
  peer: string
}

export interface FleetReport {
  /** Peer id of the host that was asked. */
  peerId: string
  /** Members that are known, this host included, also those that are named dead. */
  total: number
  /** Seconds that asking took. */
  seconds: number
  /** This host, those that answered, and then the silent ones; at most 1,000, the others were not asked. */
  members: readonly MemberReport[]
  /** The slowest ten of the downloads of all that answered, the slowest first. */
  slowest: readonly FleetDownload[]
}

// Asks every member of the fleet how it is doing: so many at a time, each with a clock, and all of them with one.
import PQueue from 'p-queue'
import { raceSignal } from 'race-signal'
import { DragonflyError } from '../../core/errors.ts'
import type { MemberRecord } from '../../core/fleet.ts'
import { type HostStatus, MAX_SLOWEST } from '../../core/host-status.ts'
import { type Host, isLoopbackAddress } from '../../net/host.ts'
import { askStatus } from '../../net/status-stream.ts'
import type { FleetReport, MemberReport, SilenceReason } from '../api/fleet-report.ts'
import { now } from '../context/node-context.ts'
import type { Fleet } from './fleet.ts'

/** Members that are asked, this host included: as many as a status names. */
const MAX_ASKED = 1000
/** Members asked at the same time: each takes 0.75 s, so a thousand of them take 16 s. With more, a busy host would answer none within its clock. */
const AT_ONCE = 48
/** One member, connecting included, ms; a frozen one keeps the others waiting for no longer. */
const ONE_MS = 5000
/** All of them, ms: less than whoever asks a daemon waits. */
const ALL_MS = 20_000

export interface Asking {
  host: Host
  fleet: Pick<Fleet, 'records' | 'whileConnected'>
  /** What this host says of itself. */
  own(): Promise<HostStatus>
  /** Shorter ones for tests. */
  times?: { one: number; all: number }
}

export async function askAllMembers({ host, fleet, own, times = { one: ONE_MS, all: ALL_MS } }: Asking): Promise<FleetReport> {
  const begun = now()
  const over = AbortSignal.timeout(times.all)
  const known = fleet.records
  const isNear = ({ peer }: MemberRecord) => (host.isConnected(peer) ? 0 : 1)
  // those that are connected answer soonest, and are not kept waiting by the others
  const asked = known.toSorted((a, b) => isNear(a) - isNear(b)).slice(0, MAX_ASKED - 1)
  const ask = async (record: MemberRecord) => await outcome(record, () => askOne(record, { host, fleet, over, limit: times.one }))
  const [self, others] = await Promise.all([
    own(),
    new PQueue({ concurrency: AT_ONCE }).addAll(asked.map(record => () => ask(record))),
  ])
  const ours: MemberReport = {
    ...{ peer: host.id, role: self.role, addresses: farFirst(host.addresses) },
    ...{ isSelf: true, status: self, silence: undefined },
  }
  const members = [ours, ...others.toSorted(answersFirst)]
  const downloads = members.flatMap(({ peer, status }) => (status?.slowest ?? []).map(one => ({ ...one, peer })))
  return {
    peerId: host.id,
    total: known.length + 1,
    seconds: Math.round((now() - begun) / 10) / 100,
    members,
    slowest: downloads.toSorted((a, b) => a.rate - b.rate).slice(0, MAX_SLOWEST),
  }
}

type OneAsking = Pick<Asking, 'host' | 'fleet'> & { over: AbortSignal; limit: number }

async function askOne(
  { peer, state }: MemberRecord,
  { host, fleet, over, limit }: OneAsking,
): Promise<HostStatus | SilenceReason> {
  if (over.aborted) return 'not-asked'
  // its fleet has tried in vain to reach it, more than once
  if (state === 'dead') return 'unreachable'
  const clock = AbortSignal.timeout(limit)
  const signal = AbortSignal.any([over, clock])
  try {
    const asking = fleet.whileConnected(peer, async () => await askStatus(host, peer, { downloads: MAX_SLOWEST }, signal))
    return await raceSignal(asking, signal)
  } catch (error) {
    return silenceOf(error, { isConnected: host.isConnected(peer), isLate: signal.aborted })
  }
}

function silenceOf(error: unknown, { isConnected, isLate }: { isConnected: boolean; isLate: boolean }): SilenceReason {
  const code = error instanceof DragonflyError ? error.code : undefined
  if (!isLate && code === 'peer-version') return 'older-version'
  if (!isLate && code === 'protocol') return 'bad-answer'
  if (!isLate && code === 'peer-refused') return 'refused'
  return isConnected ? 'no-answer' : 'unreachable'
}

async function outcome(
  { peer, role, addresses }: MemberRecord,
  ask: () => Promise<HostStatus | SilenceReason>,
): Promise<MemberReport> {
  const said = await ask()
  const [status, silence] = typeof said === 'string' ? [undefined, said] : [said, undefined]
  return { peer, role, addresses: farFirst(addresses), isSelf: false, status, silence }
}

/** Those that other hosts can reach come first. */
function farFirst(addresses: readonly string[]): string[] {
  return addresses.toSorted((a, b) => Number(isLoopbackAddress(a)) - Number(isLoopbackAddress(b)))
}

/** In an order that stays: by role, then by address. */
function answersFirst(a: MemberReport, b: MemberReport): number {
  if ((a.status === undefined) !== (b.status === undefined)) return a.status === undefined ? 1 : -1
  if (a.role !== b.role) return a.role === 'seed' ? -1 : 1
  const [left, right] = [a, b].map(({ addresses, peer }) => `${addresses[0] ?? ''} ${peer}`) as [string, string]
  return left.localeCompare(right, 'en', { numeric: true })
}

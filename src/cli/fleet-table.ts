// The answer of df fleet status as lines that fit 80 columns. Pure.
import type { FleetDownload, FleetReport, HostStatus, MemberReport, SilenceReason, SlowCause } from '../index.ts'
import { printable } from './errors.ts'
import { bytes, count, percent, rate, seconds } from './figures.ts'

/** Columns of the whole. */
const WIDTH = 80
/** Name → width; text to the left, numbers to the right. */
const COLUMNS = [
  ['HOST', -21],
  ['ROLE', -6],
  ['VERSION', -8],
  ['UP', 4],
  ['LAG', 5],
  ['DOWN/s', 6],
  ['UP/s', 6],
  ['DISK', 6],
  ['KEPT', 5],
  ['GETS', 4],
] as const

const SILENCES: Record<SilenceReason, string> = {
  unreachable: 'cannot be reached: it is down, or a firewall is between',
  'no-answer': 'does not answer: frozen, or far too busy',
  'older-version': 'is an older version, which does not know this question',
  refused: 'does not take this host for a member: has it the same fleet file?',
  'bad-answer': 'answered with nonsense',
  'not-asked': 'was not asked: too many members, or the time was over',
}

const CAUSES: Record<SlowCause, (status: HostStatus) => string> = {
  limit: ({ limits }) => `a rate limit of that host holds it back${limitWords(limits)}`,
  processor: ({ load }) => `its processor: the program computes ${load.busy} % of the time`,
  disk: ({ disk }) => (disk?.isInTrouble === true ? 'its disk: it is full, or fails' : 'its disk takes no more'),
  origin: () => 'the origin gives no more',
  line: () => 'its line: it was never seen to be faster',
  peers: () => 'those who send to it give less than its line takes',
  sources: () => 'nobody gives it',
}

export function fleetTable(report: FleetReport): string[] {
  const { members, slowest, total, seconds: took } = report
  const told = members.filter(({ status }) => status !== undefined)
  const silent = members.filter(({ status }) => status === undefined)
  const limited = told.filter(({ status }) => limitWords(status?.limits) !== '')
  return [
    `${count(total, 'member')}, ${told.length} answered within ${seconds(took)}; this host is the first`,
    row(COLUMNS.map(([name]) => name)),
    ...told.map(member => row(cells(member))),
    ...section(
      'limits',
      limited.map(member => `${placeOf(member)}${limitWords(member.status?.limits)}`),
    ),
    ...section(
      'slowest downloads',
      slowest.flatMap(download => downloadLines(download, members)),
    ),
    ...section('silent', silentLines(silent, total - members.length)),
  ]
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map(line => cut(`  ${line}`, WIDTH))]
}

function silentLines(silent: readonly MemberReport[], more: number): string[] {
  const lines = silent.map(member => `${placeOf(member)} ${SILENCES[member.silence ?? 'no-answer']}`)
  return more > 0 ? [...lines, `and ${count(more, 'member')} more were not asked`] : lines
}

function downloadLines(
  { peer, url, bytes: here, length, rate: pace, cause }: FleetDownload,
  members: readonly MemberReport[],
): string[] {
  const member = members.find(one => one.peer === peer)
  const place = member === undefined ? peer : placeOf(member)
  const share = length === undefined ? '' : `, ${percent(here, length)} of ${bytes(length)}`
  const left = length === undefined || pace === 0 ? '' : `, ${seconds((length - here) / pace)} left`
  const why = cause === undefined || member?.status === undefined ? 'not known here' : CAUSES[cause](member.status)
  return [`${place} ${printable(url ?? '(private)')}`, `  ${rate(pace)}${share}${left}`, `  why: ${why}`]
}

function cells(member: MemberReport): string[] {
  const { version, role, uptime, load, rates, disk, contents, downloads } = member.status as HostStatus
  return [
    placeOf(member),
    role,
    printable(version),
    age(uptime),
    load.lag < 1000 ? `${load.lag}ms` : `${Math.min(999, load.lag / 1000).toFixed(load.lag < 100_000 ? 1 : 0)}s`,
    short(rates.down),
    short(rates.up),
    disk === undefined ? '-' : short(disk.used),
    String(contents),
    String(downloads),
  ]
}

function row(values: readonly string[]): string {
  const fit = COLUMNS.map(([, width], i) => {
    const text = cut(values[i] ?? '', Math.abs(width))
    return width < 0 ? text.padEnd(-width) : text.padStart(width)
  })
  return fit.join(' ').trimEnd()
}

/** Address and port as people know them; the end of the peer id where there are none. */
function placeOf({ addresses, peer }: Pick<MemberReport, 'addresses' | 'peer'>): string {
  const places = addresses.flatMap(address => {
    const [, kind, host, port] = /^\/(ip4|ip6|dns[46]?)\/([^/]+)\/tcp\/(\d+)/.exec(address) ?? []
    return host === undefined ? [] : [kind === 'ip6' ? `[${host}]:${port}` : `${host}:${port}`]
  })
  const far = places.find(place => !/^(127\.|\[::1\])/.test(place))
  return printable(far ?? places[0] ?? `…${peer.slice(-8)}`)
}

function limitWords(limits: HostStatus['limits'] = {}): string {
  const parts = (['down', 'up', 'total'] as const).flatMap(direction => {
    const limit = limits[direction]
    return limit === undefined ? [] : [`${direction} ${rate(limit)}`]
  })
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/** 64.0M: six characters at most. */
function short(n: number): string {
  return bytes(n).replace(' ', '').replace('iB', '')
}

/** 45s, 12m, 20h, 3d: four characters at most for 27 years. */
function age(s: number): string {
  if (s < 60) return `${s}s`
  if (s < 3600) return `${Math.floor(s / 60)}m`
  return s < 86_400 ? `${Math.floor(s / 3600)}h` : `${Math.floor(s / 86_400)}d`
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`
}

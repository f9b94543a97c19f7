// Prints the status of a daemon or a seed for people.
import type { ContentStatus, DaemonStatus, DiskStatus, Removed } from '../index.ts'
import { printable } from './errors.ts'
import { bytes, count, percent, seconds } from './figures.ts'

/** Bans, snubs and contradictions that people are shown. */
const MAX_ROWS = 5

export function statusLines(status: DaemonStatus): string[] {
  const { role, version, jobs, peerId, addresses, pid, uptime, lanPeers, fleet, contents, total, reads, askers, disk } = status
  const rows: [string, string][] = [
    [role, `${peerId} (pid ${pid}, up ${seconds(uptime)}, version ${version})`],
    ...addresses.map((address, i): [string, string] => [i === 0 ? 'listens on' : '', address]),
    ...(lanPeers === undefined ? [] : [['LAN', count(lanPeers, 'peer')] as [string, string]]),
    ...(fleet === undefined ? [] : [['fleet', count(fleet.total + 1, 'member')] as [string, string]]),
    ['downloads', jobs === 0 ? 'none under way' : `${jobs} under way`],
    ['requests', askersText(askers)],
    ['bytes', `${bytes(status.bytes.fromOrigin)} from origins, ${bytes(status.bytes.toPeers)} to peers`],
    ['origins', reads === 0 ? 'no reads' : `${count(reads, 'read')} under way`],
    ...(disk === undefined ? [['store', 'in memory'] as [string, string]] : diskRows(disk)),
    ...isolationRows(status.isolation),
  ]
  const shown = contents.length < total ? `, the last ${contents.length} of them:` : total === 0 ? '' : ':'
  return [
    ...rows.map(([what, text]) => printable(`${what.padEnd(10)} ${text}`)),
    '',
    `${count(total, 'content')}${shown}`,
    ...contentLines(contents),
  ]
}

/** Three lines a content: what it is, its id to copy, and how it is. Empty for none. */
export function contentLines(contents: readonly ContentStatus[]): string[] {
  return contents.flatMap(content => [
    printable(content.url ?? content.id),
    ...(content.url === undefined ? [] : [`    ${content.id}`]),
    `    ${printable(stateOf(content))}`,
  ])
}

export function removedText({ contents, bytes: gone }: Removed, broken = 0): string {
  const more = broken === 0 ? '' : `, and ${count(broken, 'broken or abandoned entry').replace(/entrys$/, 'entries')}`
  return `removed ${count(contents, 'content')} (${bytes(gone)})${more}`
}

function stateOf({ bytes: here, length, version, age, idle, isPinned, isBusy, isReading, peers }: ContentStatus): string {
  const parts = [
    length === undefined ? `${bytes(here)}, length unknown` : `${bytes(here)} on disk of ${bytes(length)}`,
    version === undefined || version === '' ? 'no version' : `version ${version}`,
    `kept for ${seconds(age)}`,
    idle < 60 ? 'used just now' : `last used ${seconds(idle)} ago`,
    count(peers, 'peer'),
  ]
  if (isPinned) parts.push('pinned')
  if (isReading) parts.push('being read')
  else if (isBusy) parts.push('in use')
  return parts.join(', ')
}

function askersText({ all, hits }: DaemonStatus['askers']): string {
  return all === 0 ? 'none yet' : `${all}, ${percent(hits, all)} served from the store`
}

const SNUBBED = { silent: 'sent nothing', late: 'was too late', busy: 'was busy' }

/** Nothing while nobody was caught, or let us down. */
function isolationRows({ banned, bans, snubbed, snubs, contradictions }: DaemonStatus['isolation']): [string, string][] {
  const more = banned - Math.min(bans.length, MAX_ROWS)
  const unnamed = snubbed - Math.min(snubs.length, MAX_ROWS)
  return [
    ...bans.slice(0, MAX_ROWS).map(({ peer, proof, left, times }): [string, string] => {
      return ['BANNED', `${peer} for another ${seconds(left)}${times > 1 ? ` (ban ${times} in a row)` : ''}: ${proof}`]
    }),
    ...(more > 0 ? [['BANNED', `${count(more, 'peer')} more; --json names the latest 100`] as [string, string]] : []),
    ...snubs.slice(0, MAX_ROWS).map(({ peer, why, last, times }): [string, string] => {
      return ['SNUBBED', `${peer} ${SNUBBED[why]}${times > 1 ? `, ${times} times in a row` : ''}, last ${seconds(last)} ago`]
    }),
    ...(unnamed > 0 ? [['SNUBBED', `${count(unnamed, 'peer')} more; --json names the latest 100`] as [string, string]] : []),
    ...contradictions.slice(0, MAX_ROWS).map(({ seed, other, version, age }): [string, string] => {
      return ['CONFLICT', `the seeds ${seed} and ${other} have different bytes for ${version}, seen ${seconds(age)} ago`]
    }),
  ]
}

function diskRows({ used, quota, free, evicted, trouble }: DiskStatus): [string, string][] {
  const share = quota === undefined ? 'no quota' : `${percent(used, quota)} of the quota of ${bytes(quota)}`
  const rows: [string, string][] = [
    ['disk', `${bytes(used)} used, ${share}; ${bytes(free)} free`],
    ['evicted', `${count(evicted.contents, 'content')}, ${bytes(evicted.bytes)}`],
  ]
  return trouble === undefined ? rows : [...rows, ['TROUBLE', trouble]]
}

// Reads from the kernel what a run used: processors, links, the CPU time of the bench.
import { readdirSync, readFileSync } from 'node:fs'

/** Bytes of Ethernet, IPv4 and TCP headers (with time stamps) around the payload of one packet. */
const HEADER_BYTES = 14 + 20 + 32
/** What the kernel counts CPU time in (USER_HZ), which is the same everywhere. */
const TICKS_PER_SECOND = 100

/** Payload bytes that went through a host's link so far, as the host counted them. */
export interface Traffic {
  received: number
  sent: number
}

/** Traffic of the host that a process runs on. Retransmitted bytes count; what a full queue dropped before the link does not. */
export function trafficOf(pid: number): Traffic {
  return parseTraffic(readFileSync(`/proc/${pid}/net/dev`, 'utf8'))
}

/** What the kernel hands over in one go has one set of headers, and counts as one packet: so this is exact for bulk. */
export function parseTraffic(text: string): Traffic {
  const fields = /^\s*eth0:\s*(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number)
  if (fields === undefined) throw new Error('no eth0 in /proc/PID/net/dev')
  const [bytesIn = 0, packetsIn = 0, , , , , , , bytesOut = 0, packetsOut = 0] = fields
  return { received: bytesIn - packetsIn * HEADER_BYTES, sent: bytesOut - packetsOut * HEADER_BYTES }
}

/** Ticks of all processors together. */
export interface Processors {
  busy: number
  total: number
  /** Of `busy`: interrupts, and what the kernel does right after them. */
  interrupts: number
}

export function processors(): Processors {
  const fields = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).slice(1, 9).map(Number)
  const total = fields.reduce((sum, n) => sum + n, 0)
  const [, , , idle = 0, wait = 0, hard = 0, soft = 0] = fields
  return { busy: total - idle - wait, total, interrupts: hard + soft }
}

/** Share of all processors' time between two looks, 0 to 1. */
export function busyShare(from: Omit<Processors, 'interrupts'>, to: Omit<Processors, 'interrupts'>): number {
  return to.total === from.total ? 0 : (to.busy - from.busy) / (to.total - from.total)
}

/** CPU seconds of a process and of its children that have ended; undefined when it is gone. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = statOf(pid)
  return stat && (stat.own + stat.children) / TICKS_PER_SECOND
}

/**
 * CPU seconds so far of this process and all its descendants, those that have ended too, and of the kernel's network work:
 * on a machine that does nothing else, that is all there is.
 */
export function ownSeconds(): number {
  const all = new Map<number, Stat>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (stat !== undefined) all.set(Number(name), stat)
  }
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(all.get(pid)?.parent ?? 0))
  const ours = [...all].filter(([pid, { name }]) => isOurs(pid) || name.startsWith('ksoftirqd/')).map(([, stat]) => stat)
  return (ours.reduce((sum, { own, children }) => sum + own + children, 0) + processors().interrupts) / TICKS_PER_SECOND
}

/** Peak resident set of a process in bytes; undefined when it is gone. */
export function peakBytes(pid: number): number | undefined {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? undefined : Number(kib) * 1024
  } catch {
    return undefined
  }
}

interface Stat {
  name: string
  parent: number
  /** Ticks, user and system. */
  own: number
  /** Of children that have ended and were waited for. */
  children: number
}

function statOf(pid: number): Stat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user = 0, system = 0, userOfChildren = 0, systemOfChildren = 0] = fields.slice(11, 15).map(Number)
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
    return { name, parent: Number(fields[1]), own: user + system, children: userOfChildren + systemOfChildren }
  } catch {
    return undefined
  }
}

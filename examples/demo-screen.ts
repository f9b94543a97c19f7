// The output of the demo: one line per peer, redrawn in place on a terminal, and a table at the end.
import type { Progress, Receipt } from 'dragonfly-p2p'

export interface PeerState {
  name: string
  progress?: Progress
  receipt?: Receipt
}

const MiB = 1024 * 1024
const CELLS = 30
const TERMINAL_MS = 200
const PLAIN_MS = 2000

export class Screen {
  readonly #size: number
  readonly #origin: { bytes: number }
  readonly #peers: readonly PeerState[]
  readonly #out = process.stdout
  #timer: NodeJS.Timeout | undefined
  #drawn = 0

  constructor(size: number, origin: { bytes: number }, peers: readonly PeerState[]) {
    this.#size = size
    this.#origin = origin
    this.#peers = peers
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), this.#out.isTTY ? TERMINAL_MS : PLAIN_MS)
    this.#show()
  }

  stop(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#show()
    this.#out.write('\n')
  }

  #show(): void {
    if (this.#out.isTTY) return this.#redraw()
    const shares = this.#peers.map(peer => `${percent(bytesOf(peer), this.#size)}`.padStart(5))
    this.#out.write(`origin read ${percent(this.#origin.bytes, this.#size).padStart(5)}   peers ${shares.join(' ')}\n`)
  }

  #redraw(): void {
    const lines = [this.#line('origin', this.#origin.bytes, '▒', ''), ...this.#peers.map(peer => this.#peerLine(peer))]
    const up = this.#drawn > 0 ? `\x1b[${this.#drawn}A` : ''
    const width = (this.#out.columns ?? 80) - 1
    this.#out.write(up + lines.map(line => `\x1b[2K${line.slice(0, width)}\n`).join(''))
    this.#drawn = lines.length
  }

  #peerLine(peer: PeerState): string {
    const from = peer.receipt ?? peer.progress
    const all = Math.max(1, bytesOf(peer))
    const shares = from === undefined ? 'starting' : `peers ${percent(from.fromPeers, all)}, seed ${percent(from.fromSeeds, all)}`
    return this.#line(peer.name, bytesOf(peer), '█', peer.receipt === undefined ? shares : `${shares}, done`)
  }

  #line(name: string, bytes: number, cell: string, rest: string): string {
    const full = Math.min(CELLS, Math.floor((bytes / this.#size) * CELLS))
    const bar = cell.repeat(full) + '░'.repeat(CELLS - full)
    return `${name.padEnd(8)} ${bar} ${percent(bytes, this.#size).padStart(5)}  ${rest}`
  }
}

/** A table of the bytes that each peer received by source, and the number of times the origin was read. */
export function summary(
  size: number,
  rate: number,
  origin: { sha256: string; served: { reads: number; bytes: number } },
  peers: readonly PeerState[],
): string {
  const receipts = peers.flatMap(({ name, receipt }) => (receipt === undefined ? [] : [{ name, ...receipt }]))
  const rows = receipts.map(r => [
    r.name,
    `${r.seconds.toFixed(1)} s`,
    mib(r.fromPeers),
    mib(r.fromSeeds),
    mib(r.fromOrigin),
    r.sha256 === origin.sha256 ? 'equal' : 'WRONG',
  ])
  const sum = (pick: (r: Receipt) => number) => receipts.reduce((total, r) => total + pick(r), 0)
  const all = ['together', '', mib(sum(r => r.fromPeers)), mib(sum(r => r.fromSeeds)), mib(sum(r => r.fromOrigin)), '']
  const slowest = Math.max(...receipts.map(r => r.seconds))
  const { reads, bytes } = origin.served
  return [
    ...grid([['MiB', 'time', 'from peers', 'from seed', 'from origin', 'sha256'], ...rows, all]),
    '',
    `The origin was asked ${reads === 1 ? 'once' : `${reads} times`} and sent ${(bytes / size).toFixed(2)} × the file; without the seed and the peers it would have sent ${peers.length} ×.`,
    `Reading it took the origin ${(size / rate).toFixed(1)} s; the last peer was done after ${slowest.toFixed(1)} s.`,
  ].join('\n')
}

function grid(rows: readonly string[][]): string[] {
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map(row => (row[i] ?? '').length)))
  return rows.map(row =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   '),
  )
}

function bytesOf(peer: PeerState): number {
  return (peer.receipt ?? peer.progress)?.bytes ?? 0
}

function percent(part: number, whole: number): string {
  return `${Math.min(100, Math.floor((part / whole) * 100))} %`
}

function mib(bytes: number): string {
  return (bytes / MiB).toFixed(1)
}

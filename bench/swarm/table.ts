// Formats outcomes as a table, with remarks on how far the figures can be trusted.
import { MiB, median, table } from '../report.ts'
import { bound, type Options, ratesOf } from './options.ts'
import type { Outcome, PeerOutcome } from './run.ts'

/** Above this the processors are what is measured. */
export const BUSY_LIMIT = 0.7
/** As is the work of others above this share of the processors' time. */
const FOREIGN_LIMIT = 0.1

const HEAD = [
  '',
  'median s',
  'last s',
  'of the bound',
  'of one curl',
  'origin',
  'seed',
  'beyond',
  'CPU s',
  'seed CPU s',
  'peak MiB',
  'start s',
  'start CPU s',
  'busy',
  'others',
]

export const LEGEND = `Each row: one file to all hosts from one common go, given when all processes are up. *median*, *last*: until a host has the
whole file. *of the bound*: the time that no schedule can beat on these links (raw link rate, headers and all) divided by the last's.
*of one curl*: what one curl alone took over the same idle links, divided by the last's. *origin*: bytes of bodies that left the origin (its
log), in copies of the file; the seeds of BitTorrent have the file from the start. *seed*: payload that the seed's host sent, in copies.
*beyond*: payload that the peers' hosts received over the file: duplicates, retransmissions, the protocol's own. *CPU*: user and system
of one peer (median) during the download; start beside it. *start*: one process alone until it is up. From 2026-11-29 09:30 on peers of df are
what the program \`df get\` runs, with bytecode that earlier runs have kept; before, they were the library, which keeps none. *busy*: both processors, kernel
included, less *others*: what had nothing to do with the bench (and ran at a lower priority). Above ${BUSY_LIMIT * 100} % busy the processors are what is
measured, not the links. From 2026-11-29 17:30 on all hosts have cubic;
before, this machine's BBR.`

export interface Report {
  options: Options
  /** What one curl alone took over the same idle links. */
  aloneSeconds: number
  outcomes: Outcome[]
  /** Why tools are not in the table. */
  absent: string[]
}

/** What a swarm came to. Hosts with a slower link than the rest, and what was killed on purpose, are not counted. */
export interface Figures {
  medianSeconds: number
  /** Infinity: somebody never got it. */
  lastSeconds: number
  /** Bound divided by the last's time. */
  ofBound: number
  ofCurl: number
  originCopies: number
  seedCopies: number
  beyond: number
  cpuSeconds: number
  startCpuSeconds: number
  peakBytes: number
  /** Share of the processors' time that the bench took, kernel included. */
  busy: number
  /** That others took. */
  others: number
}

export function figuresOf(outcome: Outcome, { options, aloneSeconds }: Report): Figures {
  const peers = outcome.peers.filter(peer => peer.mbit === options.rate && !isVictim(peer, options))
  const times = peers.map(secondsOf)
  const last = Math.max(...times)
  const busy = Math.min(outcome.busy, outcome.ownSeconds / outcome.processorSeconds)
  return {
    medianSeconds: median(times),
    lastSeconds: last,
    ofBound: bound(options.bytes, ratesOf(options), options.rate) / last,
    ofCurl: aloneSeconds / last,
    originCopies: outcome.originBytes / options.bytes,
    seedCopies: outcome.seedBytes / options.bytes,
    beyond: beyond(outcome.peers, options.bytes),
    cpuSeconds: median(peers.map(peer => peer.cpuSeconds)),
    startCpuSeconds: median(peers.map(peer => peer.startCpuSeconds)),
    peakBytes: Math.max(...peers.map(peer => peer.peakBytes)),
    busy,
    others: outcome.busy - busy,
  }
}

/** Markdown: one row a tool. */
export function outcomeTable(report: Report): string {
  return table(
    HEAD,
    report.outcomes.map(outcome => row(outcome, figuresOf(outcome, report))),
  )
}

function row(outcome: Outcome, figures: Figures): string[] {
  return [
    outcome.tool,
    seconds(figures.medianSeconds),
    seconds(figures.lastSeconds),
    figures.ofBound.toFixed(3),
    figures.ofCurl.toFixed(3),
    `${figures.originCopies.toFixed(2)} ×`,
    `${figures.seedCopies.toFixed(2)} ×`,
    percent(figures.beyond, 1),
    figures.cpuSeconds.toFixed(2),
    outcome.seedCpuSeconds.toFixed(2),
    (figures.peakBytes / MiB).toFixed(0),
    outcome.startSeconds.toFixed(2),
    figures.startCpuSeconds.toFixed(2),
    `${percent(figures.busy)}${figures.busy > BUSY_LIMIT ? ' (!)' : ''}`,
    percent(figures.others),
  ]
}

/** Lines below a table: what happened on purpose, and reasons for doubt. */
export function remarks(report: Report): string[] {
  return [...report.outcomes.flatMap(outcome => remarksOn(outcome, report)), ...report.absent]
}

function remarksOn(outcome: Outcome, report: Report): string[] {
  const { tool, peers } = outcome
  const { options } = report
  const { busy, others } = figuresOf(outcome, report)
  const failed = peers.filter(peer => peer.failure !== undefined && !isVictim(peer, options))
  const slow = peers.filter(peer => peer.mbit < options.rate)
  const bans = peers.filter(peer => JSON.stringify(peer.said ?? '').includes('banned')).length
  const lines = [
    slow.length > 0 &&
      `the slow ${slow.length} took ${slow.map(peer => `${seconds(secondsOf(peer))} s`).join(', ')} (${slowShare(slow, options)} of their bound)`,
    options.variant === 'liar' && `${bans} of ${peers.length} banned the liar`,
    failed.length > 0 && `${failed.length} of ${peers.length} did not get the file (${failed[0]?.failure?.trim()})`,
    busy > BUSY_LIMIT && `the processors were ${percent(busy)} busy: this measures them, not the links`,
    others > FOREIGN_LIMIT && `others took ${percent(others)} of the processors`,
  ]
  return lines.filter(line => line !== false).map(line => `${tool}: ${line}`)
}

function slowShare(slow: readonly PeerOutcome[], options: Options): string {
  const shares = slow.map(peer => bound(options.bytes, ratesOf(options), peer.mbit) / secondsOf(peer))
  return Math.min(...shares).toFixed(3)
}

/** Of those who have the file. */
function beyond(peers: readonly PeerOutcome[], bytes: number): number {
  const finished = peers.filter(peer => peer.seconds !== undefined)
  return finished.reduce((sum, peer) => sum + peer.received, 0) / (finished.length * bytes) - 1
}

function isVictim(peer: PeerOutcome, { variant }: Options): boolean {
  return variant === 'peer-killed' && peer.wasKilled
}

function secondsOf({ seconds }: PeerOutcome): number {
  return seconds ?? Number.POSITIVE_INFINITY
}

function seconds(value: number): string {
  return Number.isFinite(value) ? value.toFixed(2) : 'never'
}

function percent(share: number, digits = 0): string {
  return `${(share * 100).toFixed(digits)} %`
}

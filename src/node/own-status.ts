// What this host tells the members of its fleet about itself. Nothing is measured while nobody asks.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type HostStatus, MAX_SLOWEST, type SlowDownload } from '../core/host-status.ts'
import { shownToOthers } from '../core/task.ts'
import { pieceWrites } from '../store/write-meter.ts'
import { type HostSeen, slowCause } from './account/slow-cause.ts'
import { LIVE_BOUNDS } from './api/live.ts'
import type { DiskStatus } from './api/status.ts'
import { type NodeContext, now } from './context/node-context.ts'
import { pause } from './context/waiting.ts'
import { programVersion } from './program-version.ts'
import type { ActiveTask } from './session/active-task.ts'
import { payloadOf, type StatusSource, uptime } from './status.ts'
import type { LiveContent, TaskRegistry } from './tasks/task-registry.ts'

/** A host looks at itself for so long, ms: short enough for a thousand members, and longer than a piece takes on most lines. */
const LOOK_MS = 750
/** Whoever asks again within so long, ms, gets the same answer: many askers cost as much as one. */
const SAME_MS = 1000
/** Event-loop delay is measured in steps of so many ms. */
const RESOLUTION_MS = 20

/** Whose status it is. */
export type OwnStatusSource = Pick<NodeContext, 'pacing' | 'isSeed' | 'network'> & StatusSource

/** Where a download stood when the look began. */
interface Before {
  arrived: number
  fromOrigin: number
  all: number
  isHeldBack: boolean
}

export class OwnStatus {
  readonly #node: OwnStatusSource
  readonly #registry: Pick<TaskRegistry, 'all'>
  readonly #begun = now()
  #last: { status: Promise<HostStatus>; overAt: number } | undefined

  constructor(node: OwnStatusSource, registry: Pick<TaskRegistry, 'all'>) {
    this.#node = node
    this.#registry = registry
  }

  /** Takes 750 ms. */
  async look(): Promise<HostStatus> {
    if (this.#last === undefined || now() > this.#last.overAt) {
      this.#last = { status: this.#look(), overAt: now() + LOOK_MS + SAME_MS }
    }
    return await this.#last.status
  }

  async #look(): Promise<HostStatus> {
    const { administration, pacing, isSeed } = this.#node
    const running = new Map(this.#running().map(({ active }) => [active, stateOf(active)]))
    const [at, moved, written] = [now(), this.#moved(), pieceWrites.total]
    const loop = performance.eventLoopUtilization()
    const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
    delay.enable()
    await pause(LOOK_MS, undefined)
    delay.disable()
    const busy = performance.eventLoopUtilization(loop).utilization
    const seconds = (now() - at) / 1000
    const { down, up } = this.#moved()
    const rates = { down: perSecond(down - moved.down, seconds), up: perSecond(up - moved.up, seconds) }
    const [disk, contents] = await Promise.all([administration.disk(), administration.contents()])
    const host: HostSeen = {
      rates,
      limits: pacing.limits,
      best: pacing.line.down.best,
      usual: pacing.line.down.usual(now()),
      busy,
      writing: (pieceWrites.total - written) / 1000 / seconds,
      isDiskFull: disk?.trouble !== undefined,
    }
    const downloads = this.#running()
    const told = downloads.map(content => downloadOf(content, { before: running.get(content.active), seconds, host }))
    return {
      version: programVersion(),
      role: isSeed ? 'seed' : 'member',
      uptime: uptime(this.#begun),
      load: { lag: Math.max(0, Math.round(delay.max / 1e6) - RESOLUTION_MS), busy: Math.min(100, Math.round(100 * busy)) },
      rates,
      limits: limitsOf(pacing.limits),
      disk: disk && diskOf(disk),
      contents: contents.length,
      downloads: downloads.length,
      hidden: downloads.filter(({ active }) => active.task.isPrivate).length,
      slowest: told.toSorted((a, b) => a.rate - b.rate).slice(0, MAX_SLOWEST),
    }
  }

  #running(): LiveContent[] {
    return this.#registry.all().filter(({ active }) => !active.isClosed && !active.isComplete && !active.hasFailed)
  }

  /** Payload so far. */
  #moved(): { down: number; up: number } {
    const { sent, received } = payloadOf(this.#node)
    const read = this.#node.counters.value('dragonfly_received_bytes_total', { source: 'origin' })
    return { down: read + received, up: sent }
  }
}

function stateOf({ pace, counts }: ActiveTask): Before {
  const { fromOrigin, fromPeers, fromSeeds } = counts
  return { arrived: pace.arrived, fromOrigin, all: fromOrigin + fromPeers + fromSeeds, isHeldBack: pace.waiting.down.length > 0 }
}

const NOTHING: Before = { arrived: 0, fromOrigin: 0, all: 0, isHeldBack: false }

function downloadOf(
  { active, isReading }: LiveContent,
  { before = NOTHING, seconds, host }: { before: Before | undefined; seconds: number; host: HostSeen },
): SlowDownload {
  const { counts, have, links, manifest, pace, task } = active
  const state = stateOf(active)
  const rate = perSecond(state.arrived - before.arrived, seconds)
  // no piece was whole in that time: what came before says who gives
  const since = state.all > before.all ? before : NOTHING
  const cause = slowCause(
    {
      rate,
      limit: pace.limit,
      isHeldBack: before.isHeldBack && state.isHeldBack,
      isReading,
      fromOrigin: (state.fromOrigin - since.fromOrigin) / Math.max(1, state.all - since.all),
      links: links.size,
      shown: manifest?.count ?? 0,
      have: have?.count ?? 0,
      isSealed: manifest?.seal !== undefined,
    },
    host,
  )
  if (task.isPrivate) return { url: undefined, bytes: 0, length: undefined, rate, cause }
  const url = shownToOthers(task).slice(0, LIVE_BOUNDS.text)
  return { url, bytes: state.all + counts.resumed, length: manifest?.length, rate, cause }
}

function limitsOf({ down, up, total }: HostStatus['limits']): HostStatus['limits'] {
  const whole = (limit: number | undefined) => (limit === undefined ? undefined : Math.round(limit))
  return { down: whole(down), up: whole(up), total: whole(total) }
}

function diskOf({ used, quota, free, trouble }: DiskStatus): HostStatus['disk'] {
  return { used, quota, free, isInTrouble: trouble !== undefined }
}

function perSecond(bytes: number, seconds: number): number {
  return Math.max(0, Math.round(bytes / seconds))
}

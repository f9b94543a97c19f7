// The live status of a node. Loaded when somebody asks for one; without an asker there is neither a timer nor an observer.
import { isLoopbackAddress } from '../net/host.ts'
import { RatePair } from './account/rate-pair.ts'
import type { LimitsNow } from './api/limits.ts'
import { LIVE_BOUNDS, type LiveHost, type LiveStatus } from './api/live.ts'
import type { IsolationStatus } from './api/status.ts'
import { type NodeContext, now, wallClock } from './context/node-context.ts'
import { LiveContents } from './live-contents.ts'
import { payloadOf, type StatusSource, uptime } from './status.ts'
import type { TaskRegistry } from './tasks/task-registry.ts'

/** Whoever asks again within so long, ms, gets the same answer: many askers cost as much as one. */
const SAME_MS = 200

/** Whose live status it is. */
export type LiveSource = NodeContext &
  Omit<StatusSource, 'fleet'> & { limits(): Promise<LimitsNow> } & Pick<StatusSource, 'fleet'>

class Live {
  readonly #node: LiveSource
  readonly #begun: number
  readonly #contents: LiveContents
  #rates: RatePair | undefined
  #last: { at: number; status: Promise<LiveStatus> } | undefined

  constructor(node: LiveSource, registry: TaskRegistry, begun: number) {
    this.#node = node
    this.#begun = begun
    this.#contents = new LiveContents(node, registry)
  }

  async status(): Promise<LiveStatus> {
    const at = now()
    if (this.#last === undefined || at - this.#last.at > SAME_MS) this.#last = { at, status: this.#make(at) }
    return await this.#last.status
  }

  async #make(at: number): Promise<LiveStatus> {
    const node = this.#node
    const { counters, administration, pacing } = node
    const [disk, limits] = await Promise.all([administration.disk(), node.limits()])
    const { sent, received } = payloadOf(node)
    const read = counters.value('dragonfly_received_bytes_total', { source: 'origin' })
    this.#rates ??= new RatePair(at, read + received, sent)
    const verified = (source: 'origin' | 'seed' | 'peer' | 'store') =>
      counters.value('dragonfly_verified_bytes_total', { source })
    const isolation = node.isolation.status()
    return {
      at: wallClock(),
      peerId: node.peerId,
      uptime: uptime(this.#begun),
      rates: this.#rates.add(at, read + received, sent),
      best: { down: pacing.line.down.best, up: pacing.line.up.best },
      limits,
      totals: {
        origin: verified('origin'),
        seed: verified('seed'),
        peer: verified('peer'),
        store: verified('store'),
        read,
        sent,
        // a seed reads for others, who would have read it themselves
        saved: Math.max(0, verified('seed') + verified('peer') + sent - (node.isSeed ? read : 0)),
      },
      askers: { all: counters.value('dragonfly_resolve_requests_total'), hits: counters.value('dragonfly_resolve_hits_total') },
      ...this.#contents.status(at),
      ...hostsOf(node, isolation),
      lanPeers: node.lanPeers?.length,
      disk,
      isolation: bounded(isolation),
    }
  }
}

const LIVES = new WeakMap<TaskRegistry, Live>()

/** What the node does now. `begun`: when it started, by `now()`. */
export async function liveOf(node: LiveSource, registry: TaskRegistry, begun: number): Promise<LiveStatus> {
  const live = LIVES.get(registry) ?? new Live(node, registry, begun)
  LIVES.set(registry, live)
  return await live.status()
}

/** A loopback address looks the same for every host. */
const isFar = (address: string) => !isLoopbackAddress(address)

/** Seeds first, then the other members of the fleet. */
function hostsOf(node: LiveSource, { bans, snubs }: IsolationStatus): Pick<LiveStatus, 'hosts' | 'hostCount'> {
  const known = new Map<string, Pick<LiveHost, 'peer' | 'role' | 'address'>>()
  for (const { peer, address } of node.otherSeeds) known.set(peer, { peer, role: 'seed', address })
  for (const { peer, role, addresses } of node.fleet?.members ?? []) {
    if (!known.has(peer)) known.set(peer, { peer, role, address: addresses.find(isFar) ?? addresses[0] })
  }
  const snubbed = new Set(snubs.map(({ peer }) => peer))
  const banned = new Set(bans.map(({ peer }) => peer))
  const host = node.network?.host
  const hosts = [...known.values()].slice(0, LIVE_BOUNDS.hosts).map(({ peer, role, address }): LiveHost => {
    const isConnected = host?.isConnected(peer) === true
    const state = banned.has(peer) ? 'banned' : snubbed.has(peer) ? 'snubbed' : isConnected ? 'connected' : 'idle'
    return {
      peer,
      role,
      address: address?.slice(0, LIVE_BOUNDS.text),
      state,
      roundTrip: isConnected ? host.roundTrip(peer) : undefined,
    }
  })
  return { hosts, hostCount: known.size }
}

function bounded({ bans, snubs, contradictions, ...counts }: IsolationStatus): IsolationStatus {
  const { isolated, text } = LIVE_BOUNDS
  return {
    ...counts,
    bans: bans.slice(0, isolated).map(ban => ({ ...ban, proof: ban.proof.slice(0, text) })),
    snubs: snubs.slice(0, isolated),
    contradictions: contradictions.slice(0, isolated).map(one => ({ ...one, version: one.version.slice(0, text) })),
  }
}

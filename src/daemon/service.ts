// What a node offers to the programs of its host: its jobs, its events, and what it was told when it started.
import { DragonflyError } from '../core/errors.ts'
import type { DragonflyNode } from '../node/api/dragonfly-node.ts'
import type { DaemonLive } from '../node/api/live.ts'
import { HOST_METRIC_NAMES, type HostMetricName, type Metric } from '../node/api/metrics.ts'
import { Counters } from '../node/context/counters.ts'
import type { EventFeed } from './event-feed.ts'
import { Jobs } from './jobs.ts'
import type { ProcessMeter } from './process-meter.ts'
import { RegistryReads } from './registry-reads.ts'
import { Troubles } from './troubles.ts'

/** Version of the local API: a client and a daemon that have different ones do not talk. */
export const API_VERSION = 1

/** Whom it asks and whom it believes, and how it reaches origins: a program that wants others has to run a node of its own. */
export interface Ties {
  /** Multiaddrs. */
  readonly seeds: readonly string[]
  /** Multiaddrs. */
  readonly bootstrap: readonly string[]
  /** Peer ids. */
  readonly trust: readonly string[]
  /** How it reaches origins, as a word to compare: proxies and certificate authorities; empty for none of its own. */
  readonly route: string
}

/** Where else the process can be reached, URLs; what is left out is not served. */
export interface Places {
  gateway?: string
  metrics?: string
  web?: string
}

export interface ServiceSetup {
  node: DragonflyNode
  events: EventFeed
  ties: Ties
  /** Version of the program. */
  version: string
  role: 'seed' | 'daemon'
  /** Ends the process in an orderly way; undefined: a client may not. */
  stop?: (() => void) | undefined
}

/** The node of a host, as the local API serves it. */
export class Service {
  readonly node: DragonflyNode
  readonly events: EventFeed
  readonly jobs: Jobs
  /** What went wrong. */
  readonly troubles = new Troubles()
  /** What engines have read of registries. */
  readonly registryReads = new RegistryReads()
  readonly ties: Ties
  readonly version: string
  readonly role: 'seed' | 'daemon'
  readonly stop: (() => void) | undefined
  /** What is counted outside of the node. */
  readonly counters = new Counters<HostMetricName>(HOST_METRIC_NAMES)
  readonly #places = Promise.withResolvers<Places>()
  #meter: Promise<ProcessMeter> | undefined

  constructor({ node, events, ties, version, role, stop }: ServiceSetup) {
    this.node = node
    this.events = events
    this.ties = ties
    this.version = version
    this.role = role
    this.stop = stop
    this.jobs = new Jobs(node)
    events.listen(this.troubles.heard)
    // nobody may be waiting for it
    this.#places.promise.catch(() => {})
  }

  /** Everything is served that is to be. */
  isReady(places: Places): void {
    this.#places.resolve(places)
  }

  /** It ends, perhaps before it was ready. */
  isEnding(): void {
    this.#places.reject(new DragonflyError('aborted', 'the process is ending'))
  }

  /** Once everything is served. Rejects with `aborted` when it ends before. */
  get places(): Promise<Places> {
    return this.#places.promise
  }

  /** What the node is doing at this moment. */
  async live(): Promise<DaemonLive> {
    const { role, version, jobs, troubles } = this
    return { ...(await this.node.live()), role, version, jobs: jobs.size, troubles: troubles.latest }
  }

  /** Every metric of the node, of what lets others use it, and of the process, as it is now. */
  async metrics(): Promise<Metric[]> {
    // nobody pays for what nobody reads
    this.#meter ??= import('./process-meter.ts').then(({ ProcessMeter }) => new ProcessMeter())
    const [ofNode, ofProcess] = await Promise.all([this.node.metrics(), this.#meter.then(meter => meter.measure())])
    const ofHost = this.counters.snapshot([['dragonfly_jobs', {}, this.jobs.size], ...ofProcess])
    return [...ofNode, ...ofHost.map(metric => (metric.name === 'dragonfly_build_info' ? this.#build(metric) : metric))]
  }

  #build(metric: Metric): Metric {
    return { ...metric, samples: [{ labels: { version: this.version, role: this.role }, value: 1 }] }
  }
}

// What a node offers to the programs of its host: its jobs, its events, and what it was told when it started.
import type { DragonflyNode } from '../node/api/dragonfly-node.ts'
import type { EventFeed } from './event-feed.ts'
import { Jobs } from './jobs.ts'

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
  readonly ties: Ties
  readonly version: string
  readonly role: 'seed' | 'daemon'
  readonly stop: (() => void) | undefined

  constructor({ node, events, ties, version, role, stop }: ServiceSetup) {
    this.node = node
    this.events = events
    this.ties = ties
    this.version = version
    this.role = role
    this.stop = stop
    this.jobs = new Jobs(node)
  }
}

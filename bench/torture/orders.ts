// What the harness tells a process of nodes, and what that answers.
import type { NodeOptions } from '../../src/node/api/node-options.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'
import type { VillainKind } from './plan.ts'

export interface NodeOrder {
  do: 'node'
  name: string
  options: NodeOptions
  isSeed: boolean
}

export interface DownloadOrder {
  do: 'download'
  name: string
  url: string
  path: string
  digest: string | undefined
  origin: boolean
  limitMs: number
  /** Taken as a stream, into PATH.part until it has ended. Default false. */
  isStream?: boolean
}

export interface VillainOrder {
  do: 'villain'
  name: string
  kind: VillainKind
  url: string
  /** What makes the content, and its length. */
  key: string
  length: number
  hasLength: boolean
  version: string
}

export type Order =
  | NodeOrder
  | DownloadOrder
  | VillainOrder
  | { do: 'meet'; name: string; address: string }
  | { do: 'stop'; name: string }

export interface Started {
  address: string
}

/** How a download ended, as its process tells it. */
export type Told = { receipt: Receipt } | { code: string; message: string }

export type Message =
  | { type: 'answer'; id: number; value: unknown }
  | { type: 'failure'; id: number; message: string }
  | { type: 'event'; name: string; message: string }

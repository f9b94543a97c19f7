// JSON Schemas of the library's options: from them `npm run schemas` compiles the checks. The interfaces hold what each means.
import type { Static, TSchema } from 'typebox'
import type { HeadOptions } from './content-head.ts'
import type { GetOptions } from './get-options.ts'
import type { NodeOptions } from './node-options.ts'
import type { PreheatOptions } from './preheat-options.ts'

/** Requests at a time that one origin may have to bear. */
export const MAX_ORIGIN_CONNECTIONS = 1000
export const MAX_LINK_WORKERS = 64
/** Seeds that keep one content. */
export const MAX_REPLICAS = 16
export const MAX_ORIGIN_RETRIES = 1000

const TEXT = { type: 'string' } as const
const TEXTS = { type: 'array', items: TEXT } as const
const FLAG = { type: 'boolean' } as const
const HEADERS = { type: 'array', items: { type: 'array', items: TEXT, minItems: 2, maxItems: 2 } } as const
const MS = { type: 'number', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
/** Its bounds are for `checkRange`. */
const RANGE = { type: 'object' } as const
/** What JSON has not: `instance` names it. */
const FUNCTION = { instance: 'function' } as const
const SIGNAL = { instance: 'AbortSignal' } as const

const LIMIT = { anyOf: [{ type: 'number', minimum: 1, maximum: 8e15 }, TEXT] } as const

export const LIMITS = {
  type: 'object',
  properties: { down: LIMIT, up: LIMIT, total: LIMIT },
  additionalProperties: false,
} as const

export const NODE_OPTIONS = {
  type: 'object',
  properties: {
    seeds: TEXTS,
    bootstrap: TEXTS,
    lan: FLAG,
    fleet: TEXT,
    trust: TEXTS,
    listen: TEXTS,
    announce: TEXTS,
    connections: {
      type: 'object',
      properties: { trustedNetworks: { type: 'array', items: TEXT, maxItems: 256 } },
      additionalProperties: false,
    },
    linkWorkers: { type: 'integer', minimum: 0, maximum: MAX_LINK_WORKERS },
    store: TEXT,
    spareFolder: TEXT,
    quota: {
      anyOf: [
        { type: 'number', exclusiveMinimum: 0 },
        { type: 'object', properties: { share: { type: 'number', exclusiveMinimum: 0, maximum: 1 } }, required: ['share'] },
      ],
    },
    home: TEXT,
    persistentIdentity: FLAG,
    dhtServer: FLAG,
    expire: MS,
    replicas: { type: 'integer', minimum: 1, maximum: MAX_REPLICAS },
    allowOrigins: { type: 'array', items: TEXT, maxItems: 256 },
    network: FLAG,
    proxy: TEXT,
    noProxy: TEXT,
    ca: TEXT,
    ipfsGateways: { type: 'array', items: TEXT, maxItems: 16 },
    originLimit: { type: 'number', exclusiveMinimum: 0 },
    originConnections: { type: 'integer', minimum: 1, maximum: MAX_ORIGIN_CONNECTIONS },
    originRetries: { type: 'integer', minimum: 0, maximum: MAX_ORIGIN_RETRIES },
    originConnectTimeout: { type: 'number', exclusiveMinimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    limits: LIMITS,
    access: { type: 'object', properties: { proof: MS, grant: MS, skew: MS }, additionalProperties: false },
    onEvent: FUNCTION,
  },
  additionalProperties: false,
} as const

export const GET_OPTIONS = {
  type: 'object',
  properties: {
    headers: HEADERS,
    digest: TEXT,
    range: RANGE,
    filter: TEXTS,
    tag: TEXT,
    scope: TEXT,
    renew: FUNCTION,
    byDigest: FLAG,
    anonymous: FLAG,
    originAfter: { type: 'number', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    revalidate: FLAG,
    origin: FLAG,
    keep: FLAG,
    remoteTime: FLAG,
    nameFile: FUNCTION,
    replace: FLAG,
    hardLink: FLAG,
    limit: { type: 'number', minimum: 1, maximum: 8e15 },
    priority: { enum: ['low', 'normal', 'high'] },
    signal: SIGNAL,
    trace: TEXT,
    explain: FLAG,
    onProgress: FUNCTION,
  },
  additionalProperties: false,
} as const

export const HEAD_OPTIONS = {
  type: 'object',
  properties: { headers: HEADERS, filter: TEXTS, tag: TEXT, scope: TEXT, renew: FUNCTION, origin: FLAG, signal: SIGNAL },
  additionalProperties: false,
} as const

export const PREHEAT_OPTIONS = {
  type: 'object',
  properties: {
    headers: HEADERS,
    digest: TEXT,
    byDigest: FLAG,
    anonymous: FLAG,
    filter: TEXTS,
    tag: TEXT,
    at: TEXT,
    signal: SIGNAL,
    onProgress: FUNCTION,
  },
  additionalProperties: false,
} as const

/**
 * Compiles only while schema and interface have the same names, and what the schema lets through is what the interface says.
 * Functions, signals, ranges and pairs of text are for the interface alone.
 */
type Fits<Schema extends TSchema, Options> = keyof Static<Schema> extends keyof Options
  ? keyof Options extends keyof Static<Schema>
    ? Omit<Static<Schema>, Unsaid> extends Omit<Options, Unsaid>
      ? true
      : never
    : never
  : never
type Unsaid = 'headers' | 'range' | 'signal' | 'onProgress' | 'onEvent' | 'nameFile' | 'renew'

export const FITS: [
  Fits<typeof NODE_OPTIONS, NodeOptions>,
  Fits<typeof GET_OPTIONS, GetOptions>,
  Fits<typeof HEAD_OPTIONS, HeadOptions>,
  Fits<typeof PREHEAT_OPTIONS, PreheatOptions>,
] = [true, true, true, true]

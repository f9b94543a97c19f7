// JSON Schemas of the local API. Fields outside the schema are left out of answers.
import { MAX_URL_BYTES } from '../../core/task.ts'

/** Contents named in one answer. */
export const MAX_CONTENTS = 10_000

const text = { type: 'string' } as const
/** Bytes, seconds, counts. */
const amount = { type: 'integer', minimum: 0 } as const
const flag = { type: 'boolean' } as const

function object<T extends Record<string, object>>(properties: T, ...optional: (keyof T & string)[]) {
  return { type: 'object', properties, required: Object.keys(properties).filter(name => !optional.includes(name)) } as const
}

const CONTENT = object(
  {
    ...{ id: text, url: text, version: text, length: amount, bytes: amount, age: amount, idle: amount },
    ...{ isPinned: flag, isBusy: flag, isReading: flag, peers: amount },
  },
  'url',
  'version',
  'length',
)
const CONTENTS = { type: 'array', items: CONTENT } as const
const EVICTED = object({ contents: amount, bytes: amount })
const DISK = object({ used: amount, quota: amount, free: amount, evicted: EVICTED, trouble: text }, 'quota', 'trouble')

const MEMBER = object({
  peer: text,
  role: { type: 'string', enum: ['member', 'seed'] },
  addresses: { type: 'array', items: text },
})
const FLEET = object({ members: { type: 'array', items: MEMBER }, total: amount })
const BAN = object({ peer: text, proof: text, age: amount, left: amount, times: amount })
const SNUB_REASON = { type: 'string', enum: ['silent', 'late', 'busy'] } as const
const SNUB = object({ peer: text, why: SNUB_REASON, age: amount, last: amount, times: amount })
const CONTRADICTION = object({ seed: text, other: text, version: text, age: amount })
const ISOLATION = object({
  banned: amount,
  bans: { type: 'array', items: BAN },
  snubbed: amount,
  snubs: { type: 'array', items: SNUB },
  contradictions: { type: 'array', items: CONTRADICTION },
})

const ROLE = { type: 'string', enum: ['seed', 'daemon'] } as const
const texts = { type: 'array', items: text } as const

export const LIMIT_SCHEMA = {
  type: 'object',
  properties: { limit: { type: 'integer', minimum: 0, maximum: MAX_CONTENTS, default: 1000 } },
} as const
/** A task id, or a URL. */
export const ID_SCHEMA = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1, maxLength: MAX_URL_BYTES } },
  required: ['id'],
} as const
export const CONTENTS_SCHEMA = object({ total: amount, contents: CONTENTS })
export const STATUS_SCHEMA = object(
  {
    ...{
      peerId: text,
      addresses: { type: 'array', items: text },
      pid: amount,
      uptime: amount,
      lanPeers: amount,
      fleet: FLEET,
      contents: CONTENTS,
      total: amount,
    },
    reads: amount,
    askers: object({ all: amount, hits: amount }),
    bytes: object({ fromOrigin: amount, toPeers: amount, fromPeers: amount }),
    disk: DISK,
    isolation: ISOLATION,
    role: ROLE,
    version: text,
    jobs: amount,
  },
  'disk',
  'lanPeers',
  'fleet',
)
export const REMOVED_SCHEMA = EVICTED
export const GC_SCHEMA = object({ contents: amount, bytes: amount, broken: amount })
/** Without `contents` all of them. */
export const VERIFY_SCHEMA = {
  type: 'object',
  properties: {
    contents: { type: 'array', items: { ...text, minLength: 1, maxLength: MAX_URL_BYTES }, minItems: 1, maxItems: 1000 },
  },
  additionalProperties: false,
} as const
export const PIN_SCHEMA = object({ id: text, isPinned: flag })
export const FAILURE_SCHEMA = object({ code: text, message: text, hint: text, retryable: flag }, 'hint', 'retryable')
/** Every route may answer so. */
export const FAILURES = { '4xx': FAILURE_SCHEMA, '5xx': FAILURE_SCHEMA } as const
export const PLACES_SCHEMA = {
  type: 'object',
  properties: { gateway: text, metrics: text, web: text },
} as const
export const STOPPING_SCHEMA = object({ isStopping: flag })
const TIES = object({ seeds: texts, bootstrap: texts, trust: texts, route: text })
export const HELLO_SCHEMA = object({ api: amount, version: text, role: ROLE, peerId: text, addresses: texts, ties: TIES })
export const JOB_ID_SCHEMA = {
  type: 'object',
  properties: { id: { type: 'string', maxLength: 36 } },
  required: ['id'],
} as const
const URL_TEXT = { type: 'string', minLength: 1, maxLength: MAX_URL_BYTES } as const
/** The node checks their values, as those of an embedding program. Not `trace`: it writes a file. */
export const TREE_SCHEMA = {
  type: 'object',
  properties: { url: { type: 'string', minLength: 1, maxLength: MAX_URL_BYTES } },
  required: ['url'],
} as const
const HEAD_NAMES = { headers: {}, filter: {}, tag: {}, scope: {}, origin: {} } as const
const JOB_NAMES = { ...HEAD_NAMES, digest: {}, range: {}, revalidate: {}, explain: {}, limit: {}, priority: {} } as const
export const JOB_SCHEMA = {
  type: 'object',
  properties: {
    url: URL_TEXT,
    into: { type: 'string', enum: ['store', 'stream'], default: 'store' },
    options: { type: 'object', properties: JOB_NAMES, additionalProperties: false, default: {} },
  },
  required: ['url', 'into', 'options'],
  additionalProperties: false,
} as const
export const HEAD_SCHEMA = {
  type: 'object',
  properties: { url: URL_TEXT, options: { type: 'object', properties: HEAD_NAMES, additionalProperties: false, default: {} } },
  required: ['url', 'options'],
  additionalProperties: false,
} as const
/** Bytes of a path (PATH_MAX of Linux) and of a name, as UTF-16 units at most. */
export const SHARE_SCHEMA = {
  type: 'object',
  properties: {
    file: { type: 'string', minLength: 1, maxLength: 4096 },
    name: { type: 'string', maxLength: 255 },
    watch: { type: 'boolean' },
  },
  required: ['file'],
  additionalProperties: false,
} as const
/** A path, or an address. */
export const UNSHARE_SCHEMA = {
  type: 'object',
  properties: { of: { type: 'string', minLength: 1, maxLength: 4096 } },
  required: ['of'],
  additionalProperties: false,
} as const
export const CONTENT_QUERY_SCHEMA = {
  type: 'object',
  properties: { url: URL_TEXT, digest: text, filter: text, tag: text },
  required: ['url'],
  additionalProperties: false,
} as const
export const OFFSET_SCHEMA = {
  type: 'object',
  properties: { offset: { ...amount, default: 0 } },
  required: ['offset'],
} as const
/** The node checks their values. */
export const LIMITS_SCHEMA = { type: 'object', properties: { down: {}, up: {}, total: {} }, additionalProperties: false } as const

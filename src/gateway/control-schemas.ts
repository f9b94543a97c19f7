// JSON Schemas of the control API. Fields outside the schema are left out of answers.
import { MAX_URL_BYTES } from '../core/task.ts'

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
      contents: CONTENTS,
      total: amount,
    },
    reads: amount,
    askers: object({ all: amount, hits: amount }),
    bytes: object({ fromOrigin: amount, toPeers: amount, fromPeers: amount }),
    disk: DISK,
  },
  'disk',
)
export const REMOVED_SCHEMA = EVICTED
export const GC_SCHEMA = object({ contents: amount, bytes: amount, broken: amount })
export const PIN_SCHEMA = object({ id: text, isPinned: flag })
export const FAILURE_SCHEMA = object({ code: text, message: text, hint: text, retryable: flag }, 'hint', 'retryable')

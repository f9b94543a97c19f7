// Routes of the local API that look after stored contents.
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { StoreAdmin } from '../../node/api/store-admin.ts'
import { failureBody } from './failure.ts'
import { LineWriter } from './line-writer.ts'
import {
  CONTENTS_SCHEMA,
  FAILURES,
  GC_SCHEMA,
  ID_SCHEMA,
  LIMIT_SCHEMA,
  PIN_SCHEMA,
  REMOVED_SCHEMA,
  VERIFY_SCHEMA,
} from './schemas.ts'

/** Bytes of a request that names as many contents as it may, by URLs of common lengths. */
const MAX_VERIFY_BODY = 256 * 1024

interface Limit {
  Querystring: Static<typeof LIMIT_SCHEMA>
}

interface Id {
  Params: Static<typeof ID_SCHEMA>
}

export function addStoreRoutes(app: FastifyInstance, admin: StoreAdmin): void {
  app.get<Limit>(
    '/v1/contents',
    {
      schema: {
        summary: 'Contents, the most recently used first',
        querystring: LIMIT_SCHEMA,
        response: { 200: CONTENTS_SCHEMA, ...FAILURES },
      },
    },
    async ({ query }) => {
      const contents = await admin.contents()
      return { total: contents.length, contents: contents.slice(0, query.limit) }
    },
  )
  app.delete<Id>(
    '/v1/contents/:id',
    {
      schema: {
        summary: 'Remove every version of a content, and its pin',
        params: ID_SCHEMA,
        response: { 200: REMOVED_SCHEMA, ...FAILURES },
      },
    },
    ({ params }) => admin.remove(params.id),
  )
  app.post(
    '/v1/gc',
    {
      schema: {
        summary: 'Remove what is broken or abandoned, and evict down to the low watermark',
        response: { 200: GC_SCHEMA, ...FAILURES },
      },
    },
    () => admin.gc(),
  )
  app.post<{ Body: Static<typeof VERIFY_SCHEMA> }>(
    '/v1/verify',
    {
      bodyLimit: MAX_VERIFY_BODY,
      schema: {
        summary:
          'Read and hash what is stored again (all, or these contents), and fetch what is broken, for as long as this answer is read: lines progress, content, done or error',
        body: VERIFY_SCHEMA,
      },
    },
    async ({ body }, reply) => {
      const reader = new AbortController()
      const lines = LineWriter.take(reply)
      lines.onEnd(() => reader.abort())
      try {
        for await (const line of admin.verify(body.contents, reader.signal)) {
          if (line.type !== 'progress' || lines.keepsUp) lines.write(line)
        }
      } catch (error) {
        lines.write({ type: 'error', ...failureBody(error) })
      }
      lines.end()
    },
  )
  for (const [method, isPinned] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const) {
    app.route<Id>({
      method,
      url: '/v1/contents/:id/pin',
      schema: {
        summary: isPinned ? 'Protect a content from eviction' : 'Let a content be evicted again',
        params: ID_SCHEMA,
        response: { 200: PIN_SCHEMA, ...FAILURES },
      },
      handler: async ({ params }) => ({ id: await admin.pin(params.id, isPinned), isPinned }),
    })
  }
}

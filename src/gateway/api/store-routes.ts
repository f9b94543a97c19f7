// Routes of the local API that look after stored contents.
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { StoreAdmin } from '../../node/api/store-admin.ts'
import { CONTENTS_SCHEMA, FAILURES, GC_SCHEMA, ID_SCHEMA, LIMIT_SCHEMA, PIN_SCHEMA, REMOVED_SCHEMA } from './schemas.ts'

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

// The control API: HTTP with JSON; every request and answer has a schema.
import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { DragonflyError, type ErrorCode } from '../core/errors.ts'
import { MAX_URL_BYTES } from '../core/task.ts'
import type { DragonflyNode } from '../node/api/dragonfly-node.ts'
import {
  CONTENTS_SCHEMA,
  FAILURE_SCHEMA,
  GC_SCHEMA,
  ID_SCHEMA,
  LIMIT_SCHEMA,
  PIN_SCHEMA,
  REMOVED_SCHEMA,
  STATUS_SCHEMA,
} from './control-schemas.ts'

/** Bytes of a body; no route reads one. */
const MAX_BODY = 1024
/** Connections at the same time. */
const MAX_CONNECTIONS = 64
/** A whole request must be here after so long, ms. */
const REQUEST_TIMEOUT = 10_000
/** A URL in the path, each byte as %XX, and room for the other headers. */
const MAX_PARAM = 3 * MAX_URL_BYTES
const MAX_HEADERS = MAX_PARAM + 8 * 1024

interface Limit {
  Querystring: Static<typeof LIMIT_SCHEMA>
}

interface Id {
  Params: Static<typeof ID_SCHEMA>
}

/** HTTP statuses that say more than 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'not-found': 404,
  'bad-option': 400,
  'bad-url': 400,
  'bad-scheme': 400,
  'store-locked': 409,
}

/** What `GET /v1/openapi.json` says of the API as a whole; the rest follows from the schemas. */
const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Dragonfly control API',
    version: '1',
    description: 'HTTP with JSON on the control socket of a running seed. Sizes are bytes, times seconds.',
  },
} as const

/** Not listening yet. */
export async function makeControlServer(node: DragonflyNode): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
    http: { maxHeaderSize: MAX_HEADERS },
    routerOptions: { maxParamLength: MAX_PARAM },
  })
  app.server.maxConnections = MAX_CONNECTIONS
  // before the routes: it describes those that come after it
  await app.register(swagger, { openapi: OPENAPI })
  const admin = node.administration
  const failures = { '4xx': FAILURE_SCHEMA, '5xx': FAILURE_SCHEMA }

  app.get<Limit>(
    '/v1/status',
    {
      schema: {
        summary: 'What the seed keeps, reads and sends',
        querystring: LIMIT_SCHEMA,
        response: { 200: STATUS_SCHEMA, ...failures },
      },
    },
    ({ query }) => node.status(query.limit),
  )
  app.get('/v1/metrics', { schema: { summary: 'Metrics in the text format of Prometheus' } }, async (_request, reply) => {
    const { prometheusText } = await import('./prometheus.ts')
    const { type, text } = await prometheusText(await node.metrics())
    return reply.type(type).send(text)
  })
  app.get<Limit>(
    '/v1/contents',
    {
      schema: {
        summary: 'Contents, the most recently used first',
        querystring: LIMIT_SCHEMA,
        response: { 200: CONTENTS_SCHEMA, ...failures },
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
        response: { 200: REMOVED_SCHEMA, ...failures },
      },
    },
    ({ params }) => admin.remove(params.id),
  )
  app.post(
    '/v1/gc',
    {
      schema: {
        summary: 'Remove what is broken or abandoned, and evict down to the low watermark',
        response: { 200: GC_SCHEMA, ...failures },
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
        response: { 200: PIN_SCHEMA, ...failures },
      },
      handler: async ({ params }) => ({ id: await admin.pin(params.id, isPinned), isPinned }),
    })
  }
  app.get('/v1/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'not-found', message: 'there is no such resource' }))
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof DragonflyError) {
      const { code, message, hint, retryable } = error
      return reply.code(STATUS[code] ?? 500).send({ code, message, hint, retryable })
    }
    const status = (error as { statusCode?: number }).statusCode ?? 500
    const code: ErrorCode = status < 500 ? 'bad-option' : 'internal'
    return reply.code(status).send({ code, message: status < 500 ? (error as Error).message : 'the seed could not do that' })
  })
  return app
}

// The control API: HTTP with JSON, every request and answer of a declared shape; and metrics in the text format of Prometheus.
import fastify, { type FastifyInstance } from 'fastify'
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
  Querystring: { limit?: number }
}

interface Id {
  Params: { id: string }
}

/** HTTP statuses that say more than 500. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  'not-found': 404,
  'bad-option': 400,
  'bad-url': 400,
  'bad-scheme': 400,
  'store-locked': 409,
}

/** Not listening yet. */
export function makeControlServer(node: DragonflyNode): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
    http: { maxHeaderSize: MAX_HEADERS },
    routerOptions: { maxParamLength: MAX_PARAM },
  })
  app.server.maxConnections = MAX_CONNECTIONS
  const admin = node.administration
  const failures = { '4xx': FAILURE_SCHEMA, '5xx': FAILURE_SCHEMA }

  app.get<Limit>(
    '/v1/status',
    { schema: { querystring: LIMIT_SCHEMA, response: { 200: STATUS_SCHEMA, ...failures } } },
    ({ query }) => node.status(query.limit),
  )
  app.get('/v1/metrics', async (_request, reply) => {
    const { prometheusText } = await import('./prometheus.ts')
    const { type, text } = await prometheusText(await node.metrics())
    return reply.type(type).send(text)
  })
  app.get<Limit>(
    '/v1/contents',
    { schema: { querystring: LIMIT_SCHEMA, response: { 200: CONTENTS_SCHEMA, ...failures } } },
    async ({ query }) => {
      const contents = await admin.contents()
      return { total: contents.length, contents: contents.slice(0, query.limit) }
    },
  )
  app.delete<Id>(
    '/v1/contents/:id',
    { schema: { params: ID_SCHEMA, response: { 200: REMOVED_SCHEMA, ...failures } } },
    ({ params }) => admin.remove(params.id),
  )
  app.post('/v1/gc', { schema: { response: { 200: GC_SCHEMA, ...failures } } }, () => admin.gc())
  for (const [method, isPinned] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const) {
    app.route<Id>({
      method,
      url: '/v1/contents/:id/pin',
      schema: { params: ID_SCHEMA, response: { 200: PIN_SCHEMA, ...failures } },
      handler: async ({ params }) => ({ id: await admin.pin(params.id, isPinned), isPinned }),
    })
  }
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

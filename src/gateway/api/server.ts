// The local API: HTTP with JSON; every request and answer has a schema.
import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance } from 'fastify'
import { MAX_URL_BYTES } from '../../core/task.ts'
import type { Service } from '../../daemon/service.ts'
import { addContentRoutes } from './content-routes.ts'
import { failureOf } from './failure.ts'
import { addJobRoutes } from './job-routes.ts'
import { addNodeRoutes } from './node-routes.ts'
import { addShareRoutes } from './share-routes.ts'
import { addStoreRoutes } from './store-routes.ts'
import { requireToken } from './token.ts'

/** Bytes of a body, where a route says nothing else. */
const MAX_BODY = 1024
/** Connections at the same time. */
const MAX_CONNECTIONS = 4096
/** A whole request must be here after so long, ms. */
const REQUEST_TIMEOUT = 10_000
/** A URL in the path, each byte as %XX, and room for the other headers. */
const MAX_PARAM = 3 * MAX_URL_BYTES
const MAX_HEADERS = MAX_PARAM + 8 * 1024

/** What `GET /v1/openapi.json` says of the API as a whole; the rest follows from the schemas. */
const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Dragonfly local API',
    version: '1',
    description:
      'HTTP with JSON on the socket of a running daemon or seed, or on a loopback port with a bearer token. Sizes are bytes, times seconds.',
  },
} as const

export interface ApiOptions {
  /**
   * `all`: for the owner of the node. `downloads`: for other users of the host, who learn nothing of one another's contents.
   * Default `all`.
   */
  scope?: 'all' | 'downloads'
  /** What every request has to show; default nothing. */
  token?: string
}

/** Not listening yet. */
export async function makeApiServer(service: Service, { scope = 'all', token }: ApiOptions = {}): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: MAX_BODY,
    requestTimeout: REQUEST_TIMEOUT,
    forceCloseConnections: true,
    http: { maxHeaderSize: MAX_HEADERS },
    // what nobody knows is refused, not left out
    ajv: { customOptions: { removeAdditional: false } },
    routerOptions: { maxParamLength: MAX_PARAM },
  })
  app.server.maxConnections = MAX_CONNECTIONS
  if (token !== undefined) requireToken(app, token)
  // before the routes: it describes those that come after it
  await app.register(swagger, { openapi: OPENAPI })
  addJobRoutes(app, service)
  addContentRoutes(app, service)
  if (scope === 'all') {
    addNodeRoutes(app, service)
    addStoreRoutes(app, service.node.administration)
    // a port may be anybody's who knows the token, and a file is read with the rights of the node
    if (token === undefined) addShareRoutes(app, service.node)
  }
  app.get('/v1/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ code: 'not-found', message: 'there is no such resource' }))
  app.setErrorHandler((error, _request, reply) => {
    const { status, body } = failureOf(error)
    return reply.code(status).send(body)
  })
  return app
}

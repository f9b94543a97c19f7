// Routes of the local API about the node as a whole: status, metrics, events, stopping it.
import type { FastifyInstance } from 'fastify'
import { raceSignal } from 'race-signal'
import type { Static } from 'typebox'
import { DragonflyError } from '../../core/errors.ts'
import type { Service } from '../../daemon/service.ts'
import type { Limits } from '../../node/api/limits.ts'
import { LineWriter } from './line-writer.ts'
import { FAILURES, LIMIT_SCHEMA, LIMITS_SCHEMA, PLACES_SCHEMA, STATUS_SCHEMA, STOPPING_SCHEMA } from './schemas.ts'

interface Limit {
  Querystring: Static<typeof LIMIT_SCHEMA>
}

/** Whoever asks where else the process can be reached waits so long for it to have started, ms. */
const PLACES_MS = 10_000

const late = () => new DragonflyError('timeout', 'the process has not started in full yet')

export function addNodeRoutes(app: FastifyInstance, service: Service): void {
  const { node } = service
  app.get<Limit>(
    '/v1/status',
    {
      schema: {
        summary: 'What the node keeps, reads and sends',
        querystring: LIMIT_SCHEMA,
        response: { 200: STATUS_SCHEMA, ...FAILURES },
      },
    },
    async ({ query }) => ({
      ...(await node.status(query.limit)),
      role: service.role,
      version: service.version,
      jobs: service.jobs.size,
    }),
  )
  for (const path of ['/v1/metrics', '/metrics']) {
    app.get(
      path,
      { schema: { summary: 'Metrics as Prometheus reads them: OpenMetrics or its text format' } },
      async (request, reply) => {
        const { prometheusText } = await import('./prometheus.ts')
        const { type, text } = await prometheusText(await service.metrics(), request.headers.accept)
        return reply.type(type).send(text)
      },
    )
  }
  app.get('/v1/metrics.json', { schema: { summary: 'Metrics as JSON' } }, () => service.metrics())
  app.get('/v1/live', { schema: { summary: 'What the node is doing at this moment, of bounded size' } }, () => service.live())
  app.get(
    '/v1/places',
    {
      schema: {
        summary: 'URLs of the gateway, the metrics and the live page, once they are served; waits up to 10 s',
        response: { 200: PLACES_SCHEMA, ...FAILURES },
      },
    },
    async () => await raceSignal(service.places, AbortSignal.timeout(PLACES_MS), { translateError: late }),
  )
  app.get('/v1/fleet', { schema: { summary: 'Ask the members of the fleet how they are doing; takes up to 20 s' } }, () =>
    node.fleetStatus(),
  )
  app.get(
    '/v1/registry-reads',
    { schema: { summary: 'The latest reads of registries through the gateway, and their times' } },
    () => service.registryReads.latest,
  )
  app.get('/v1/events', { schema: { summary: 'Events as they happen, one JSON object per line' } }, (_request, reply) => {
    const lines = LineWriter.take(reply)
    lines.onEnd(service.events.listen(event => lines.write(event)))
  })
  app.get('/v1/limits', { schema: { summary: 'Rate limits as they were set, and what holds of them now' } }, () => node.limits())
  app.put<{ Body: Limits }>(
    '/v1/limits',
    { schema: { summary: 'Set the rate limits; one that is left out is lifted', body: LIMITS_SCHEMA } },
    async ({ body }) => {
      await node.setLimits(body)
      return await node.limits()
    },
  )
  app.post(
    '/v1/stop',
    { schema: { summary: 'End the process, after an answer', response: { 200: STOPPING_SCHEMA, ...FAILURES } } },
    (_request, reply) => {
      const { stop } = service
      reply.raw.once('finish', () => stop?.())
      return { isStopping: stop !== undefined }
    },
  )
}

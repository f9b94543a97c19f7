// Routes of the local API about the node as a whole: status, metrics, events, stopping it.
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { Service } from '../../daemon/service.ts'
import type { Limits } from '../../node/api/limits.ts'
import { LineWriter } from './line-writer.ts'
import { FAILURES, LIMIT_SCHEMA, LIMITS_SCHEMA, STATUS_SCHEMA, STOPPING_SCHEMA } from './schemas.ts'

interface Limit {
  Querystring: Static<typeof LIMIT_SCHEMA>
}

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
  app.get('/v1/metrics', { schema: { summary: 'Metrics in the text format of Prometheus' } }, async (_request, reply) => {
    const { prometheusText } = await import('./prometheus.ts')
    const { type, text } = await prometheusText(await node.metrics())
    return reply.type(type).send(text)
  })
  app.get('/v1/metrics.json', { schema: { summary: 'Metrics as JSON' } }, () => node.metrics())
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

// Routes of the local API for a program that downloads through the node: who it is, one job, and the job's bytes.
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import { isNamedShare } from '../../core/named-share.ts'
import { traced } from '../../core/tracing.ts'
import type { JobLine, JobOptions } from '../../daemon/jobs.ts'
import { API_VERSION, type Service } from '../../daemon/service.ts'
import type { HeadOptions } from '../../node/api/content-head.ts'
import { failureBody } from './failure.ts'
import { LineWriter } from './line-writer.ts'
import { FAILURES, HEAD_SCHEMA, HELLO_SCHEMA, JOB_ID_SCHEMA, JOB_SCHEMA, OFFSET_SCHEMA, TREE_SCHEMA } from './schemas.ts'

/** Bytes of a request: a URL, and headers of 16 KiB, both in JSON. */
const MAX_BODY = 256 * 1024

interface NewJob {
  Body: Static<typeof JOB_SCHEMA>
}

interface JobId {
  Params: Static<typeof JOB_ID_SCHEMA>
}

interface JobBytes extends JobId {
  Querystring: Static<typeof OFFSET_SCHEMA>
}

export function addJobRoutes(app: FastifyInstance, service: Service): void {
  const { node, ties, version, role, jobs } = service
  app.get(
    '/v1/hello',
    { schema: { summary: 'Who serves this API, and whom it asks and believes', response: { 200: HELLO_SCHEMA, ...FAILURES } } },
    () => ({ api: API_VERSION, version, role, peerId: node.peerId, addresses: node.addresses, ties }),
  )
  app.post<NewJob>(
    '/v1/jobs',
    {
      bodyLimit: MAX_BODY,
      schema: {
        summary: 'Download a content for as long as this answer is read: lines accepted, progress, head, stored, done or error',
        body: JOB_SCHEMA,
      },
    },
    async ({ body, headers }, reply) => {
      const job = jobs.begin({ url: body.url, into: body.into, options: body.options as JobOptions })
      const lines = LineWriter.take(reply)
      lines.onEnd(() => jobs.end(job))
      try {
        const say = (line: JobLine) => (line.type !== 'progress' || lines.keepsUp ? lines.write(line) : undefined)
        await traced({ name: 'dragonfly.api.job', kind: 'server', carrier: headers }, () => job.run(say))
      } catch (error) {
        if (!job.isOver) service.troubles.failed(job.url, error)
        lines.write({ type: 'error', ...failureBody(error) })
      }
      lines.end()
    },
  )
  app.get<JobBytes>(
    '/v1/jobs/:id/bytes',
    {
      schema: {
        summary: 'The bytes of a job, in order; of one into the store, once it is stored, and from an offset',
        params: JOB_ID_SCHEMA,
        querystring: OFFSET_SCHEMA,
      },
    },
    ({ params, query }, reply) => {
      const job = jobs.find(params.id)
      const bytes = Readable.from(job.bytes(query.offset), { objectMode: false, highWaterMark: 1024 * 1024 })
      return reply.type('application/octet-stream').send(bytes)
    },
  )
  app.post<JobId>(
    '/v1/jobs/:id/done',
    { schema: { summary: 'Give a stored content back: it may be evicted again', params: JOB_ID_SCHEMA } },
    ({ params }, reply) => {
      jobs.find(params.id).giveBack()
      return reply.code(204).send()
    },
  )
  app.post<{ Body: Static<typeof TREE_SCHEMA> }>(
    '/v1/tree',
    {
      bodyLimit: MAX_BODY,
      schema: { summary: 'Ask the seeds for the tree below a URL: one line, empty where none knows it', body: TREE_SCHEMA },
    },
    async ({ body }, reply) => {
      const lines = LineWriter.take(reply)
      const gone = new AbortController()
      lines.onEnd(() => gone.abort())
      try {
        lines.write({ type: 'tree', ...(await node.findTree(body.url, { signal: gone.signal })) })
      } catch (error) {
        // the tree of an index is listed by who asks, whatever is wrong here
        lines.write(isNamedShare(body.url) ? { type: 'error', ...failureBody(error) } : { type: 'tree' })
      }
      lines.end()
    },
  )
  app.post<{ Body: Static<typeof HEAD_SCHEMA> }>(
    '/v1/head',
    { bodyLimit: MAX_BODY, schema: { summary: 'What a content is, before its bytes', body: HEAD_SCHEMA } },
    ({ body, headers }) =>
      traced({ name: 'dragonfly.api.head', kind: 'server', carrier: headers }, () =>
        node.head(body.url, body.options as HeadOptions),
      ),
  )
}

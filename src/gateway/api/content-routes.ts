// The route of the local API for programs that want nothing but bytes: GET with a URL, and a range if they like.
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Static } from 'typebox'
import { type ByteRange, parseRange, rangeWithin, unsatisfiable } from '../../core/range.ts'
import type { Service } from '../../daemon/service.ts'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { GetOptions } from '../../node/api/get-options.ts'
import { CONTENT_QUERY_SCHEMA } from './schemas.ts'

interface Asked {
  Querystring: Static<typeof CONTENT_QUERY_SCHEMA>
  Headers: { range?: string }
}

export function addContentRoutes(app: FastifyInstance, { node }: Service): void {
  app.get<Asked>(
    '/v1/content',
    {
      exposeHeadRoute: false,
      schema: {
        summary:
          'The bytes of a URL, verified; one byte range (RFC 9110 §14) as 206. A failure in the middle breaks the answer off',
        querystring: CONTENT_QUERY_SCHEMA,
      },
    },
    async ({ query, headers }, reply) => {
      const reader = new AbortController()
      reply.raw.once('close', () => reader.abort())
      const { url, filter, tag, digest } = query
      const names = { ...(filter !== undefined && { filter: filter.split(',') }), ...(tag !== undefined && { tag }) }
      const asked = { ...names, signal: reader.signal }
      const head = await node.head(url, asked)
      reply.type(head.type ?? 'application/octet-stream').header('accept-ranges', 'bytes')
      if (head.etag !== undefined) reply.header('etag', head.etag)
      if (head.lastModified !== undefined) reply.header('last-modified', head.lastModified)
      // what is sent is what was announced, or the connection breaks
      reply.header('connection', 'close')
      const range = rangeOf(headers.range, head.length)
      if (range === undefined) {
        if (head.length !== undefined) reply.header('content-length', head.length)
        return await send(reply, node, url, { ...asked, ...(digest !== undefined && { digest }) })
      }
      const { start, end } = range
      reply
        .code(206)
        .header('content-range', `bytes ${start}-${end - 1}/${head.length}`)
        .header('content-length', end - start)
      return await send(reply, node, url, { ...asked, range })
    },
  )
}

/** A header that is no single range of bytes counts as none (RFC 9110 §14.2). Throws `range-unsatisfiable`. */
function rangeOf(header: string | undefined, length: number | undefined): ByteRange | undefined {
  const [, text] = /^bytes=([^,]*)$/.exec(header ?? '') ?? []
  if (text === undefined || length === undefined) return undefined
  const spec = parseRange(text.trim())
  const range = rangeWithin(spec, length)
  if (range === undefined) throw unsatisfiable(spec, length)
  return range
}

/** Waits for the first bytes, so that most failures still have a status. */
async function send(reply: FastifyReply, node: DragonflyNode, url: string, options: GetOptions): Promise<FastifyReply> {
  const bytes = node.get(url, options)[Symbol.asyncIterator]()
  const first = await bytes.next()
  return reply.send(Readable.from(resumed(first, bytes), { objectMode: false, highWaterMark: 1024 * 1024 }))
}

async function* resumed(first: IteratorResult<Uint8Array>, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

// Routes of the local API by which the daemon's own user shares files, sees what is shared, and ends it.
import type { FastifyInstance } from 'fastify'
import type { Static } from 'typebox'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import { failureBody } from './failure.ts'
import { LineWriter } from './line-writer.ts'
import { SHARE_SCHEMA, UNSHARE_SCHEMA } from './schemas.ts'

/** Bytes of a path and a name in JSON, each character as six. */
const MAX_BODY = 32 * 1024

/** Only where nobody but the owner can ask: the daemon reads the file with its own rights. */
export function addShareRoutes(app: FastifyInstance, node: DragonflyNode): void {
  app.post<{ Body: Static<typeof SHARE_SCHEMA> }>(
    '/v1/shares',
    {
      bodyLimit: MAX_BODY,
      schema: {
        summary:
          'Share a file until it changes or the daemon ends, or a folder that is watched; the reading ends with this answer: lines progress, shared or error',
        body: SHARE_SCHEMA,
      },
    },
    async ({ body }, reply) => {
      const reader = new AbortController()
      const lines = LineWriter.take(reply)
      lines.onEnd(() => reader.abort())
      try {
        const { file, name, watch = false } = body
        const onProgress = (read: { bytes: number; length: number }) => {
          if (lines.keepsUp) lines.write({ type: 'progress', ...read })
        }
        const shared = await node.share(file, { onProgress, signal: reader.signal, watch, ...(name !== undefined && { name }) })
        lines.write({ type: 'shared', ...shared })
      } catch (error) {
        lines.write({ type: 'error', ...failureBody(error) })
      }
      lines.end()
    },
  )
  app.get('/v1/shares', { schema: { summary: 'What is shared now' } }, async () => ({ shares: await node.shares() }))
  app.post<{ Body: Static<typeof UNSHARE_SCHEMA> }>(
    '/v1/shares/end',
    {
      bodyLimit: MAX_BODY,
      schema: { summary: 'End the sharing of a file or folder, by its path or address', body: UNSHARE_SCHEMA },
    },
    ({ body }) => node.unshare(body.of),
  )
}

// Sends requests to the seed that runs in this home folder, over its control socket.
import http from 'node:http'
import { DragonflyError } from '../client/index.ts'

/** A look at many contents on a busy disk takes its time, ms. */
const TIMEOUT = 30_000
/** Of an answer, bytes: ten thousand contents take a tenth of that. */
const MAX_ANSWER = 64 * 1024 * 1024

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** Resolves to the answer; undefined: no seed runs here. Rejects with the seed's own error, or `timeout`. */
export async function askSeed(socketPath: string, method: Method, path: string): Promise<unknown> {
  const answer = await exchange(socketPath, method, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return undefined
    if (error instanceof DragonflyError) throw error
    throw new DragonflyError('no-source', `cannot talk to the seed at ${socketPath}: ${error.message}`, { cause: error })
  })
  if (answer === undefined) return undefined
  const body = parse(answer.text)
  if (answer.status === 200) return body
  const { code, message, hint } = body as { code?: DragonflyError['code']; message?: string; hint?: string }
  throw new DragonflyError(
    code ?? 'internal',
    message ?? `the seed answered with status ${answer.status}`,
    hint === undefined ? {} : { hint },
  )
}

/** Path of a content in the API. */
export function contentPath(idOrUrl: string): string {
  return `/v1/contents/${encodeURIComponent(idOrUrl)}`
}

async function exchange(socketPath: string, method: Method, path: string): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
  const request = http.request({ socketPath, method, path, timeout: TIMEOUT, agent: false }, resolve)
  request.on('error', reject)
  request.on('timeout', () => request.destroy(new DragonflyError('timeout', 'the seed does not answer')))
  request.end()
  const response = await promise
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.byteLength
    if (length > MAX_ANSWER) throw new DragonflyError('protocol', 'the answer of the seed is too long')
    chunks.push(chunk)
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DragonflyError('protocol', 'the program on the control socket is not a seed', { cause: error })
  }
}

// HTTP over the socket of a daemon: requests with JSON, answers as JSON, as lines or as bytes.
import http from 'node:http'
import { abortError, DragonflyError, type ErrorCode, type ErrorDetails } from '../core/errors.ts'
import { isTracing, traceHeaders } from '../core/tracing.ts'

/** A look at many contents on a busy disk takes its time, ms. */
const ANSWER_TIMEOUT = 30_000
/** Of an answer, bytes: ten thousand contents take a tenth of that. */
const MAX_ANSWER = 64 * 1024 * 1024
/** Of one line of an answer, bytes. */
const MAX_LINE = 4 * 1024 * 1024

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** An error as the daemon tells it. */
interface Failure extends ErrorDetails {
  code?: ErrorCode
  message?: string
}

export class Connection {
  readonly socketPath: string
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: Infinity })

  constructor(socketPath: string) {
    this.socketPath = socketPath
  }

  /** Resolves to the answer as JSON; undefined for an empty one. Rejects with the daemon's own error, `no-daemon` or `timeout`. */
  async ask(method: Method, path: string, body?: object): Promise<unknown> {
    const response = await this.#send(method, path, { body, timeout: ANSWER_TIMEOUT })
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of received(response)) {
      length += chunk.byteLength
      if (length > MAX_ANSWER) throw new DragonflyError('protocol', 'the answer of the daemon is too long')
      chunks.push(chunk)
    }
    const text = Buffer.concat(chunks).toString()
    const answer = text === '' ? undefined : parse(text)
    if (response.statusCode === 200 || response.statusCode === 204) return answer
    throw errorOf((answer ?? {}) as Failure, response.statusCode)
  }

  /** The lines of an answer as they come. It is hung up on when the iteration ends, or `signal` is aborted. */
  async *lines(
    method: Method,
    path: string,
    { body, signal }: { body?: object; signal?: AbortSignal | undefined },
  ): AsyncGenerator<object> {
    const response = await this.#send(method, path, { body, signal })
    if (response.statusCode !== 200) throw await failed(response)
    let rest = ''
    try {
      response.setEncoding('utf8')
      for await (const chunk of received(response, signal) as AsyncIterable<unknown> as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() as string
        if (rest.length > MAX_LINE) throw new DragonflyError('protocol', 'a line of the daemon is too long')
        for (const line of lines) yield parse(line) as object
      }
    } finally {
      response.destroy()
    }
  }

  /** The bytes of an answer. */
  async *bytes(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const response = await this.#send('GET', path, { signal })
    if (response.statusCode !== 200) throw await failed(response)
    try {
      yield* received(response, signal)
    } finally {
      response.destroy()
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #send(
    method: Method,
    path: string,
    { body, signal, timeout }: { body?: object | undefined; signal?: AbortSignal | undefined; timeout?: number },
  ): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>()
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    const trace = isTracing() ? await traceHeaders() : {}
    const options: http.RequestOptions & { servername: string } = {
      socketPath: this.socketPath,
      method,
      path,
      agent: this.#agent,
      // else Node looks for one, and compiles the patterns of IPv6 addresses for that
      servername: '',
      headers: { ...trace, ...(payload && { 'content-type': 'application/json', 'content-length': payload.byteLength }) },
      ...(timeout !== undefined && { timeout }),
      ...(signal !== undefined && { signal }),
    }
    const request = http.request(options, resolve)
    request.on('error', error => reject(broken(error, signal)))
    request.on('timeout', () => request.destroy(new DragonflyError('timeout', 'the daemon does not answer')))
    request.end(payload)
    return await promise
  }
}

/** A daemon that goes away breaks the answer off. */
async function* received(response: http.IncomingMessage, signal?: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* response as AsyncIterable<Buffer>
  } catch (error) {
    throw broken(error as Error, signal)
  }
}

function broken(error: Error, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return abortError(signal)
  if (error instanceof DragonflyError) return error
  const { code } = error as NodeJS.ErrnoException
  const absent = code === 'EACCES' ? 'this user may not use the daemon that is running' : 'no daemon is running'
  return new DragonflyError('no-daemon', isFromConnect(error) ? absent : 'the daemon has gone', {
    hint: 'start one with df daemon start',
    retryable: true,
    cause: error,
  })
}

/** Whether an error says that no daemon is there for this user, as against one that cannot be talked to. */
export function isAbsence(error: unknown): boolean {
  if (!(error instanceof DragonflyError) || error.code !== 'no-daemon') return false
  return isFromConnect(error.cause)
}

/** There may be no socket, nobody behind it, or no way to it: a home below a file, a path that is too long. */
function isFromConnect(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.syscall === 'connect'
}

async function failed(response: http.IncomingMessage): Promise<DragonflyError> {
  let text = ''
  for await (const chunk of received(response)) {
    text += chunk
    if (text.length > MAX_LINE) break
  }
  return errorOf(parse(text) as Failure, response.statusCode)
}

/** The daemon's error, as if it had happened here. */
export function errorOf({ code, message, ...details }: Failure, status?: number): DragonflyError {
  return new DragonflyError(code ?? 'internal', message ?? `the daemon answered with status ${status}`, details)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DragonflyError('protocol', 'the program on the control socket is not a daemon', { cause: error })
  }
}

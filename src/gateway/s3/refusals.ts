// Refusals in the XML of S3, in words for the person who runs the client.
import type { Guest } from '../front/guest.ts'

/** A client that was refused may send so much longer of what it wanted to upload, ms: only then it reads the answer. */
const DRAIN_MS = 10_000

export const REFUSALS = {
  writes: [405, 'MethodNotAllowed', 'the gateway only reads: upload without --endpoint-url, to the store itself'],
  'not-local': [403, 'AccessDenied', 'the gateway is for programs of this host: use the endpoint URL http://127.0.0.1:PORT/s3'],
  'web-page': [403, 'AccessDenied', 'the gateway does not answer web pages'],
  malformed: [400, 'InvalidURI', 'not a path of S3: use the endpoint URL http://127.0.0.1:PORT/s3 with buckets in the path'],
  'not-offered': [
    501,
    'NotImplemented',
    'the gateway only reads objects and lists: ask the store itself, without --endpoint-url',
  ],
  loop: [
    508,
    'InvalidRequest',
    'the S3 endpoint of this gateway is the gateway itself: check AWS_ENDPOINT_URL_S3 where the daemon runs',
  ],
  changed: [412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold'],
  denied: [403, 'AccessDenied', 'the store does not show it to the gateway'],
  absent: [404, 'NoSuchKey', 'The specified key does not exist.'],
  range: [416, 'InvalidRange', 'The requested range is not satisfiable'],
  busy: [503, 'ServiceUnavailable', 'the store gives no answer that is of use: try again'],
  unreachable: [503, 'ServiceUnavailable', 'the store cannot be reached: check AWS_ENDPOINT_URL_S3 where the daemon runs'],
  credentials: [
    403,
    'AccessDenied',
    'the store refuses the AWS credentials of the gateway: check those of the user whom the daemon runs as',
  ],
} as const

export type Refusal = keyof typeof REFUSALS

/** Breaks off an answer that has begun. */
export function refuse(
  { request, response }: Guest,
  why: Refusal,
  headers: Readonly<Record<string, string>> = {},
  said = '',
): void {
  const [status, code, message] = REFUSALS[why]
  if (response.headersSent) return void response.destroy()
  const text = errorXml(code, said === '' ? message : `${message} (${said})`)
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(text),
    ...(why === 'writes' && { allow: 'GET, HEAD' }),
  })
  response.end(request.method === 'HEAD' ? undefined : text)
  if (request.method === 'GET' || request.method === 'HEAD') return
  request.resume()
  const timer = setTimeout(() => request.destroy(), DRAIN_MS).unref()
  request.once('close', () => clearTimeout(timer))
}

function errorXml(code: string, message: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`
}

function escaped(text: string): string {
  return text.replace(/[<>&]/g, char => `&#${char.charCodeAt(0)};`)
}

// Answers as stores give them: a content or a range of it, XML with an error, and a server on a free port of this host.
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

export async function listening(handler: Handler): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = http.createServer(handler)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const stop = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

/** Returns the number of bytes of the content that are sent. */
export function giveBytes(
  { headers: { range } }: http.IncomingMessage,
  response: http.ServerResponse,
  body: Buffer,
  headers: http.OutgoingHttpHeaders,
): number {
  const [, from, to = ''] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  const start = Number(from ?? 0)
  const end = to === '' ? body.length : Math.min(body.length, Number(to) + 1)
  const place = from === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${body.length}` }
  response.writeHead(from === undefined ? 200 : 206, {
    'accept-ranges': 'bytes',
    ...headers,
    ...place,
    'content-length': end - start,
  })
  response.end(body.subarray(start, end))
  return end - start
}

export function giveError(response: http.ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`)
}

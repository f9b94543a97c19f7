// What the proxy itself says when it does not pass a request on: plain text, as a person reads it in the output of a client.
import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { DragonflyError } from '../../core/errors.ts'

/** A request that ends here. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** What a failed connection or request means to the guest. */
export function refusalOf(error: unknown, host: string): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof DragonflyError) {
    const hint = error.hint === undefined ? '' : `\n${error.hint}`
    return new Refusal(error.code === 'origin-refused' ? 403 : 502, `${error.message}${hint}`)
  }
  const { code = '', name = '' } = error as NodeJS.ErrnoException
  if (/TIMEOUT|TIMEDOUT/i.test(code)) return new Refusal(504, `${host} does not answer in time`)
  return new Refusal(502, `${host} cannot be reached: ${code || name || 'it failed'}`)
}

export function answerRefusal(response: ServerResponse, { status, message }: Refusal): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`dragonfly gateway: ${message}\n`)
}

/** Before a tunnel stands. */
export function endRefused(socket: Duplex, { status, message }: Refusal): void {
  const body = `dragonfly gateway: ${message}\n`
  const fields = `content-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${fields}\r\n\r\n${body}`)
}

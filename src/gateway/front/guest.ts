// One request of a program that uses the gateway, and what the gateway knows of it.
import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Guest {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Aborted when the program has hung up before its answer was complete. */
  readonly gone: AbortSignal
}

/** A part of the gateway. Resolves when the answer has ended; rejects only before its status was sent. */
export type Handler = (guest: Guest) => Promise<void>

export function guestOf(request: IncomingMessage, response: ServerResponse): Guest {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return { request, response, gone: gone.signal }
}

/** By loopback, or by an address that both ends share. */
export function isSameHost({ socket: { remoteAddress = '', localAddress } }: IncomingMessage): boolean {
  return remoteAddress === localAddress || /^(?:::ffff:)?127\./.test(remoteAddress) || remoteAddress === '::1'
}

// Binds an HTTP server to a host and port, and hangs it up.
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromSystemError } from '../../core/errors.ts'

export interface Place {
  host: string
  /** 0: any free one. */
  port: number
}

export interface Listener {
  /** What it listens on, `http://127.0.0.1:1234`. */
  readonly origin: string
  /** IP address. */
  readonly address: string
  /** Ends every connection. Safe to call twice. */
  close(): Promise<void>
}

/** `what` is served there. Rejects with `listen-failed`. */
export async function listenOn(server: Server, { host, port }: Place, what: string): Promise<Listener> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(port, host, resolve)
  try {
    await promise
  } catch (error) {
    throw fromSystemError(error, 'listen-failed', `cannot serve ${what} on ${host}:${port}`)
  }
  server.off('error', reject)
  const { address, family, port: bound } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  const close = async () => {
    closed ??= new Promise(done => {
      server.close(() => done())
      server.closeAllConnections()
    })
    await closed
  }
  return { origin: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`, address, close }
}

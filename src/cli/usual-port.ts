// The port where seeds and members of a fleet are expected.
import { createServer } from 'node:net'

/** TCP. As names that list hosts are read: see `dns:NAME`. */
export const USUAL_PORT = 4801

export function usualListen(): string[] {
  return [`/ip4/0.0.0.0/tcp/${USUAL_PORT}`, `/ip6/::/tcp/${USUAL_PORT}`]
}

/** Whether nobody on this host listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen({ port, host: '0.0.0.0' })) && (await canListen({ port, host: '::', ipv6Only: true }))
}

async function canListen(place: { port: number; host: string; ipv6Only?: boolean }): Promise<boolean> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  // a host without IPv6 has nobody there
  server.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'EADDRINUSE' && code !== 'EACCES'))
  server.listen({ ...place, exclusive: true }, () => server.close(() => resolve(true)))
  return await promise
}

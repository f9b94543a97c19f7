// A relay to a local port that gives every byte on half a round trip later.
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Distance {
  readonly port: number
  close(): void
}

/** `roundTrip`: milliseconds. TCP itself sees no distance. */
export async function distance(port: number, roundTrip: number): Promise<Distance> {
  const server: Server = createServer({ noDelay: true }, near => {
    const there = connect({ port, host: '127.0.0.1', noDelay: true })
    passOn(near, there, roundTrip / 2)
    passOn(there, near, roundTrip / 2)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

function passOn(from: Socket, to: Socket, ms: number): void {
  const later = (what: () => void) => (ms === 0 ? what() : setTimeout(what, ms))
  from.on('data', bytes => later(() => to.destroyed || to.write(bytes)))
  from.on('end', () => later(() => to.end()))
  from.on('error', () => to.destroy())
  from.on('close', () => later(() => to.destroy()))
}

// Parses a loopback address with a port, as --api takes it.
import { UsageError } from './errors.ts'

export interface Loopback {
  host: string
  port: number
}

const HOSTS: Readonly<Record<string, string>> = { localhost: '127.0.0.1', '127.0.0.1': '127.0.0.1', '[::1]': '::1' }

/** `127.0.0.1:4802`, `localhost:4802`, `[::1]:4802`, or the port alone; 0 is any free port. Throws a UsageError. */
export function parseLoopback(text: string): Loopback {
  const [, name = '127.0.0.1', digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  const host = HOSTS[name.toLowerCase()]
  const port = Number(digits)
  if (digits === '' || port > 65_535)
    throw new UsageError(`not an address with a port: ${text.slice(0, 100)}`, 'write 127.0.0.1:4802')
  if (host === undefined) {
    throw new UsageError(`the local API is served on loopback only, not on ${name.slice(0, 100)}`, 'write 127.0.0.1:PORT')
  }
  return { host, port }
}

// Tests whether anything listens at an address, to tell a dead host from a busy one.
import { connect } from 'node:net'
import { parseAddress } from './addresses.ts'

/**
 * Resolves to whether a TCP connection to the address is taken within `ms`. It is the system that answers, before any
 * program does: a busy peer listens, a dead one does not. False for an address that is not one of TCP over IP or a name.
 */
export async function isListening(address: string, ms: number): Promise<boolean> {
  const parts = parseAddress(address).getComponents()
  const host = parts.find(c => /^(ip4|ip6|dns|dns4|dns6)$/.test(c.name))?.value
  const port = parts.find(c => c.name === 'tcp')?.value
  if (host === undefined || port === undefined) return false
  const socket = connect({ host, port: Number(port) })
  try {
    return await new Promise<boolean>(resolve => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.setTimeout(ms, () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}

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

/** What both sides of a libp2p connection say first, before any encryption. It is answered by the program, at the cost of a read and a write. */
const GREETING = Buffer.from('\x13/multistream/1.0.0\n')

export interface LivesOptions {
  /** How long the system may take to accept the connection, milliseconds. */
  listenMs: number
  /** How long the program may take to answer, milliseconds. */
  answerMs: number
  signal: AbortSignal
  /** The system has accepted the connection. */
  onListening(): void
}

/**
 * Resolves to whether the program at an address answers, before any encryption: a busy peer does, sooner or later, a frozen or a dead one
 * does not. Never rejects.
 */
export async function lives(address: string, { listenMs, answerMs, signal, onListening }: LivesOptions): Promise<boolean> {
  const parts = parseAddress(address).getComponents()
  const host = parts.find(c => /^(ip4|ip6|dns|dns4|dns6)$/.test(c.name))?.value
  const port = parts.find(c => c.name === 'tcp')?.value
  if (host === undefined || port === undefined || signal.aborted) return false
  const socket = connect({ host, port: Number(port) })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const over = () => resolve(false)
  const limit = setTimeout(over, listenMs)
  let answer: NodeJS.Timeout | undefined
  signal.addEventListener('abort', over, { once: true })
  socket.once('error', over).once('close', over)
  socket.once('data', () => resolve(true))
  socket.once('connect', () => {
    clearTimeout(limit)
    answer = setTimeout(over, answerMs)
    socket.write(GREETING)
    onListening()
  })
  try {
    return await promise
  } finally {
    clearTimeout(limit)
    clearTimeout(answer)
    signal.removeEventListener('abort', over)
    socket.destroy()
  }
}

// Agrees on the encryption of a connection that comes in by its first bytes, where they lie.
import type {
  ConnectionEncrypter,
  MessageStream,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMessageEvent,
} from '@libp2p/interface'
import { readProposal } from './negotiation.ts'

/** What of libp2p's upgrader is used besides its public interface. */
export interface InsideUpgrader {
  _encryptInbound(connection: MessageStream, options: SecureConnectionOptions): Promise<Secured>
  getConnectionEncrypters(): ReadonlyMap<string, ConnectionEncrypter>
}

type Secured = SecuredConnection & { protocol: string }

/**
 * Whoever proposes an encrypter that we have in one piece, as everybody does, is answered in one write; libp2p's own way reads and writes
 * line by line, and does so for all others.
 */
export function encryptEarly(upgrader: InsideUpgrader): void {
  const stock = upgrader._encryptInbound.bind(upgrader)
  upgrader._encryptInbound = async (connection, options) => {
    const encrypter = await proposed(connection, upgrader, options.signal)
    if (encrypter === undefined) return await stock(connection, options)
    return { ...(await encrypter.secureInbound(connection, options)), protocol: encrypter.protocol }
  }
}

/** The encrypter that the other side proposes, agreed on; undefined, and nothing taken, where that cannot be seen at once. */
async function proposed(connection: MessageStream, upgrader: InsideUpgrader, signal: AbortSignal | undefined) {
  const first = await firstBytes(connection, signal)
  if (first === undefined) return undefined
  const proposal = readProposal(first)
  const encrypter = proposal && upgrader.getConnectionEncrypters().get(proposal.protocol)
  const length = encrypter === undefined || proposal === undefined ? 0 : proposal.length
  if (length > 0) connection.send(first.subarray(0, length))
  connection.push(first.subarray(length))
  return encrypter
}

/** What comes first; undefined when the connection ends before. */
async function firstBytes(connection: MessageStream, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
  const onMessage = ({ data }: StreamMessageEvent) => {
    // from here on what comes waits in the connection for whoever reads next
    connection.removeEventListener('message', onMessage)
    resolve(data.subarray())
  }
  const onEnd = () => resolve(undefined)
  const onAbort = () => reject(signal?.reason)
  connection.addEventListener('message', onMessage)
  connection.addEventListener('close', onEnd)
  connection.addEventListener('remoteCloseWrite', onEnd)
  signal?.addEventListener('abort', onAbort)
  try {
    signal?.throwIfAborted()
    return await promise
  } finally {
    connection.removeEventListener('message', onMessage)
    connection.removeEventListener('close', onEnd)
    connection.removeEventListener('remoteCloseWrite', onEnd)
    signal?.removeEventListener('abort', onAbort)
  }
}

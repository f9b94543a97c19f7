// libp2p's TLS on Node's own TLS engine, directly on the socket, so that no encrypted byte passes through JavaScript.
//
// libp2p's encrypter feeds the engine through a stream made in JavaScript, a call and a copy for every TCP segment. On a slow
// line a segment is all that comes at a time, so that most of a swarm's CPU went there. On the wire it is the same protocol:
// https://github.com/libp2p/specs/blob/master/tls/tls.md
import { Socket } from 'node:net'
import { connect, type SecureContext, TLSSocket, type TLSSocketOptions } from 'node:tls'
import type {
  ConnectionEncrypter,
  MessageStream,
  MultiaddrConnection,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
} from '@libp2p/interface'
import type { TLSComponents } from '@libp2p/tls'
import { raceSignal } from 'race-signal'
import { Uint8ArrayList } from 'uint8arraylist'
import { DragonflyError } from '../core/errors.ts'
import { makeCertificate, ownerOf } from './certificate.ts'
import { HandshakeTurns } from './handshake-turns.ts'
import { LateEncrypter } from './late-encrypter.ts'
import { HeldConnection } from './link-workers/held-connection.ts'
import { chooseEarlyMuxer, makeSecureContext, NO_EARLY_MUXER } from './tls-offer.ts'
import { TlsStream } from './tls-stream.ts'

const PROTOCOL = '/tls/1.0.0'

/** What is used of a TCP connection of libp2p besides its public interface. */
interface Inside {
  socket: Socket
  readBuffer: Uint8ArrayList
  sendClose(options?: object): Promise<void>
  sendReset(): void
}

/** For `connectionEncrypters` of libp2p. A connection that is no TCP socket gets libp2p's own TLS. */
export function nativeTls(): (components: TLSComponents) => ConnectionEncrypter {
  return components => new NativeTls(components)
}

class NativeTls implements ConnectionEncrypter {
  readonly #components: TLSComponents
  readonly protocol = PROTOCOL
  readonly #stock: LateEncrypter
  readonly #turns = new HandshakeTurns()
  /** With the certificate; one for the life of this node: making it costs more than a handshake. */
  #context: Promise<SecureContext> | undefined

  constructor(components: TLSComponents) {
    this.#components = components
    this.#stock = new LateEncrypter(PROTOCOL, async () => (await import('@libp2p/tls')).tls()(components))
  }

  async secureInbound(stream: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    if (stream instanceof HeldConnection) return await this.#secureHeld(stream, options)
    if (!hasSocket(stream)) return await this.#stock.secureInbound(stream, options)
    const end = await this.#turns.enter(options?.signal)
    try {
      // it may have gone while it waited
      if (stream.socket.destroyed) throw new DragonflyError('protocol', 'the connection closed before the handshake')
      return await this.#secure(stream, true, options)
    } finally {
      end()
    }
  }

  async secureOutbound(stream: MessageStream, options?: SecureConnectionOptions): Promise<SecuredConnection> {
    if (!hasSocket(stream)) return await this.#stock.secureOutbound(stream, options)
    return await this.#secure(stream, false, options)
  }

  /** The thread that holds the socket does the handshake, in a turn of its own. */
  async #secureHeld(raw: HeldConnection, options: SecureConnectionOptions = {}): Promise<SecuredConnection> {
    const muxers = this.#muxers(options)
    const end = await raw.turns.enter(options.signal)
    try {
      const { certificate, muxer } = await raw.handshake(offered(muxers), options.signal)
      if (certificate.byteLength === 0) throw new DragonflyError('protocol', 'the other side shows no certificate')
      const remotePeer = await ownerOf(certificate, options.remotePeer)
      const streamMuxer = muxers.get(muxer)
      return { remotePeer, connection: raw.decrypted(), ...(streamMuxer && { streamMuxer }) }
    } catch (error) {
      raw.abort(error as Error)
      throw error
    } finally {
      end()
    }
  }

  #muxers({ skipStreamMuxerNegotiation }: SecureConnectionOptions): ReadonlyMap<string, StreamMuxerFactory> {
    return skipStreamMuxerNegotiation === true ? new Map() : this.#components.upgrader.getStreamMuxers()
  }

  async #secure(raw: MultiaddrConnection & Inside, isServer: boolean, options: SecureConnectionOptions = {}) {
    this.#context ??= makeCertificate(this.#components.privateKey).then(makeSecureContext)
    const secureContext = await this.#context
    options.signal?.throwIfAborted()
    const muxers = this.#muxers(options)
    const socket = takeOver(raw, isServer, { secureContext, ...chooseEarlyMuxer(offered(muxers)) })
    try {
      await secured(socket, options.signal)
      const remotePeer = await ownerOf(theirCertificate(socket), options.remotePeer)
      const streamMuxer = chosenMuxer(socket, muxers)
      return { remotePeer, connection: new TlsStream(raw, socket), ...(streamMuxer && { streamMuxer }) }
    } catch (error) {
      socket.destroy()
      raw.abort(error as Error)
      throw error
    }
  }
}

function hasSocket(stream: MessageStream): stream is MultiaddrConnection & Inside {
  const { socket, readBuffer, sendClose } = stream as Partial<Inside>
  return socket instanceof Socket && readBuffer instanceof Uint8ArrayList && typeof sendClose === 'function'
}

/** From here on the engine reads and writes the socket; what libp2p had already read of the handshake is given back. */
function takeOver(raw: MultiaddrConnection & Inside, isServer: boolean, options: TLSSocketOptions): TLSSocket {
  const { socket, readBuffer } = raw
  const idleMs = socket.timeout ?? 0
  for (const event of ['data', 'end', 'drain', 'timeout']) socket.removeAllListeners(event)
  socket.setTimeout(0)
  socket.pause()
  if (readBuffer.byteLength > 0) socket.unshift(Buffer.from(readBuffer.subarray()))
  readBuffer.consume(readBuffer.byteLength)
  const secure = isServer
    ? new TLSSocket(socket, { ...options, isServer, requestCert: true })
    : connect({ socket, ...options, checkServerIdentity: () => undefined })
  secure.setTimeout(idleMs)
  secure.on('error', error => raw.abort(error))
  raw.sendClose = () => endOf(secure)
  raw.sendReset = () => reset(socket, secure)
  // Node says 'secure' from within OpenSSL's read. Whoever destroyed the socket there, as libp2p does with a second connection to the same
  // peer, would free what OpenSSL goes on to use: a segmentation fault.
  secure.prependOnceListener('secure', () => {
    raw.sendReset = () => void setImmediate(reset, socket, secure)
    setImmediate(() => {
      raw.sendReset = () => reset(socket, secure)
    })
  })
  return secure
}

/** Sends what is left to send, then closes. */
async function endOf(socket: TLSSocket): Promise<void> {
  if (socket.closed) return
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  socket.destroySoon()
  await closed
}

/**
 * Ends at once, whatever is under way. libp2p's own way looks at the socket to see whether its end has begun, but it is the engine
 * that begins it; a handle that is shutting down takes no reset (libuv: EINVAL), and would stay open for ever.
 */
function reset(socket: Socket, secure: TLSSocket): void {
  if (!secure.writableEnded) socket.resetAndDestroy()
  secure.destroy()
}

function offered(muxers: ReadonlyMap<string, StreamMuxerFactory>): string[] {
  return [...muxers.keys(), NO_EARLY_MUXER]
}

function chosenMuxer(socket: TLSSocket, muxers: ReadonlyMap<string, StreamMuxerFactory>): StreamMuxerFactory | undefined {
  return typeof socket.alpnProtocol === 'string' ? muxers.get(socket.alpnProtocol) : undefined
}

function theirCertificate(socket: TLSSocket): Uint8Array {
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) throw new DragonflyError('protocol', 'the other side shows no certificate')
  return certificate.raw
}

/** Resolves when the handshake is done. */
async function secured(socket: TLSSocket, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onClose = () => reject(new DragonflyError('protocol', 'the connection closed during the handshake'))
  socket.once('secure', resolve).once('error', reject).once('close', onClose)
  try {
    await raceSignal(promise, signal)
  } finally {
    socket.off('secure', resolve).off('error', reject).off('close', onClose)
  }
}

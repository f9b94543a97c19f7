// Tunnels for CONNECT (RFC 9110 §9.3.6): bytes pass untouched, each direction ends by itself.
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Access } from './access.ts'
import { admit, type ForwardParts } from './forward.ts'
import type { Interception } from './interception.ts'
import { endRefused, Refusal, refusalOf } from './refusals.ts'

/** A tunnel without a byte in either direction ends after so long, ms. */
const IDLE_MS = 60 * 60 * 1000

export interface TunnelParts extends Pick<ForwardParts, 'rules' | 'hops'> {
  access: Access
  /** Ends TLS of some hosts. Default: of none. */
  interception?: Interception | undefined
  /** Without any byte, ms. Default: an hour. */
  idleMs?: number | undefined
}

export class Tunnels {
  readonly #parts: TunnelParts
  readonly #sockets = new Set<Duplex>()

  constructor(parts: TunnelParts) {
    this.#parts = parts
  }

  /** Takes a CONNECT over. Never throws. */
  readonly take = (request: IncomingMessage, guest: Duplex, head: Buffer): void => {
    this.#keep(guest)
    let host = 'the host'
    this.#open(request, guest, head, named => {
      host = named
    }).catch(error => {
      if (!guest.destroyed) endRefused(guest, refusalOf(error, host))
    })
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #open(request: IncomingMessage, guest: Duplex, head: Buffer, name: (host: string) => void): Promise<void> {
    const { access, interception } = this.#parts
    const target = authorityOf(request)
    name(target.host)
    admit(this.#parts, request, target)
    if (interception?.covers(target.hostname) === true) return await interception.take(guest, head, target)
    const origin = await access.connect(request, target)
    this.#keep(origin)
    if (guest.destroyed) return void origin.destroy()
    join(guest as Socket, origin, head, this.#parts.idleMs ?? IDLE_MS)
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy()).once('close', () => this.#sockets.delete(socket))
  }
}

/** `HOST:PORT` as a URL of https. Throws a Refusal. */
function authorityOf({ url: text = '' }: IncomingMessage): URL {
  const url = /^[^/?#@\s]{1,512}:\d{1,5}$/.test(text) ? URL.parse(`https://${text}`) : null
  if (url === null || url.port === '0') throw new Refusal(400, 'CONNECT wants HOST:PORT')
  return url
}

function join(guest: Socket, origin: Socket, head: Buffer, idleMs: number): void {
  // without it, Node would end the other direction with the first that ends
  origin.allowHalfOpen = true
  guest.write('HTTP/1.1 200 Connection Established\r\n\r\n')
  if (head.length > 0) origin.write(head)
  guest.pipe(origin)
  origin.pipe(guest)
  guest.once('close', () => closeAfter(guest, origin))
  origin.once('close', () => closeAfter(origin, guest))
  // bytes of both directions pass this socket
  guest.setTimeout(idleMs, () => guest.destroy())
}

/** What was cut off on one side is cut off on the other; what has ended in good order may still send. */
function closeAfter(closed: Socket, other: Socket): void {
  if (!(closed.readableEnded && closed.writableFinished)) other.destroy()
}

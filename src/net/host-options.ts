// Options of a libp2p host.
import type { PrivateKey } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'
import type { Wall } from './wall.ts'

export interface HostOptions {
  listen: readonly string[]
  /** Told to others in place of the addresses that are listened on. Default none. */
  announce?: readonly string[]
  /** Default: a fresh Ed25519 key. */
  privateKey?: PrivateKey | undefined
  /** Default: everybody may talk with us. */
  wall?: Wall | undefined
  /** Connections that may come in and stay. Default 2,500 */
  maxConnections?: number
  // biome-ignore lint/suspicious/noExplicitAny: libp2p's service map type is open
  services?: ServiceFactoryMap<any>
}

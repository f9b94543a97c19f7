// Options of a libp2p host.
import type { PrivateKey } from '@libp2p/interface'
import type { ServiceFactoryMap } from 'libp2p'
import type { DialGate } from './dial-gate.ts'
import type { LinkWorkers } from './link-workers/link-workers.ts'
import type { TrustedNetworks } from './trusted-networks.ts'
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
  /** Ranges and addresses for which quotas per address do not count (see `TrustedNetworks`). Default none */
  trustedNetworks?: readonly string[] | undefined
  /** Whose connections are kept before those of others when room is short: seeds, members. Default nobody's */
  isPreferred?: ((peer: string) => boolean) | undefined
  /** Threads that hold the sockets of connections that come in, and encrypt. Default 0: this thread does both */
  linkWorkers?: number | undefined
  /** Told once when link workers cannot be had: this thread does their work. */
  onNoLinkWorkers?: ((error: Error) => void) | undefined
  // biome-ignore lint/suspicious/noExplicitAny: libp2p's service map type is open
  services?: ServiceFactoryMap<any>
}

/** What a host is made of besides libp2p. */
export interface HostParts {
  privateKey: PrivateKey
  dials: DialGate
  networks: TrustedNetworks
  wall: Wall | undefined
  workers: LinkWorkers | undefined
}

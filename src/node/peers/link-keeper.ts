// The interface of what decides about links: it hears of every link and is asked who may connect.
import type { PeerAddress } from '../../wire/codec-peers.ts'
import type { PeerLink } from './peer-link.ts'

export interface LinkKeeper {
  /** Links to peers: what our hello says. */
  readonly degree: number
  linked(link: PeerLink): void
  /** `error`: what broke it; undefined when one of the two wanted it. */
  unlinked(link: PeerLink, error: unknown): void
  /** `from`, or its refusal, named others. `isByRoot`: to be dialled by the root of the content, which they have under another task. */
  heard(from: string, peers: readonly PeerAddress[], isByRoot?: boolean): void
  /** Whether it was met, or named, as one to be dialled by the root. */
  isByRoot(peer: string): boolean
  /** `from`, which has so many links, wants to be told of others. */
  asked(from: string, links: number): void
  /** Whom a peer that says hello may try instead when there is no room for it; undefined: there is. */
  refuses(peer: string, links: number): PeerAddress[] | undefined
}

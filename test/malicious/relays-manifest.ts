// Tells the signed head of somebody else over digests of its own choice.
import { full } from '../world/manifest.ts'
import type { Behaviour } from './scripted-peer.ts'

export interface Part {
  from: number
  digests: Uint8Array
}

/** Claims all of `count` pieces of `version`, with these digests, under that head. */
export function relaysManifest(head: Uint8Array, parts: readonly Part[], version: string, count: number): Behaviour {
  return {
    met: (link, peer) => {
      link.send(peer.hello(link.peer, version))
      for (const part of parts) link.send({ type: 'part', ...part })
      link.send({ type: 'head', envelope: head })
      link.send({ type: 'pieces', have: full(count), queue: 0 })
    },
  }
}

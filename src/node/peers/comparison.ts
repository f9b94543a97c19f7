// Compares the pieces of neighbours with our own.
import type { Bitfield } from '../../core/bitfield.ts'
import type { Manifest } from '../../core/manifest.ts'
import type { PeerLink } from './peer-link.ts'
import type { PeerLinks } from './peer-links.ts'

/** What is here. */
export interface Compared {
  readonly manifest: Manifest | undefined
  /** Undefined while nothing is known of the content. */
  readonly have: Bitfield | undefined
  readonly links: Pick<PeerLinks, 'values'>
}

/** Whether a neighbour is known to have everything, as far as there is an everything. */
export function isWhole({ manifest }: Compared, { have }: PeerLink): boolean {
  return manifest?.seal !== undefined && have.count >= manifest.count
}

/** Whether a neighbour has anything that we lack. */
export function offers({ have: ours }: Compared, { have }: PeerLink): boolean {
  return have.words.some((word, i) => (word & ~(ours?.words[i] ?? 0)) !== 0)
}

/** Whether a neighbour lacks something, or is being served. */
export function isServing(here: Compared): boolean {
  return [...here.links.values()].some(link => !isWhole(here, link) || link.link.usage.isBusy)
}

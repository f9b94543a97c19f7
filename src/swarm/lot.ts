// Numbers that every peer derives equally from names, so that all agree on an order without a message.

/** FNV-1a (draft-eastlake-fnv), 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** A number for a peer and a piece (or a time) that all compute alike; even over 0 to 2³² − 1 (murmur3's finaliser). */
export function lot(peer: number, of: number): number {
  let h = peer ^ Math.imul(of + 1, 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

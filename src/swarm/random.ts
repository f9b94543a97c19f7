// A random generator that a seed number reproduces.

/** xorshift32 (Marsaglia 2003): numbers in [0, 1). The same seed gives the same row, neighbouring seeds unlike ones. */
export function seededRandom(seed: number): () => number {
  let state = mix(seed) || 1
  return () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 0x100000000
  }
}

/** The finaliser of MurmurHash3: xorshift alone carries a small seed only slowly into the high bits. */
function mix(seed: number): number {
  let h = (seed ^ 0x9e3779b9) >>> 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

// What a link offers each transfer (Charny, Clark and Jain 1995).

/**
 * The rate that all transfers of a link can have which take no less elsewhere: together they fill the link. When all of
 * them take less elsewhere, the most that one of them could have. Links that offer so by turns come to the max-min fair
 * allocation: every transfer is held back by one link only, where nobody has more.
 *
 * `ends`: the links at the other ends; `offers`: what every link offers; `rate`: the link's own.
 */
export function fairOffer(rate: number, ends: readonly number[], offers: Float64Array): number {
  const all = ends.length
  let offer = rate / Math.max(1, all)
  for (let before = 0; ; ) {
    let count = 0
    let taken = 0
    let most = 0
    for (let i = 0; i < all; i++) {
      const elsewhere = offers[ends[i] as number] as number
      if (elsewhere >= offer) continue
      count++
      taken += elsewhere
      if (elsewhere > most) most = elsewhere
    }
    if (count === all) return Math.max(0, rate - taken) + most
    // Never fewer than before, but for rounding.
    if (count <= before) return offer
    before = count
    offer = (rate - taken) / (all - count)
  }
}

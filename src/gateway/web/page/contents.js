// The contents, each with the picture of its pieces and of what its neighbours have.
import { at, make, write } from './elements.js'
import { Picture } from './picture.js'
import { bytes, count, percent, rate, seconds, share, shortPeer } from './texts.js'

/** @typedef {import('../../../node/api/live.ts').LiveContentStatus} Content */
/** @typedef {import('../../../node/api/live.ts').LiveLink} Link */

const LETTER = { origin: 'o', seed: 's', peer: 'p' }
/** @type {Map<string, Card>} */
const cards = new Map()

/**
 * @param {readonly Content[]} contents
 * @param {number} all how many there are
 */
export function showContents(contents, all) {
  write(at('content-count'), all > contents.length ? `${contents.length} of ${all}` : String(all))
  const list = at('contents')
  const ids = new Set(contents.map(keyOf))
  removeOthers(cards, ids)
  if (contents.length === 0) {
    if (list.childElementCount === 0) list.append(make('p', 'panel quiet none', 'Nothing is being downloaded or served.'))
    return
  }
  list.querySelector('.none')?.remove()
  for (const [i, content] of contents.entries()) {
    const card = cards.get(keyOf(content)) ?? new Card()
    cards.set(keyOf(content), card)
    if (list.children[i] !== card.root) list.insertBefore(card.root, list.children[i] ?? null)
    card.show(content)
  }
}

/**
 * @param {Map<string, { remove(): void }>} shown
 * @param {ReadonlySet<string>} wanted
 */
function removeOthers(shown, wanted) {
  for (const [key, one] of shown) {
    if (wanted.has(key)) continue
    one.remove()
    shown.delete(key)
  }
}

/** @param {Content} content */
function keyOf({ id }) {
  return id
}

class Card {
  constructor() {
    this.name = make('h3')
    this.rate = make('span', 'rate')
    this.part = make('span', 'moves busy')
    this.url = make('p', 'quiet')
    this.facts = make('p', 'quiet facts')
    this.own = new Picture('own')
    this.links = make('div', 'links')
    this.rest = make('p', 'quiet')
    this.root = make('article', 'panel content', make('div', 'head', this.name, this.rate), this.url)
    this.here = make('div', 'link here', make('span', 'who', 'this host'), this.own.canvas, this.part)
    this.root.append(this.facts, this.here, this.links, this.rest)
    /** @type {Map<string, Row>} */
    this.rows = new Map()
  }

  remove() {
    this.own.remove()
    for (const row of this.rows.values()) row.remove()
    this.root.remove()
  }

  /** @param {Content} content */
  show(content) {
    const { name, url, state, cells, pieces, links, linkCount } = content
    write(this.name, name)
    write(this.url, url)
    write(this.rate, rateText(content))
    write(this.facts, factsText(content))
    this.here.hidden = cells === '' || (state === 'complete' && linkCount === 0)
    write(this.part, percent(pieces.have, pieces.all))
    this.own.show(cells, `${pieces.have} of ${pieces.all} pieces are here`)
    const peers = new Set(links.map(({ peer }) => peer))
    removeOthers(this.rows, peers)
    for (const [i, link] of links.entries()) {
      const row = this.rows.get(link.peer) ?? new Row()
      this.rows.set(link.peer, row)
      if (this.links.children[i] !== row.root) this.links.insertBefore(row.root, this.links.children[i] ?? null)
      row.show(link, pieces.all)
    }
    const unseen = linkCount - links.filter(({ kind }) => kind !== 'origin').length
    this.rest.hidden = unseen <= 0
    write(this.rest, `and ${count(unseen, 'neighbour')} more`)
  }
}

/** One neighbour. */
class Row {
  constructor() {
    this.mark = make('i')
    this.name = make('span')
    this.id = make('span', 'quiet id')
    this.who = make('span', 'who', this.mark, this.name, this.id)
    this.picture = new Picture('pieces')
    this.moves = make('span', 'moves')
    this.root = make('div', 'link', this.who, this.picture.canvas, this.moves)
  }

  remove() {
    this.picture.remove()
    this.root.remove()
  }

  /**
   * @param {Link} link
   * @param {number} all pieces there are
   */
  show({ peer, kind, address, rates, asked, have, cells, received, sent }, all) {
    this.mark.className = kind
    const name = kind === 'origin' ? kind : `${kind} ${address ?? shortPeer(peer)}`
    write(this.name, name)
    write(this.id, kind === 'origin' || address === undefined ? '' : shortPeer(peer))
    this.who.title = kind === 'origin' ? '' : peer
    this.picture.show(cells, `${name} has ${have} of ${all} pieces`, LETTER[kind])
    const { down, up } = rates
    const parts = [down > 0 ? `↓ ${rate(down)}` : '', up > 0 ? `↑ ${rate(up)}` : '']
    this.moves.classList.toggle('busy', down + up > 0)
    const idle = received + sent > 0 ? `${bytes(received + sent)} so far` : asked > 0 ? 'asked' : 'idle'
    write(this.moves, parts.filter(part => part !== '').join('   ') || idle)
  }
}

/** @param {Content} content */
function rateText({ state, rates }) {
  if (state === 'failed') return 'failed'
  const parts = [rates.down > 0 ? `↓ ${rate(rates.down)}` : '', rates.up > 0 ? `↑ ${rate(rates.up)}` : '']
  const moving = parts.filter(part => part !== '').join('   ')
  if (moving !== '') return moving
  return state === 'searching' ? 'looking for sources' : state === 'complete' ? 'complete' : 'waiting'
}

/** @param {Content} content */
function factsText({ state, length, bytes: here, rates, pieces, isReading, users, linkCount, from }) {
  const parts = []
  if (length === undefined) parts.push(bytes(here))
  else if (state === 'complete' && here >= length) parts.push(bytes(length))
  else parts.push(`${percent(here, length)}, ${bytes(here)} of ${bytes(length)}`)
  if (state === 'downloading' && length !== undefined && rates.down > 0)
    parts.push(`${seconds((length - here) / rates.down)} left`)
  if (pieces.all > 0) parts.push(`${count(pieces.all, 'piece')} of ${bytes(pieces.size)}`)
  const sources = /** @type {const} */ ([
    ['origin', from.origin],
    ['seeds', from.seed],
    ['peers', from.peer],
    ['disk', from.store],
  ])
  const shares = sources.filter(([, n]) => n > 0).map(([name, n]) => `${name} ${share(n, here)}`)
  if (shares.length > 0) parts.push(`from ${shares.join(', ')}`)
  parts.push(count(linkCount, 'neighbour'))
  if (users > 0) parts.push(count(users, 'user'))
  if (isReading) parts.push('the origin is being read')
  return parts.join(' · ')
}

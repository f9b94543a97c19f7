// Seeds and members, refused peers, warnings and errors, and the rates of the node.
import { at, fill, make, write } from './elements.js'
import { Spark } from './spark.js'
import { bytes, count, percent, rate, seconds, share, shortPeer } from './texts.js'

/** @typedef {import('../../../node/api/live.ts').DaemonLive} Live */

const SNUBBED = { silent: 'sent nothing', late: 'was too late', busy: 'was busy' }
const NAMES = { origin: 'origin', seed: 'seeds', peer: 'peers', disk: 'disk' }
const STATES = { connected: 'connected', idle: 'not connected', snubbed: 'let us down', banned: 'banned' }

class Tile {
  /**
   * @param {string} id
   * @param {string} name
   */
  constructor(id, name) {
    this.value = make('span', 'value')
    this.more = make('span', 'quiet')
    this.spark = new Spark()
    at(id).replaceChildren(make('span', 'name', name), this.value, this.spark.svg, this.more)
  }

  /**
   * @param {number} now
   * @param {number | undefined} limit
   * @param {number | undefined} best
   */
  show(now, limit, best) {
    write(this.value, rate(now))
    this.spark.add(now, limit)
    if (limit !== undefined) write(this.more, `${percent(now, limit)} of the limit of ${rate(limit)}`)
    else write(this.more, best === undefined ? 'no limit' : `no limit; best second ${rate(best)}`)
  }
}

const down = new Tile('down', 'Receiving')
const up = new Tile('up', 'Sending')
const saved = { value: make('span', 'value'), shares: make('div', 'shares'), more: make('span', 'quiet') }
at('saved').replaceChildren(make('span', 'name', 'Origin reads saved'), saved.value, saved.shares, saved.more)

/** @param {Live} live */
export function showNow({ rates, limits, best, totals, role, askers, uptime, version, peerId, jobs }) {
  const { now } = limits
  down.show(rates.down, least(now.down, now.total), best.down)
  up.show(rates.up, least(now.up, now.total), best.up)
  write(at('role'), role)
  write(
    at('about'),
    `${shortPeer(peerId)} · version ${version} · up ${seconds(uptime)}${jobs === 0 ? '' : ` · ${count(jobs, 'download')} under way`}`,
  )
  at('about').title = peerId
  showSaved(totals, role === 'seed' ? askers : undefined)
}

/**
 * @param {Live['totals']} totals
 * @param {Live['askers'] | undefined} askers
 */
function showSaved({ origin, seed, peer, store, read: fromOrigins, saved: without }, askers) {
  write(saved.value, bytes(without))
  const parts = /** @type {const} */ ([
    ['origin', Math.max(fromOrigins, origin)],
    ['seed', seed],
    ['peer', peer],
    ['disk', store],
  ])
  const all = parts.reduce((sum, [, n]) => sum + n, 0)
  if (saved.shares.childElementCount === 0) saved.shares.append(...parts.map(([name]) => make('span', name)))
  for (const [i, [name, n]] of parts.entries()) {
    const bar = /** @type {HTMLElement} */ (saved.shares.children[i])
    bar.style.width = all === 0 ? '0' : `${(n / all) * 100}%`
    bar.title = `${name}: ${bytes(n)}`
  }
  const given = parts.filter(([, n]) => n > 0).map(([name, n]) => `${NAMES[name]} ${share(n, all)}`)
  const asked =
    askers === undefined || askers.all === 0 ? [] : [`${askers.hits} of ${count(askers.all, 'request')} answered from the store`]
  const read = `${bytes(Math.max(fromOrigins, origin))} read from origins`
  write(saved.more, [read, ...(given.length > 1 ? [given.join(', ')] : []), ...asked].join(' · '))
}

/** @param {Live} live */
export function showLists({ hosts, hostCount, lanPeers, isolation, troubles, disk }) {
  const lan = lanPeers === undefined ? '' : `, ${count(lanPeers, 'peer')} on the local network`
  write(at('host-count'), `${hostCount}${lan}`)
  fill(at('hosts'), hosts, hostRow, 'No seeds, and no fleet.')
  const { banned, bans, snubbed, snubs, contradictions } = isolation
  write(at('isolation-count'), banned + snubbed === 0 ? '' : `${banned} banned, ${snubbed} let us down`)
  fill(
    at('isolation'),
    [...bans.map(banRow), ...contradictions.map(contradictionRow), ...snubs.map(snubRow)],
    rowOf,
    'Nobody is refused.',
  )
  write(at('trouble-count'), troubles.length === 0 ? '' : String(troubles.length))
  fill(at('troubles'), troubles.map(troubleRow), rowOf, 'None since the start.')
  write(at('store'), storeText(disk))
}

/** @typedef {{ main: string, side: string, more: string, isBad: boolean }} Line */

/** @param {Live['hosts'][number]} host */
function hostRow({ peer, role, address, state, roundTrip }) {
  const time = roundTrip === undefined ? '' : `, ${roundTrip.toFixed(roundTrip < 10 ? 1 : 0)} ms`
  const isBad = state === 'banned' || state === 'snubbed'
  return rowOf({
    main: `${role} ${shortPeer(peer)}`,
    side: `${STATES[state]}${time}`,
    more: (address ?? '').replace(/\/p2p\/.*$/, ''),
    isBad,
  })
}

/** @param {Live['isolation']['bans'][number]} ban @returns {Line} */
function banRow({ peer, proof, left }) {
  return { main: `${shortPeer(peer)} banned`, side: `for ${minutes(left)}`, more: proof, isBad: true }
}

/** @param {Live['isolation']['snubs'][number]} snub @returns {Line} */
function snubRow({ peer, why, last, times }) {
  const more = times > 1 ? `${times} times in a row` : ''
  return { main: `${shortPeer(peer)} ${SNUBBED[why]}`, side: `${minutes(last)} ago`, more, isBad: false }
}

/** @param {Live['isolation']['contradictions'][number]} contradiction @returns {Line} */
function contradictionRow({ seed, other, version, age }) {
  const main = `seeds ${shortPeer(seed)} and ${shortPeer(other)} contradict each other`
  return { main, side: `${minutes(age)} ago`, more: version, isBad: true }
}

/** @param {Live['troubles'][number]} trouble @returns {Line} */
function troubleRow({ at: when, level, code, message }) {
  return { main: code, side: new Date(when).toLocaleTimeString([], { hour12: false }), more: message, isBad: level === 'error' }
}

/** @param {Line} line */
function rowOf({ main, side, more, isBad }) {
  const row = make('li', '', make('span', isBad ? 'bad' : '', main), make('span', 'side', side))
  if (more !== '') row.append(make('span', 'more', more))
  return row
}

/** @param {Live['disk']} disk */
function storeText(disk) {
  if (disk === undefined) return 'Pieces are kept in memory.'
  const { used, quota, free, evicted, trouble } = disk
  const share = quota === undefined ? '' : `, ${percent(used, quota)} of the quota of ${bytes(quota)}`
  const gone = evicted.contents === 0 ? '' : `; ${count(evicted.contents, 'content')} evicted (${bytes(evicted.bytes)})`
  return `Store: ${bytes(used)}${share}; ${bytes(free)} free${gone}${trouble === undefined ? '' : `. ${trouble}`}`
}

/**
 * To the minute from a minute on: a list that changes every second cannot be read.
 * @param {number} s
 */
function minutes(s) {
  return s < 60
    ? `${s} s`
    : s < 3600
      ? `${Math.floor(s / 60)} min`
      : `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/** @param {(number | undefined)[]} limits */
function least(...limits) {
  const known = limits.filter(limit => limit !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

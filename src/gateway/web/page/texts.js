// Numbers and names as people read them. Pure.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/**
 * Binary units, as files are measured: 64.0 MiB.
 * @param {number} n
 */
export function bytes(n) {
  const power = n < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(n) / 10))
  return `${(n / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`
}

/** @param {number} bytesPerSecond */
export function rate(bytesPerSecond) {
  return `${bytes(Math.max(0, bytesPerSecond))}/s`
}

/** @param {number} s */
export function seconds(s) {
  const whole = Math.round(s)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

/**
 * Whole percent, rounded down, so that 100 % means all of it.
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
  return `${whole <= 0 ? 0 : Math.min(100, Math.floor((part / whole) * 100))} %`
}

/**
 * Whole percent, rounded: one of several parts, which are to add up.
 * @param {number} part
 * @param {number} whole
 */
export function share(part, whole) {
  return `${whole <= 0 ? 0 : Math.min(100, Math.round((part / whole) * 100))} %`
}

/**
 * @param {number} n
 * @param {string} noun
 */
export function count(n, noun) {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
}

/**
 * The end of a peer id tells it from others: they all begin alike.
 * @param {string} peer
 */
export function shortPeer(peer) {
  return peer.length > 16 ? `…${peer.slice(-8)}` : peer
}

/**
 * Text from elsewhere without what reorders or hides text, on one line.
 * @param {unknown} text
 */
export function plain(text) {
  return String(text ?? '')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .slice(0, 400)
}

// Formats bytes, rates, times and shares for people.
import prettyBytes from 'pretty-bytes'

/** Binary units, as files are measured: 64.0 MiB. */
export function bytes(n: number): string {
  const digits = n < 1024 ? 0 : 1
  return prettyBytes(n, { binary: true, minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Decimal units, as links are measured: 20.4 MB/s. */
export function rate(bytesPerSecond: number): string {
  return `${prettyBytes(Math.max(0, Math.round(bytesPerSecond)), { maximumFractionDigits: 1 })}/s`
}

/** 3.2 s, 45 s, 2 min 5 s, 3 h 20 min. */
export function seconds(s: number): string {
  if (s < 10) return `${s.toFixed(1)} s`
  const whole = Math.round(s)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Whole percent, rounded down, so that 100 % means all of it. */
export function percent(part: number, whole: number): string {
  return `${whole <= 0 ? 0 : Math.min(100, Math.floor((part / whole) * 100))} %`
}

export interface Sources {
  fromPeers: number
  fromSeeds: number
  fromOrigin: number
  resumed: number
}

/** Where bytes came from, in percent of what is here: `peers 70 %, seeds 20 %, origin 10 %`. Empty when nothing came. */
export function shares(sources: Sources): string {
  const { fromPeers, fromSeeds, fromOrigin, resumed } = sources
  const all = fromPeers + fromSeeds + fromOrigin + resumed
  const parts: Array<[string, number]> = [
    ['peers', fromPeers],
    ['seeds', fromSeeds],
    ['origin', fromOrigin],
    ['an earlier try', resumed],
  ]
  return parts
    .filter(([, part]) => part > 0)
    .map(([name, part]) => `${name} ${Math.round((part / all) * 100)} %`)
    .join(', ')
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

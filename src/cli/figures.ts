// Formats bytes, rates, times and shares for people.
import prettyBytes from 'pretty-bytes'

/** Binary units, as files are measured: 64.0 MiB. */
export function bytes(n: number): string {
  const digits = n < 1024 ? 0 : 1
  return prettyBytes(n, { binary: true, minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** In the units of sizes, so that the one can be divided by the other: 19.5 MiB/s. */
export function rate(bytesPerSecond: number): string {
  return `${bytes(Math.max(0, Math.round(bytesPerSecond)))}/s`
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
  /** Those of the resumed ones that an older version had. */
  reused?: number
}

/**
 * Where bytes came from, in percent of what is here: `peers 70 %, seeds 20 %, origin 10 %`. Empty when nothing came. `length`: of
 * a content that may not be whole yet; what is whole without a byte that came was in the store.
 */
export function shares(sources: Sources, length = 0): string {
  const { fromPeers, fromSeeds, fromOrigin, resumed, reused = 0 } = sources
  const all = fromPeers + fromSeeds + fromOrigin + resumed
  if (resumed > reused && resumed === all && resumed >= length) return 'the store'
  const parts: Array<[string, number]> = [
    ['peers', fromPeers],
    ['seeds', fromSeeds],
    ['origin', fromOrigin],
    ['an older version', reused],
    ['an earlier try', resumed - reused],
  ]
  return parts
    .filter(([, part]) => part > 0)
    .map(([name, part]) => `${name} ${Math.round((part / all) * 100)} %`)
    .join(', ')
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}

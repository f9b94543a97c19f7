// A rate limit as people write it: a rate, a share of the line, and other limits at some times of the day.
import { DragonflyError } from './errors.ts'
import { rateOf } from './units.ts'

/** Bytes a second, or a share of the best rate of the line that was measured. */
type Amount = { rate: number } | { share: number }

/** From `from` (included) to `to` (excluded), in minutes since midnight, local time; across midnight when `to` is not later. */
interface Window {
  from: number
  to: number
  amount: Amount
}

export interface RateLimit {
  /** Outside of the windows; undefined: no limit. */
  plain: Amount | undefined
  /** The first that fits counts. */
  windows: readonly Window[]
}

const DAY = 24 * 60
const MAX_WINDOWS = 48
const MAX_CHARS = 2000
const WINDOW = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*=(.*)$/
const HINT = "write 20M, 100mbit, 50%, '09:00-18:00=20M', or several with commas: '50M,09:00-18:00=20M'"

/** Takes bytes a second, or text. Throws `bad-option`. */
export function parseRateLimit(limit: number | string): RateLimit {
  if (typeof limit === 'number') return { plain: { rate: limit }, windows: [] }
  const parts = limit.length > MAX_CHARS ? [] : limit.split(',')
  if (parts.length === 0 || parts.length > MAX_WINDOWS) throw bad(limit)
  const windows: Window[] = []
  let plain: Amount | undefined
  for (const part of parts) {
    const [match, fromHour, fromMinute, toHour, toMinute, amount = ''] = WINDOW.exec(part.trim()) ?? []
    if (match !== undefined) {
      const [from, to] = [minuteOf(fromHour, fromMinute, limit), minuteOf(toHour, toMinute, limit)]
      windows.push({ from: from % DAY, to: to % DAY, amount: amountOf(amount, limit) })
    } else if (plain === undefined) plain = amountOf(part, limit)
    else throw bad(limit)
  }
  return { plain, windows }
}

/**
 * Bytes a second that hold at a minute of the day (0 to 1439); undefined: no limit. `best`: the best rate of the line, bytes a
 * second; a share of a line that was not measured yet is no limit.
 */
export function rateAt({ plain, windows }: RateLimit, minute: number, best: number | undefined): number | undefined {
  const amount = windows.find(window => isWithin(window, minute))?.amount ?? plain
  if (amount === undefined) return undefined
  return 'rate' in amount ? amount.rate : best && Math.max(1, amount.share * best)
}

/** Whether it may be another one later, though nobody sets it anew. */
export function isVariable({ plain, windows }: RateLimit): boolean {
  return windows.length > 0 || (plain !== undefined && 'share' in plain)
}

function isWithin({ from, to }: Window, minute: number): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}

function minuteOf(hour: string | undefined, minute: string | undefined, limit: string): number {
  const minutes = Number(hour) * 60 + Number(minute)
  if (Number(minute) > 59 || minutes > DAY) throw bad(limit)
  return minutes
}

function amountOf(text: string, limit: string): Amount {
  const [, percent] = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(text) ?? []
  if (percent !== undefined) {
    const share = Number(percent) / 100
    if (share > 0 && share <= 1) return { share }
    throw bad(limit)
  }
  const rate = rateOf(text)
  if (rate === undefined || rate < 1) throw bad(limit)
  return { rate }
}

function bad(limit: string): DragonflyError {
  return new DragonflyError('bad-option', `not a rate limit: ${JSON.stringify(limit.slice(0, 50))}`, { hint: HINT })
}

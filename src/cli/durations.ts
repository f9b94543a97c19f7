// Parses durations: 30s, 5m, 1h30m, or a plain number of seconds.
import parse from 'parse-duration'
import { UsageError } from './errors.ts'

/** What one timer of Node can hold, in whole days. */
const MAX_DAYS = 24
const SHAPE = /^(\d+(\.\d+)?\s*[a-zµμ]+\s*)+$/i

/** Milliseconds. Rejects with a UsageError what is not a duration, negative, or longer than `maxDays`. */
export function parseDuration(text: string, maxDays: number = MAX_DAYS): number {
  const trimmed = text.trim()
  const ms = /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) * 1000 : SHAPE.test(trimmed) ? parse(trimmed) : null
  if (ms === null || !Number.isFinite(ms)) {
    throw new UsageError(`not a duration: ${JSON.stringify(text.slice(0, 50))}`, 'write 30s, 5m, 1h30m or a number of seconds')
  }
  if (ms > maxDays * 86_400_000) throw new UsageError(`a duration of more than ${maxDays} days: ${trimmed.slice(0, 50)}`)
  return ms
}

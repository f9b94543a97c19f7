// Parses counts, sizes (512KiB) and rates (12.5MB, 100mbit).
import { UsageError } from './errors.ts'

const SHAPE = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(bit|b)$/i
const POWER: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 }
/** 8 PB; nobody means more, and sums of it stay exact. */
const MAX_BYTES = 8e15

/** What takes whole numbers from `min` to `max`. It throws a UsageError for anything else. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : NaN
    if (number >= min && number <= max) return number
    throw new UsageError(`not a whole number from ${min} to ${max}: ${JSON.stringify(text.slice(0, 50))}`)
  }
}

/** Bytes. Takes 512KiB, 1MB and a plain number. Throws a UsageError for what is nothing, not a size, or above 8 PB. */
export function parseSize(text: string): number {
  return parse(text, 'size', 'write 512KiB, 1MB or a number of bytes', false)
}

/** Bytes a second. Takes 100mbit, 12.5MB, 100M, each with or without /s, and a plain number. Throws a UsageError for as above. */
export function parseRate(text: string): number {
  const amount = text.trim().replace(/(?<=[a-z])\/s$/i, '')
  const rate = /^[\d.]+\s*[kmgt]i?$/i.test(amount) ? `${amount}B` : amount
  return parse(rate, 'rate', 'write 100mbit, 12.5MB or a number of bytes a second', true)
}

/** Bytes, or a share as 20%. A prefix alone is binary, as with other disk tools: 50G is 50GiB. Throws a UsageError otherwise. */
export function parseQuota(text: string): number | { share: number } {
  const trimmed = text.trim()
  const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(trimmed) ?? []
  const share = Number(percent) / 100
  if (share > 0 && share <= 1) return { share }
  const size = /^[\d.]+\s*[kmgt]$/i.test(trimmed) ? `${trimmed}iB` : trimmed
  return Math.floor(parse(size, 'quota', 'write 50GiB, 50G or 20%', false))
}

function parse(text: string, what: string, hint: string, inBits: boolean): number {
  const trimmed = text.trim()
  const bytes = /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : withUnit(trimmed, inBits)
  if (bytes === undefined || !(bytes > 0) || bytes > MAX_BYTES) {
    throw new UsageError(`not a ${what}: ${JSON.stringify(text.slice(0, 50))}`, hint)
  }
  return bytes
}

/** `Mb` may mean bits or bytes, so that a lower-case b is refused. */
function withUnit(text: string, inBits: boolean): number | undefined {
  const [, number = '', prefix = '', binary = '', unit = ''] = SHAPE.exec(text) ?? []
  const isBit = unit.toLowerCase() === 'bit'
  if (number === '' || unit === 'b' || (isBit && !inBits) || (prefix === '' && binary !== '')) return undefined
  const factor = (binary === '' ? 1000 : 1024) ** (POWER[prefix.toLowerCase()] ?? 0)
  return (Number(number) * factor) / (isBit ? 8 : 1)
}

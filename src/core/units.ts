// Reads sizes (512KiB) and rates (12.5MB, 100mbit).

const SHAPE = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)(bit|b)$/i
const POWER: Record<string, number> = { '': 0, k: 1, m: 2, g: 3, t: 4 }
/** 8 PB; nobody means more, and sums of it stay exact. */
const MAX_BYTES = 8e15

/** Bytes, above 0: 512KiB, 1MB or a plain number, and with `inBits` 100mbit, too. Undefined for anything else, or above 8 PB. */
export function bytesOf(text: string, inBits: boolean): number | undefined {
  const trimmed = text.trim()
  const bytes = /^\d+(\.\d+)?$/.test(trimmed) ? Number(trimmed) : withUnit(trimmed, inBits)
  return bytes !== undefined && bytes > 0 && bytes <= MAX_BYTES ? bytes : undefined
}

/** Bytes a second: 100mbit, 12.5MB, 100M, each with or without /s, and a plain number. Undefined as above. */
export function rateOf(text: string): number | undefined {
  const amount = text.trim().replace(/(?<=[a-z])\/s$/i, '')
  return bytesOf(/^[\d.]+\s*[kmgt]i?$/i.test(amount) ? `${amount}B` : amount, true)
}

/** `Mb` may mean bits or bytes, so that a lower-case b is refused. */
function withUnit(text: string, inBits: boolean): number | undefined {
  const [, number = '', prefix = '', binary = '', unit = ''] = SHAPE.exec(text) ?? []
  const isBit = unit.toLowerCase() === 'bit'
  if (number === '' || unit === 'b' || (isBit && !inBits) || (prefix === '' && binary !== '')) return undefined
  const factor = (binary === '' ? 1000 : 1024) ** (POWER[prefix.toLowerCase()] ?? 0)
  return (Number(number) * factor) / (isBit ? 8 : 1)
}

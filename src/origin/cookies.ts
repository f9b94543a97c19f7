// Cookies set by redirects, kept for the length of one request.
import type { HeaderList } from '../core/headers.ts'
import type { AnswerHeaders } from './fields.ts'

/** Bytes of names and values from one origin; what goes beyond is not kept. */
export const MAX_COOKIE_BYTES = 16 * 1024

/** They go back to the origin (scheme, host, port) that set them and nowhere else; paths and domains are not looked at. */
export class Cookies {
  readonly #jars = new Map<string, Map<string, string>>()

  take(headers: AnswerHeaders, { origin }: URL): void {
    const given = headers['set-cookie']
    const jar = this.#jars.get(origin) ?? new Map<string, string>()
    this.#jars.set(origin, jar)
    for (const line of given === undefined ? [] : [given].flat()) {
      const [, name, value] = /^\s*([^=;\s]+)\s*=\s*([^;]*)/.exec(line) ?? []
      if (name === undefined || value === undefined) continue
      if (/;\s*max-age\s*=\s*(0|-)/i.test(line)) jar.delete(name)
      else if (sizeOf(jar) + name.length + value.length <= MAX_COOKIE_BYTES) jar.set(name, value.trim())
    }
  }

  /** The headers with what this origin has set. */
  added(headers: HeaderList, { origin }: URL): HeaderList {
    const jar = this.#jars.get(origin)
    if (jar === undefined || jar.size === 0) return headers
    const own = headers.filter(([name]) => name.toLowerCase() === 'cookie').map(([, value]) => value)
    const set = [...jar].map(([name, value]) => `${name}=${value}`)
    return [...headers.filter(([name]) => name.toLowerCase() !== 'cookie'), ['cookie', [...own, ...set].join('; ')]]
  }
}

function sizeOf(jar: ReadonlyMap<string, string>): number {
  return [...jar].reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}

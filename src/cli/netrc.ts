// Reads user and password for a host from a netrc file, as curl and wget do.
import { readFile } from 'node:fs/promises'
import { UsageError, unreadable } from './errors.ts'

const MAX_BYTES = 1024 * 1024

export interface Login {
  user: string
  password: string
}

/** `default`: the entry for every host that has none. */
export interface Netrc {
  machines: ReadonlyMap<string, Login>
  default: Login | undefined
}

/** No file is an empty one, unless it `mustBe`. Rejects with a UsageError. */
export async function readNetrc(file: string, mustBe: boolean): Promise<Netrc> {
  try {
    const text = await readFile(file, 'utf8')
    if (text.length > MAX_BYTES) throw new UsageError(`${file}: longer than ${MAX_BYTES} bytes`)
    return parseNetrc(text)
  } catch (error) {
    if (error instanceof UsageError) throw error
    if (mustBe) throw unreadable(file, error)
    return { machines: new Map(), default: undefined }
  }
}

/** Words it does not know are passed over; of two entries for one host the first counts. */
export function parseNetrc(text: string): Netrc {
  const words = wordsOf(text)
  const machines = new Map<string, Login>()
  let anybody: Login | undefined
  let login: Partial<Login> | undefined
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === 'machine') {
      const host = (words[++at] ?? '').toLowerCase()
      const entry = { user: '', password: '' }
      if (host !== '' && !machines.has(host)) machines.set(host, entry)
      login = entry
    } else if (word === 'default') {
      anybody ??= { user: '', password: '' }
      login = anybody
    } else if (word === 'login' && login !== undefined) login.user = words[++at] ?? ''
    else if (word === 'password' && login !== undefined) login.password = words[++at] ?? ''
    else if (word === 'account') at++
  }
  return { machines, default: anybody }
}

/** Macros end with an empty line; `#` begins a comment where a keyword may stand; words may be in double quotes. */
function wordsOf(text: string): string[] {
  const withoutMacros = text.replace(/^[ \t]*macdef\b[^\n]*\n(?:[^\n]*\S[^\n]*(?:\n|$))*/gm, '')
  const found: string[] = []
  for (const line of withoutMacros.split(/\r?\n/)) {
    for (const [, quoted, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      const takesAny = ['machine', 'login', 'password', 'account'].includes(found.at(-1) ?? '')
      if (plain?.startsWith('#') === true && !takesAny) break
      found.push(plain ?? (quoted ?? '').replace(/\\(.)/g, '$1'))
    }
  }
  return found
}

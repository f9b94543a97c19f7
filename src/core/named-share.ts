// The address of a folder that a seed shares as it is now: dragonfly://NAME/PATH. Who is trusted to say what NAME is, the asker names.
import { DragonflyError } from './errors.ts'

/** What an address says. */
export interface NamedShare {
  name: string
  /** Names with slashes between, below the folder; empty: all of it. */
  path: string
  /** Whether the path is that of a folder. */
  isFolder: boolean
}

/** Whatever a URL may have as its host in every parser, and a command line without quotes. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
/** As for the path of a file in the list of a folder, each byte as %XX. */
const MAX_CHARS = 4096

export function isShareName(text: string): boolean {
  return NAME.test(text)
}

export function isNamedShare(text: string): boolean {
  return /^dragonfly:\/\//i.test(text)
}

/** Of all of it. */
export function namedShareUrl(name: string): string {
  return `dragonfly://${name}/`
}

/** Throws `bad-url`. */
export function parseNamedShare(text: string): NamedShare {
  const url = text.length > MAX_CHARS || !isNamedShare(text) ? null : URL.parse(text)
  const isPlain = url !== null && [url.username, url.password, url.port, url.search, url.hash].every(part => part === '')
  const path = isPlain && isShareName(url.hostname) ? decoded(url.pathname) : undefined
  if (url === null || path === undefined) {
    throw new DragonflyError('bad-url', `not the name of a shared folder: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: 'write dragonfly://NAME/ with the name that the seed shares it by, or dragonfly://NAME/FILE',
    })
  }
  return { name: url.hostname, path: path.replace(/^\/|\/$/g, ''), isFolder: path === '' || path.endsWith('/') }
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

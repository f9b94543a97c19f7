// Reads the path of a request below /hf: a file of a repository at one revision, or anything else that a hub knows.

/** What clients have at the end of HF_ENDPOINT. */
export const HUB_PREFIX = '/hf'
/** Longest request target, bytes: a page of a listing is named by a cursor in its query. */
export const MAX_TARGET = 8 * 1024

/** A file, its parts without escapes. */
export interface FileRoute {
  /** `datasets/` and the like included. */
  repo: string
  revision: string
  path: string
}

export interface HubTarget {
  /** For the hub: path and query, as they came. */
  path: string
  /** Undefined: anything else. */
  file: FileRoute | undefined
}

export function isHubPath(target: string): boolean {
  return target === HUB_PREFIX || target.startsWith(`${HUB_PREFIX}/`)
}

/** Undefined: too long, or a path that servers and URL parsers read in different ways. */
export function parseHubTarget(target: string): HubTarget | undefined {
  if (Buffer.byteLength(target) > MAX_TARGET) return undefined
  const [whole, path = '', query = ''] = /^\/hf((?:\/[^?#]*)?)(\?[^#]*)?$/.exec(target) ?? []
  if (whole === undefined || /[\\\s]|\/\/|\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) return undefined
  const file = query === '' || query === '?download=true' ? fileOf(path) : undefined
  return { path: (path === '' ? '/' : path) + query, file }
}

function fileOf(path: string): FileRoute | undefined {
  const [, repo, revision, name] =
    /^\/((?:(?:datasets|spaces)\/)?[\w.-]+(?:\/[\w.-]+)?)\/resolve\/([^/]+)\/(.+)$/.exec(path) ?? []
  if (repo === undefined || revision === undefined || name === undefined || name.endsWith('/')) return undefined
  try {
    return { repo, revision: decodeURIComponent(revision), path: name.split('/').map(decodeURIComponent).join('/') }
  } catch {
    return undefined
  }
}

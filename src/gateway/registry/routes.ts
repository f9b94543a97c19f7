// Reads the path of a request below /v2/, by the grammar of the OCI distribution specification.

/** Longest request target, bytes: a token of a registry may stand in its query. */
export const MAX_TARGET = 8 * 1024
/** Longest name of a repository, as registries have it. */
export const MAX_NAME = 255

const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const DIGEST = /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]{32,256}$/
const SHA256 = /^sha256:[0-9a-f]{64}$/
/** `reg.corp`, `reg.corp:5000`, `localhost:5000`, `[::1]:5000`. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/

/** What is asked for. `path` is what the registry is asked for: without the host that stood in front of it. */
export type Route =
  | { kind: 'base'; path: string }
  | { kind: 'manifest'; path: string; name: string; reference: string; isDigest: boolean }
  | { kind: 'blob'; path: string; name: string; digest: string }
  /** Anything else that a registry may know: passed through. */
  | { kind: 'other'; path: string }

/** A request below /v2/. */
export interface Target {
  route: Route
  /** The registry as the request names it, in lower case; undefined: the default one. */
  host: string | undefined
  /** The registry as it stood in the path. Paths in answers then need it, too. */
  prefix: string | undefined
  /** For the registry: without `ns`. Empty, or begins with a question mark. */
  query: string
}

/** Undefined: not below /v2/, too long, or not a name that a registry can have. */
export function parseTarget(text: string): Target | undefined {
  if (Buffer.byteLength(text) > MAX_TARGET) return undefined
  const [, path = '', query = ''] = /^(\/v2(?:\/[^?#]*)?)(?:\?([^#]*))?$/.exec(text) ?? []
  // nothing that servers, or URL parsers, read as another path
  if (path === '' || /[\\\s]|%2f|%5c|\/\/|\/\.{1,2}(?:\/|$)|%2e/i.test(path)) return undefined
  const fields = query.split('&').filter(field => field !== '')
  const named = fields.filter(field => /^ns=/.test(field))
  const rest = fields.filter(field => !/^ns=/.test(field))
  const suffix = rest.length === 0 ? '' : `?${rest.join('&')}`
  if (named.length > 1) return undefined
  if (named[0] !== undefined) {
    const host = parseHost(decoded(named[0].slice(3)))
    return host === undefined ? undefined : { route: routeOf(path), host, prefix: undefined, query: suffix }
  }
  const [, first = '', below = ''] = /^\/v2\/([^/]+)(\/.*)$/.exec(path) ?? []
  const host = looksLikeHost(first) && isBelowName(below) ? parseHost(withColon(decoded(first))) : undefined
  if (host === undefined) return { route: routeOf(path), host: undefined, prefix: undefined, query: suffix }
  return { route: routeOf(below === '/' ? '/v2/' : `/v2${below}`), host, prefix: first, query: suffix }
}

/** A registry's host in lower case; undefined when it is none. */
export function parseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  if (!HOST.test(host) || host.includes('..')) return undefined
  return Number(/:(\d+)$/.exec(host.replace(/^\[.*\]/, ''))?.[1] ?? 0) <= 65_535 ? host : undefined
}

/** As in image names: a dot, a port, or `localhost`. */
function looksLikeHost(component: string): boolean {
  return /[.:]|%3a/i.test(component) || /^localhost(?:_\d+)?$/.test(component)
}

/** Image names have no colon in their path: podman and skopeo write `reg.corp_5000` for `reg.corp:5000`. No host has an underscore. */
function withColon(component: string): string {
  return component.replace(/_(\d{1,5})$/, ':$1')
}

/** `my.app/manifests/v1` is a repository without a registry. */
function isBelowName(rest: string): boolean {
  return !/^\/(?:(?:manifests|blobs|referrers|tags)\/[^/]+|blobs\/uploads\/.*)$/.test(rest)
}

function routeOf(path: string): Route {
  if (path === '/v2/' || path === '/v2') return { kind: 'base', path: '/v2/' }
  const [, name = '', kind, reference = ''] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(path) ?? []
  if (kind === undefined || name.length > MAX_NAME || !NAME.test(name)) return { kind: 'other', path }
  const last = decoded(reference)
  if (kind === 'manifests' && (TAG.test(last) || DIGEST.test(last)))
    return { kind: 'manifest', path, name, reference: last, isDigest: last.includes(':') }
  if (kind === 'blobs' && isSha256(last)) return { kind: 'blob', path, name, digest: last }
  return { kind: 'other', path }
}

export function isSha256(digest: string): boolean {
  return SHA256.test(digest)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

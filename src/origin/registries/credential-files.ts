// Reads credential files of docker and containers (config.json, auth.json): parsing only, no file and no program is touched.
import { DragonflyError } from '../../core/errors.ts'

export type Credential =
  | { kind: 'basic'; username: string; password: string }
  /** A refresh token of OAuth 2.0; docker calls it an identity token. */
  | { kind: 'identity'; token: string }
  /** A Bearer token that the registry takes as it is. */
  | { kind: 'registry'; token: string }

/** What one file says. */
export interface CredentialFile {
  auths: ReadonlyMap<string, Credential>
  /** Registry → name of its credential helper. */
  helpers: ReadonlyMap<string, string>
  /** Name of the helper of all other registries. */
  store: string | undefined
}

/** What no file and no helper may exceed, characters: it has to fit into one header field. */
export const MAX_SECRET = 12_000
const MAX_ENTRIES = 4096
/** The key of Docker Hub in every file and helper. */
const HUB_KEY = 'https://index.docker.io/v1/'
const HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io'])

/** Throws `bad-option` that names the file; never repeats what is in it. */
export function parseCredentialFile(text: string, file: string): CredentialFile {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw malformed(file, 'it is not JSON')
  }
  if (!isObject(json)) throw malformed(file, 'it is not a JSON object')
  const auths = new Map<string, Credential>()
  for (const [key, entry] of entriesOf(json, 'auths', file)) {
    const credential = isObject(entry) ? credentialOf(entry) : undefined
    if (credential !== undefined) auths.set(normalKey(key), credential)
  }
  const helpers = new Map<string, string>()
  for (const [key, name] of entriesOf(json, 'credHelpers', file)) {
    if (typeof name === 'string') helpers.set(normalKey(key), checkedHelper(name, file))
  }
  const { credsStore } = json
  const store = typeof credsStore === 'string' && credsStore !== '' ? checkedHelper(credsStore, file) : undefined
  return { auths, helpers, store }
}

/** Keys under which a repository may have its own credentials, most specific first: host/a/b, host/a, host. */
export function keysOf(registry: URL, repository = ''): string[] {
  const host = hostKey(registry.host)
  const parts = repository.split('/').filter(part => part !== '')
  return [...parts.map((_, at) => [host, ...parts.slice(0, parts.length - at)].join('/')), host]
}

/** What a credential helper is asked for. */
export function helperKey(registry: URL): string {
  return hostKey(registry.host) === 'docker.io' ? HUB_KEY : registry.host
}

/** What `docker-credential-NAME get` prints. Undefined: nothing of use. */
export function parseHelperOutput(text: string): Credential | undefined {
  const json = safeJson(text)
  if (!isObject(json)) return undefined
  const { Username: username, Secret: secret } = json
  if (typeof username !== 'string' || typeof secret !== 'string') return undefined
  return username === '<token>' ? tokenOf('identity', secret) : basicOf(username, secret)
}

/** Old files have `https://HOST/v1/` and the like. A key without a scheme may go on with a path: it is a namespace. */
function normalKey(key: string): string {
  const [, rest] = /^https?:\/\/(.*)$/.exec(key) ?? []
  const [host = '', ...path] = (rest ?? key).split('/')
  if (rest !== undefined) return hostKey(host)
  return [hostKey(host), ...path.filter(part => part !== '')].join('/')
}

/** Docker Hub goes by several names. */
function hostKey(host: string): string {
  const lower = host.toLowerCase().replace(/:443$/, '')
  return HUB.has(lower) ? 'docker.io' : lower
}

/** As docker does it: a token wins over name and password. */
function credentialOf({
  auth,
  identitytoken,
  registrytoken,
  username,
  password,
}: Record<string, unknown>): Credential | undefined {
  if (typeof registrytoken === 'string' && registrytoken !== '') return tokenOf('registry', registrytoken)
  if (typeof identitytoken === 'string' && identitytoken !== '') return tokenOf('identity', identitytoken)
  if (typeof auth === 'string' && auth !== '') {
    const text = Buffer.from(auth, 'base64').toString('utf8').replace(/\0+$/, '')
    const colon = text.indexOf(':')
    return colon < 1 ? undefined : basicOf(text.slice(0, colon), text.slice(colon + 1))
  }
  return typeof username === 'string' && typeof password === 'string' ? basicOf(username, password) : undefined
}

function tokenOf(kind: 'identity' | 'registry', token: string): Credential | undefined {
  return /^[\x21-\x7e]+$/.test(token) && token.length <= MAX_SECRET ? { kind, token } : undefined
}

function basicOf(username: string, password: string): Credential | undefined {
  if (username === '' || username.includes(':') || username.length + password.length > MAX_SECRET) return undefined
  return { kind: 'basic', username, password }
}

/** It becomes part of a program's name. */
function checkedHelper(name: string, file: string): string {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) return name
  throw malformed(file, 'the name of a credential helper has other characters than letters, digits, dots, dashes and underscores')
}

function entriesOf(json: Record<string, unknown>, key: string, file: string): [string, unknown][] {
  const value = json[key] ?? {}
  if (!isObject(value)) throw malformed(file, `${key} is not an object`)
  const entries = Object.entries(value)
  if (entries.length > MAX_ENTRIES) throw malformed(file, `${key} has more than ${MAX_ENTRIES} entries`)
  return entries
}

function malformed(file: string, why: string): DragonflyError {
  return new DragonflyError('bad-option', `credentials of ${file}: ${why}`, { hint: 'write it again with docker login' })
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

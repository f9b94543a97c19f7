// hf://[datasets/|spaces/]ORG/REPO[@REVISION]/PATH: what it names, which hub it is at, and the token for it.
import { readFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { DragonflyError } from '../../core/errors.ts'
import { encodePart, encodePath } from './source.ts'

const ENDPOINT = 'https://huggingface.co'
const MAX_TOKEN_BYTES = 4096

/** A file, or with a slash at the end of its path, or without any, a folder. */
export interface Wanted {
  /** `datasets/`, `spaces/` or empty. */
  kind: string
  repo: string
  revision: string
  path: string
}

export interface Token {
  value: string
  /** Where it is from, for messages. */
  from: string
}

const FORM = /^hf:\/\/((?:datasets|spaces|models)\/)?([\w.-]+)\/([\w.-]+)(?:@([^/?#]+))?(?:\/([^?#]*))?$/i

/** Of a file. Throws `bad-url`. */
export function parseHubUrl(url: string): Wanted {
  const wanted = parse(url)
  if (wanted !== undefined && !isFolderPath(wanted.path)) return wanted
  const hint = 'write hf://ORG/REPO/FILE, hf://ORG/REPO@REVISION/FILE or hf://datasets/ORG/REPO/FILE'
  throw new DragonflyError('bad-url', 'not the URL of one file of a hub', { hint })
}

/** Of a folder, whether it ends with a slash or not: its path does, or is empty. Throws `bad-url`. */
export function parseHubFolder(url: string): Wanted {
  const wanted = parse(url)
  const hint = 'write hf://ORG/REPO, hf://ORG/REPO@REVISION, hf://ORG/REPO/FOLDER/ or hf://datasets/ORG/REPO'
  if (wanted === undefined) throw new DragonflyError('bad-url', 'not the URL of a repository of a hub', { hint })
  return { ...wanted, path: isFolderPath(wanted.path) ? wanted.path : `${wanted.path}/` }
}

export function isHubFolder(url: string): boolean {
  const wanted = parse(url)
  return wanted !== undefined && isFolderPath(wanted.path)
}

function isFolderPath(text: string): boolean {
  return text === '' || text.endsWith('/')
}

function parse(url: string): Wanted | undefined {
  const [, kind = '', org = '', name = '', revision = 'main', file = ''] = FORM.exec(url) ?? []
  // the name of a kind is no organisation
  if (name === '' || (kind === '' && /^(?:datasets|spaces|models)$/i.test(org))) return undefined
  const isModel = kind === '' || kind.toLowerCase() === 'models/'
  return { kind: isModel ? '' : kind.toLowerCase(), repo: `${org}/${name}`, revision: decoded(revision), path: file }
}

/** Where the hub has a file. Throws `bad-url` for a path that cannot be asked for. */
export function fileUrl(endpoint: string, { kind, repo, revision, path }: Wanted): string {
  return `${endpoint}/${kind}${repo}/resolve/${encodePart(revision)}/${encodePath(path)}`
}

/** A branch with a slash is written with %2F. */
function decoded(revision: string): string {
  try {
    return decodeURIComponent(revision)
  } catch {
    return revision
  }
}

export function endpointOf(env: NodeJS.ProcessEnv): string {
  const text = (env.HF_ENDPOINT || ENDPOINT).replace(/\/+$/, '')
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw new DragonflyError('bad-option', 'HF_ENDPOINT is not an http(s) URL', { hint: `set it to ${ENDPOINT}, or unset it` })
}

/** Where huggingface_hub looks, in its order. */
export async function tokenOf(env: NodeJS.ProcessEnv): Promise<Token | undefined> {
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const value = env[name]?.trim()
    if (value) return checked({ value, from: name })
  }
  const home = env.HF_HOME ?? path.join(env.XDG_CACHE_HOME ?? path.join(env.HOME ?? os.homedir(), '.cache'), 'huggingface')
  const file = env.HF_TOKEN_PATH ?? path.join(home, 'token')
  const text = await readFile(file, 'utf8').catch(() => '')
  const value = text.trim()
  return value === '' ? undefined : checked({ value, from: file })
}

function checked(token: Token): Token {
  if (/^[\x21-\x7e]+$/.test(token.value) && token.value.length <= MAX_TOKEN_BYTES) return token
  throw new DragonflyError('bad-header', `the token of ${token.from} has characters that no token has`, { hint: 'hf auth login' })
}

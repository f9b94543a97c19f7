// Credentials of registries from files as docker and podman write them, and from the credential helpers that these name.
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'
import { type Credential, type CredentialFile, helperKey, keysOf, parseCredentialFile } from './credential-files.ts'
import { askHelper } from './credential-helper.ts'

const MAX_FILE_BYTES = 1024 * 1024
const MAX_HELPER_ANSWERS = 256
/** How long the answer of a helper is used again, ms. Helpers of clouds start slow programs. */
const HELPER_LIFE_MS = 60_000
/** How long a helper that fails is left alone, ms. */
const FAILURE_LIFE_MS = 10_000

export interface CredentialsOptions {
  /** The first with credentials of a registry wins. One that does not exist says nothing. */
  files: readonly string[]
  /** What helpers are run with: PATH, HOME and their own variables. */
  env: NodeJS.ProcessEnv
  /** Milliseconds, default 30,000. */
  helperTimeoutMs?: number
}

/** Where docker, podman and skopeo of this user have credentials. A file that was named is the only one, as for podman. */
export function userCredentialFiles(env: NodeJS.ProcessEnv, homeFolder: string): string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE]
  return [
    ...(env.XDG_RUNTIME_DIR ? [path.join(env.XDG_RUNTIME_DIR, 'containers', 'auth.json')] : []),
    path.join(env.XDG_CONFIG_HOME || path.join(homeFolder, '.config'), 'containers', 'auth.json'),
    path.join(env.DOCKER_CONFIG || path.join(homeFolder, '.docker'), 'config.json'),
  ]
}

/** A file that has changed is read again with the next question. */
export class Credentials {
  readonly #options: CredentialsOptions
  readonly #read = new Map<string, { stamp: string; content: CredentialFile }>()
  readonly #helped = new LRUCache<string, Promise<Credential | undefined>>({ max: MAX_HELPER_ANSWERS, ttl: HELPER_LIFE_MS })

  constructor(options: CredentialsOptions) {
    this.#options = options
  }

  /** Those of the repository, its namespace or its registry. Rejects with `bad-option` when a file or a helper is broken. */
  async find(registry: URL, repository?: string): Promise<Credential | undefined> {
    const keys = keysOf(registry, repository)
    for (const file of this.#options.files) {
      const content = await this.#contentOf(file)
      const found = content && (await this.#among(content, keys, registry))
      if (found !== undefined) return found
    }
    return undefined
  }

  /** As docker does it: a registry's own helper, else the helper of all, else the file itself. */
  async #among({ auths, helpers, store }: CredentialFile, keys: string[], registry: URL): Promise<Credential | undefined> {
    for (const key of keys) {
      const helper = helpers.get(key)
      if (helper !== undefined) return await this.#ask(helper, registry)
    }
    const stored = store === undefined ? undefined : await this.#ask(store, registry)
    return stored ?? keys.map(key => auths.get(key)).find(credential => credential !== undefined)
  }

  /** Any number of requests at the same time run it once. */
  async #ask(helper: string, registry: URL): Promise<Credential | undefined> {
    const key = `${helper} ${helperKey(registry)}`
    const known = this.#helped.get(key)
    if (known !== undefined) return await known
    const { env, helperTimeoutMs } = this.#options
    const asked = askHelper(helper, helperKey(registry), env, helperTimeoutMs)
    this.#helped.set(key, asked)
    try {
      return await asked
    } catch (error) {
      if (this.#helped.peek(key) === asked) this.#helped.set(key, asked, { ttl: FAILURE_LIFE_MS })
      throw error
    }
  }

  async #contentOf(file: string): Promise<CredentialFile | undefined> {
    try {
      const { mtimeMs, size, ino } = await stat(file)
      const stamp = `${mtimeMs} ${size} ${ino}`
      const known = this.#read.get(file)
      if (known?.stamp === stamp) return known.content
      if (size > MAX_FILE_BYTES)
        throw new DragonflyError('bad-option', `credentials of ${file}: longer than ${MAX_FILE_BYTES} bytes`)
      const content = parseCredentialFile(await readFile(file, 'utf8'), file)
      this.#read.set(file, { stamp, content })
      return content
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      if (error instanceof DragonflyError) throw error
      throw new DragonflyError('bad-option', `credentials of ${file}: it cannot be read: ${code}`, { cause: error })
    }
  }
}

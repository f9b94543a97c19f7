// Asks an LFS server where an object can be read: the batch API of git-lfs.
import type { HeaderList } from '../core/headers.ts'
import type { SourceReach } from '../origin/sources/source.ts'
import type { Upstream } from '../origin/upstream.ts'

const MEDIA_TYPE = 'application/vnd.git-lfs+json'
/** Longest answer, bytes: it is about one object. */
const MAX_ANSWER = 64 * 1024
const ANSWER_MS = 60_000
const MAX_HREF = 8 * 1024
const MAX_HEADERS = 64

export interface LfsObject {
  /** sha2-256, as hexadecimal digits. */
  oid: string
  size: number
}

/** Who we are at a server. */
export interface LfsLogins {
  /** `user:password`; undefined: nobody. */
  find(url: URL): Promise<string | undefined>
  /** Told whether they were good. */
  judge(url: URL, login: string, isGood: boolean): Promise<void>
}

/** Where it can be read. */
export interface LfsAction {
  href: string
  headers: HeaderList
}

/** The batch API of one LFS server, for `df lfs agent`. Remembers the login while it lives, and keeps its connection. */
export class LfsApi implements AsyncDisposable {
  readonly #endpoint: string
  readonly #url: URL
  readonly #logins: LfsLogins
  readonly #upstream: Upstream
  #login: string | undefined

  private constructor(endpoint: string, logins: LfsLogins, upstream: Upstream) {
    this.#endpoint = endpoint
    this.#url = new URL(`${endpoint.replace(/\/+$/, '')}/objects/batch`)
    const { username, password } = this.#url
    this.#url.username = ''
    this.#url.password = ''
    if (username !== '') this.#login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    this.#logins = logins
    this.#upstream = upstream
  }

  /** Rejects with `bad-option` for a malformed proxy or file of authorities. */
  static async open(endpoint: string, logins: LfsLogins, { proxy, noProxy, ca }: SourceReach): Promise<LfsApi> {
    const [{ Upstream }, { Proxies }, { caFileOf }] = await Promise.all([
      import('../origin/upstream.ts'),
      import('../origin/proxies.ts'),
      import('../origin/trust.ts'),
    ])
    const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
    const settings = { proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env), headersTimeoutMs: ANSWER_MS }
    return new LfsApi(endpoint, logins, new Upstream(settings))
  }

  /** Rejects where git-lfs, asked again, says better what is wrong. */
  async find(object: LfsObject): Promise<LfsAction> {
    let answer = await this.#post(object)
    if (answer.status === 401 && this.#login === undefined) {
      this.#login = await this.#logins.find(new URL(this.#endpoint))
      if (this.#login === undefined) throw new Error('the LFS server asks for a login')
      answer = await this.#post(object)
      await this.#logins.judge(new URL(this.#endpoint), this.#login, answer.status !== 401)
    }
    if (answer.status !== 200) throw new Error(`the LFS server answers ${answer.status}`)
    return actionIn(answer.text, object)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#upstream.stop()
  }

  async #post(object: LfsObject): Promise<{ status: number; text: string }> {
    // GitHub refuses those that name no program
    const { USER_AGENT } = await import('../origin/http-client.ts')
    const login = this.#login
    const authorization = login === undefined ? [] : ['authorization', `Basic ${Buffer.from(login).toString('base64')}`]
    const answer = await this.#upstream.send({
      method: 'POST',
      url: this.#url,
      headers: ['user-agent', USER_AGENT, 'accept', MEDIA_TYPE, 'content-type', MEDIA_TYPE, ...authorization],
      body: JSON.stringify({ operation: 'download', transfers: ['basic'], objects: [object], hash_algo: 'sha256' }),
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const parts: Buffer[] = []
    let bytes = 0
    for await (const part of answer.body as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > MAX_ANSWER) throw new Error('the answer of the LFS server is too long')
      parts.push(part)
    }
    return { status: answer.status, text: Buffer.concat(parts).toString('utf8') }
  }
}
/** Throws for what is no answer about this object. */
export function actionIn(text: string, { oid }: LfsObject): LfsAction {
  const { objects } = JSON.parse(text) as { objects?: unknown }
  const found = Array.isArray(objects) ? (objects as Record<string, unknown>[]).find(each => each?.oid === oid) : undefined
  const error = found?.error as { code?: unknown; message?: unknown } | undefined
  if (error !== undefined) throw new Error(`the LFS server says ${String(error.code)}: ${String(error.message).slice(0, 200)}`)
  const { href, header = {} } = ((found?.actions as Record<string, unknown> | undefined)?.download ?? {}) as {
    href?: unknown
    header?: Record<string, unknown>
  }
  if (typeof href !== 'string' || href.length > MAX_HREF || !/^https?:\/\//.test(href))
    throw new Error('the LFS server names no URL')
  const headers = Object.entries(header).map(([name, value]): [string, string] => [name.toLowerCase(), String(value)])
  if (headers.length > MAX_HEADERS) throw new Error('the LFS server names too many headers')
  return { href, headers }
}

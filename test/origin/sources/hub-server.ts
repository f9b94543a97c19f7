// A hub after the public API of huggingface.co: it redirects to signed URLs of another host, where the bytes are.
import { createHash } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HubFile {
  /** `datasets/` and the like included. */
  repo: string
  path: string
  body: Buffer
  /** In large-file storage: at the other host, under its sha2-256. Default true. */
  isLarge?: boolean
  access?: 'open' | 'private' | 'gated'
  /** Only in this commit. Default: in each. */
  commit?: string
}

export const COMMIT = createHash('sha1').update('commit').digest('hex')
/** Of what was pushed later. */
export const NEXT_COMMIT = createHash('sha1').update('next commit').digest('hex')
/** As that of the hub, smaller. */
const TREE_PAGE = 10

export class HubServer {
  readonly url: string
  readonly cdnUrl: string
  /** Requests of both hosts. */
  readonly requests: { host: 'hub' | 'cdn'; path: string; authorization: string | undefined; bytes: number }[] = []
  /** Who may read what is private, and who was let in by a gate. */
  readonly tokens: { members: Set<string>; admitted: Set<string> } = { members: new Set(), admitted: new Set() }
  /** Whether who has no token is told to come back later. */
  isBusy = false
  /** What branches lead to. */
  head = COMMIT
  /** Added to each page of a tree, as the hub would say it. */
  readonly moreEntries: object[] = []
  /** Where the link to the next page of a tree leads: to another name of the hub, as behind a mirror. Default: here. */
  pagesAt: string | undefined
  /** Whether the list of a tree has no end. */
  isEndless = false
  /** Whether the other host gives bytes of the right length that are not what the hub says. */
  isCdnWrong = false
  readonly #files: HubFile[]
  readonly #servers: http.Server[]

  private constructor(files: HubFile[], servers: [hub: http.Server, cdn: http.Server]) {
    this.#files = files
    this.#servers = servers
    const [hub, cdn] = servers
    this.url = urlOf(hub)
    // another name of this host: another host for whoever has a token
    this.cdnUrl = urlOf(cdn).replace('127.0.0.1', 'localhost')
    hub.on('request', (request, response) => this.#hub(request, response))
    cdn.on('request', (request, response) => this.#cdn(request, response))
  }

  static async start(files: HubFile[]): Promise<HubServer> {
    const servers = [http.createServer(), http.createServer()] as [http.Server, http.Server]
    for (const server of servers) await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new HubServer(files, servers)
  }

  get cdnBytes(): number {
    return this.requests.filter(({ host }) => host === 'cdn').reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }

  #hub(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { authorization } = request.headers
    const url = new URL(request.url ?? '/', this.url)
    this.requests.push({ host: 'hub', path: url.pathname, authorization, bytes: 0 })
    const api = /^\/api\/(?:models\/)?(.+?)\/(revision|tree)\/([^/]+)(?:\/(.+))?$/.exec(decodeURIComponent(url.pathname))
    const [, repo = '', , revision = '', path = ''] =
      api ?? /^\/(.+)\/(resolve)\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? []
    const refuse = (status: number, code: string) =>
      void response.writeHead(status, { 'x-error-code': code, 'x-error-message': code }).end(code)
    if (this.isBusy && authorization === undefined) return void response.writeHead(429, { 'retry-after': '1' }).end()
    if (repo === 'org/old-name') {
      return void response.writeHead(307, { location: url.pathname.replace('old-name', 'weights') }).end()
    }
    const commit = [COMMIT, NEXT_COMMIT].includes(revision) ? revision : this.head
    const files = this.#files.filter(file => file.repo === repo && (file.commit ?? commit) === commit)
    const token = authorization?.replace('Bearer ', '') ?? ''
    const access = files[0]?.access ?? 'open'
    const isMember = this.tokens.members.has(token)
    if (files.length === 0 || (access === 'private' && !isMember)) return refuse(token === '' ? 401 : 404, 'RepoNotFound')
    const isKnown = ['main', 'v2', COMMIT, NEXT_COMMIT].includes(revision)
    if (api !== null && isKnown) return this.#api(url, response, { files, commit, kind: api[2] ?? '', path })
    if (access === 'gated' && !this.tokens.admitted.has(token)) return refuse(token === '' ? 401 : 403, 'GatedRepo')
    if (!isKnown) return refuse(404, 'RevisionNotFound')
    const file = files.find(file => file.path === path)
    if (file === undefined) return refuse(404, 'EntryNotFound')
    const sha256 = createHash('sha256').update(file.body).digest('hex')
    const common = { 'x-repo-commit': commit, 'accept-ranges': 'bytes' }
    if (file.isLarge === false) {
      const etag = `"${gitBlob(file.body)}"`
      return give(request, response, file.body, { ...common, etag }, () => {})
    }
    const location = `${this.cdnUrl}/repos/${sha256}?X-Amz-Signature=signed-by-the-hub`
    const linked = { 'x-linked-etag': `"${sha256}"`, 'x-linked-size': String(file.body.length), location }
    const xet = { 'x-xet-hash': sha256, 'x-xet-refresh-route': `/api/models/${repo}/xet-read-token/${COMMIT}` }
    const link = `<${this.url}${xet['x-xet-refresh-route']}>; rel="xet-auth", <${this.url}/cas/${sha256}>; rel="xet-reconstruction-info"`
    response.writeHead(302, { ...common, ...linked, ...xet, link, etag: `"${sha256}"` }).end()
  }

  /** What a repository is, and what it has: for everybody, behind a gate too. */
  #api(
    url: URL,
    response: http.ServerResponse,
    { files, commit, kind, path }: { files: HubFile[]; commit: string; kind: string; path: string },
  ): void {
    if (kind === 'revision') {
      const siblings = files.map(file => ({ rfilename: file.path }))
      const access = files[0]?.access ?? 'open'
      const facts = { id: files[0]?.repo, sha: commit, private: access === 'private', gated: access === 'gated' && 'manual' }
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...facts, siblings }))
    }
    const below = files.filter(file => path === '' || file.path.startsWith(`${path}/`))
    if (below.length === 0) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
    const from = Number(url.searchParams.get('cursor') ?? 0)
    const folders = from > 0 ? [] : [...new Set(below.flatMap(({ path }) => path.split('/').slice(0, -1)))]
    const entries = [
      ...folders.map(path => ({ type: 'directory', oid: sha1(path), size: 0, path })),
      ...below.slice(from, from + TREE_PAGE).map(entryOf),
      ...this.moreEntries,
    ]
    url.searchParams.set('cursor', String(from + TREE_PAGE))
    const isMore = from + TREE_PAGE < below.length || this.isEndless
    const link = `<${this.pagesAt ?? this.url}${url.pathname}${url.search}>; rel="next"`
    response.writeHead(200, { 'content-type': 'application/json', ...(isMore && { link }) })
    response.end(JSON.stringify(entries))
  }

  #cdn(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', this.cdnUrl)
    const noted = { host: 'cdn' as const, path: url.pathname, authorization: request.headers.authorization, bytes: 0 }
    this.requests.push(noted)
    const file = this.#files.find(({ body }) => url.pathname.endsWith(createHash('sha256').update(body).digest('hex')))
    if (file === undefined || url.searchParams.get('X-Amz-Signature') !== 'signed-by-the-hub') {
      return void response.writeHead(403).end()
    }
    const etag = `"${createHash('md5').update(file.body).digest('hex')}"`
    const body = this.isCdnWrong ? Buffer.from(file.body.map(byte => byte ^ 1)) : file.body
    give(request, response, body, { etag, 'accept-ranges': 'bytes' }, bytes => (noted.bytes += bytes))
  }
}

function give(
  { method, headers: { range } }: http.IncomingMessage,
  response: http.ServerResponse,
  body: Buffer,
  headers: http.OutgoingHttpHeaders,
  count: (bytes: number) => void,
): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? []
  const start = Number(from ?? 0)
  const end = to === undefined || to === '' ? body.length : Math.min(body.length, Number(to) + 1)
  const part = body.subarray(start, end)
  const place = from === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${body.length}` }
  response.writeHead(from === undefined ? 200 : 206, { ...headers, ...place, 'content-length': part.length })
  if (method === 'HEAD') return void response.end()
  count(part.length)
  response.end(part)
}

function entryOf({ path, body, isLarge = true }: HubFile): object {
  const pointer = 'version https://git-lfs.github.com/spec/v1'
  const lfs = { oid: createHash('sha256').update(body).digest('hex'), size: body.length, pointerSize: pointer.length }
  const oid = isLarge ? sha1(pointer) : gitBlob(body)
  return { type: 'file', oid, size: body.length, path, ...(isLarge && { lfs }) }
}

/** The id that git gives to a file. */
function gitBlob(body: Buffer): string {
  return sha1(Buffer.concat([Buffer.from(`blob ${body.length}\0`), body]))
}

function sha1(data: string | Buffer): string {
  return createHash('sha1').update(data).digest('hex')
}

function urlOf(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

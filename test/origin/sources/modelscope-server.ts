// A hub after the public API of ModelScope: lists with SHA-256, and files. What it lacks: commits, and redirects to other hosts.
import { createHash } from 'node:crypto'
import type http from 'node:http'
import { giveBytes, listening } from './byte-answers.ts'

export interface ModelScopeRepo {
  /** Path → content. */
  files: Record<string, Buffer>
  isPrivate?: true
}

export class ModelScopeServer {
  url = ''
  readonly requests: { path: string; cookie: string | undefined; bytes: number }[] = []
  readonly tokens = new Set<string>()
  /** `models/ORG/REPO` → what is there. */
  readonly #repos: Readonly<Record<string, ModelScopeRepo>>
  stop = async (): Promise<void> => {}

  private constructor(repos: Readonly<Record<string, ModelScopeRepo>>) {
    this.#repos = repos
  }

  static async start(repos: Readonly<Record<string, ModelScopeRepo>>): Promise<ModelScopeServer> {
    const server = new ModelScopeServer(repos)
    const { url, stop } = await listening((request, response) => server.#answer(request, response))
    return Object.assign(server, { url, stop })
  }

  get bytes(): number {
    return this.requests.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://x')
    const { cookie } = request.headers
    const noted = { path: url.pathname, cookie, bytes: 0 }
    this.requests.push(noted)
    const [, name = '', what = ''] =
      /^\/api\/v1\/((?:models|datasets)\/[^/]+\/[^/]+)\/repo(\/files|\/tree)?$/.exec(url.pathname) ?? []
    const repo = this.#repos[name]
    const isMember = this.tokens.has(cookie?.replace('m_session_id=', '') ?? '')
    const isKnown = repo !== undefined && ['master', 'v1'].includes(url.searchParams.get('Revision') ?? '')
    if (!isKnown || (repo.isPrivate && !isMember)) {
      response.writeHead(404, { 'content-type': 'application/json' })
      return void response.end(JSON.stringify({ Code: 10010205001, Message: 'not found', Success: false }))
    }
    if (what !== '') return this.#list(response, repo, url.searchParams, what === '/tree')
    const body = repo.files[url.searchParams.get('FilePath') ?? '']
    if (body === undefined) return void response.writeHead(404).end()
    noted.bytes = giveBytes(request, response, body, { etag: `"${createHash('md5').update(body).digest('hex')}"` })
  }

  #list(response: http.ServerResponse, { files }: ModelScopeRepo, query: URLSearchParams, isPaged: boolean): void {
    const root = query.get('Root') ? `${query.get('Root')}/` : ''
    const below = Object.entries(files).filter(([path]) => path.startsWith(root))
    const here = below.filter(([path]) => query.get('Recursive') === 'True' || !path.slice(root.length).includes('/'))
    const size = isPaged ? Number(query.get('PageSize')) : here.length
    const from = isPaged ? (Number(query.get('PageNumber')) - 1) * size : 0
    const listed = here.slice(from, from + size).map(([path, body]) => {
      const Sha256 = createHash('sha256').update(body).digest('hex')
      return { Name: path.split('/').at(-1), Path: path, Type: 'blob', Size: body.length, Sha256, IsLFS: true }
    })
    const folders = from === 0 && !isPaged ? [{ Name: 'sub', Path: 'sub', Type: 'tree', Size: 0, Sha256: '' }] : []
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ Code: 200, Data: { Files: [...folders, ...listed] }, Message: 'success', Success: true }))
  }
}

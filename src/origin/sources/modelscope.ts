// modelscope://[models/|datasets/]ORG/REPO[@REVISION]/PATH: a file of a repository of ModelScope. modelscope://ORG/REPO[/PATH/]: all below it.
import { DragonflyError } from '../../core/errors.ts'
import { cleanFileName } from '../../core/file-name.ts'
import type { HeaderList } from '../../core/headers.ts'
import { lies, statusError } from '../failures.ts'
import { type StoreAnswer, StoreClient } from './ask.ts'
import { allPages, type Page } from './pages.ts'
import { isShown } from './s3-region.ts'
import { encodePart, type ListedFile, type Source, type SourceReach, type SourceRequest } from './source.ts'

export const MODELSCOPE: Source = { resolve, isFolder, list }

const ENDPOINT = 'https://www.modelscope.cn'
const REVISION = 'master'
const MAX_TOKEN_BYTES = 4096
/** Of datasets; models come on one page. */
const FILES_OF_PAGE = 200
const MAX_FILES_OF_PAGE = 100_000

export interface ModelScopeFile {
  kind: 'models' | 'datasets'
  repo: string
  revision: string
  /** Empty, or ends with a slash: a folder. */
  path: string
}

interface Entry {
  path: string
  isFile: boolean
  length: number | undefined
  sha256: string | undefined
}

/** Where and as whom the hub is asked. */
interface Hub {
  client: StoreClient
  endpoint: string
  headers: HeaderList
}

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  const wanted = parseModelScopeUrl(url)
  if (isFolder(url)) {
    const hint = 'write modelscope://ORG/REPO/FILE, modelscope://ORG/REPO@REVISION/FILE or modelscope://datasets/ORG/REPO/FILE'
    throw new DragonflyError('bad-url', 'not the URL of one file of ModelScope', { hint })
  }
  await using client = new StoreClient(reach)
  const hub = { client, endpoint: endpointOf(process.env), headers: [] as HeaderList }
  const folder = wanted.path.slice(0, wanted.path.lastIndexOf('/') + 1)
  for await (const { entry, headers } of entries(hub, { ...wanted, path: folder }, false)) {
    if (entry.isFile && entry.path === wanted.path) return requestFor(url, hub.endpoint, wanted, entry, headers)
  }
  throw new DragonflyError('origin-not-found', `${wanted.repo} has no file ${wanted.path} at revision ${wanted.revision}`, {
    hint: `look at ${hub.endpoint}/${wanted.kind}/${wanted.repo}`,
  })
}

async function* list(url: string, reach: SourceReach): AsyncGenerator<ListedFile> {
  const folder = parseModelScopeUrl(url.replace(/([^/])$/, '$1/'))
  const { kind, repo, revision, path } = folder
  await using client = new StoreClient(reach)
  const hub = { client, endpoint: endpointOf(process.env), headers: [] as HeaderList }
  let count = 0
  for await (const { entry, headers } of entries(hub, folder, true)) {
    if (!entry.isFile) continue
    if (!entry.path.startsWith(path)) throw lies(url, 'listed a file of another folder')
    count++
    const at = `modelscope://${kind}/${repo}@${encodeURIComponent(revision)}/${entry.path}`
    const { length, sha256 } = entry
    yield {
      path: entry.path.slice(path.length).split('/'),
      url: at,
      ...(length !== undefined && { length }),
      ...(sha256 !== undefined && { digest: `sha256:${sha256}` }),
      request: () => requestFor(at, hub.endpoint, { ...folder, path: entry.path }, entry, headers),
    }
  }
  if (count === 0) throw new DragonflyError('origin-not-found', `nothing at ${url}`, { hint: 'check the name of the folder' })
}

/** Throws `bad-url`. */
export function parseModelScopeUrl(url: string): ModelScopeFile {
  const [, kind, org = '', name = '', revision = REVISION, path = ''] =
    /^modelscope:\/\/(?:(models|datasets)\/)?([\w.-]+)\/([\w.-]+)(?:@([^/?#]+))?(?:\/([^?#]*))?$/i.exec(url) ?? []
  if (name === '' || /(?:^|\/)\.{1,2}(?:\/|$)/.test(path)) {
    throw new DragonflyError('bad-url', 'not a URL of ModelScope', { hint: 'write modelscope://ORG/REPO/FILE' })
  }
  return {
    kind: kind?.toLowerCase() === 'datasets' ? 'datasets' : 'models',
    repo: `${org}/${name}`,
    revision: decoded(revision),
    path,
  }
}

function isFolder(url: string): boolean {
  return /^[^?#]*\/$/.test(url) || /^modelscope:\/\/(?:(?:models|datasets)\/)?[\w.-]+\/[\w.-]+(?:@[^/?#]+)?$/i.test(url)
}

/** A branch with a slash is written with %2F. */
function decoded(revision: string): string {
  try {
    return decodeURIComponent(revision)
  } catch {
    return revision
  }
}

function endpointOf({ MODELSCOPE_ENDPOINT, MODELSCOPE_DOMAIN }: NodeJS.ProcessEnv): string {
  const text = (MODELSCOPE_ENDPOINT || (MODELSCOPE_DOMAIN ? `https://${MODELSCOPE_DOMAIN}` : ENDPOINT)).replace(/\/+$/, '')
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text
  throw new DragonflyError('bad-option', 'MODELSCOPE_ENDPOINT is not an http(s) URL', {
    hint: `set it to ${ENDPOINT}, or unset it`,
  })
}

/** As the SDK shows it to the hub. */
function loginOf({ MODELSCOPE_API_TOKEN: token = '' }: NodeJS.ProcessEnv): HeaderList {
  if (token === '') return []
  if (/^[\w.~+/=-]+$/.test(token) && token.length <= MAX_TOKEN_BYTES) return [['cookie', `m_session_id=${token}`]]
  throw new DragonflyError('bad-header', 'MODELSCOPE_API_TOKEN has characters that no token has', { hint: 'copy it again' })
}

function requestFor(
  shown: string,
  endpoint: string,
  { kind, repo, revision }: ModelScopeFile,
  { path, sha256 }: Entry,
  headers: HeaderList,
): SourceRequest {
  const query = `Revision=${encodePart(revision)}&FilePath=${encodePart(path)}`
  return {
    url: `${endpoint}/api/v1/${kind}/${repo}/repo?${query}`,
    shown,
    ...(headers.length > 0 && { headers }),
    ...(sha256 !== undefined && { digest: `sha256:${sha256}` }),
    nameFile: () => cleanFileName(path.split('/').at(-1) ?? '') || 'file',
  }
}

/** Without the token first: what anybody may read is shared with anybody. `headers`: with which the hub has shown it. */
async function* entries(hub: Hub, of: ModelScopeFile, isDeep: boolean): AsyncGenerator<{ entry: Entry; headers: HeaderList }> {
  let { headers } = hub
  const login = loginOf(process.env)
  const ask = (next = '1') => hub.client.ask(() => listUrl(hub.endpoint, of, isDeep, next), headers, { isPage: true })
  const read = async (next: string | undefined): Promise<Page<Entry>> => {
    let answer = await ask(next)
    if (!isShown(answer) && headers.length === 0 && login.length > 0 && [401, 403, 404].includes(answer.status)) {
      headers = login
      answer = await ask(next)
    }
    if (!isShown(answer)) throw refusal(answer, of, hub.endpoint, login)
    const files = entriesIn(answer.text, `${hub.endpoint}/${of.kind}/${of.repo}`)
    const isLast = of.kind === 'models' || files.length < FILES_OF_PAGE
    return { files, next: isLast ? undefined : String(Number(next ?? 1) + 1) }
  }
  for await (const entry of allPages(hub.endpoint, read)) yield { entry, headers }
}

function listUrl(endpoint: string, { kind, repo, revision, path }: ModelScopeFile, isDeep: boolean, page: string): string {
  const root = path.replace(/\/$/, '')
  const query = `Revision=${encodePart(revision)}&Recursive=${isDeep ? 'True' : 'False'}&Root=${encodePart(root)}`
  const at = `${endpoint}/api/v1/${kind}/${repo}/repo`
  return kind === 'models' ? `${at}/files?${query}` : `${at}/tree?${query}&PageNumber=${page}&PageSize=${FILES_OF_PAGE}`
}

/** Throws `origin-lies`. */
function entriesIn(text: string, where: string): Entry[] {
  let files: unknown
  try {
    files = (JSON.parse(text) as { Data?: { Files?: unknown } | null }).Data?.Files ?? []
  } catch {
    // said below
  }
  if (!Array.isArray(files) || files.length > MAX_FILES_OF_PAGE) throw lies(where, 'sent no list of files')
  return files.map((file: Record<string, unknown> | null) => {
    const { Path: path, Type: type, Size: size, Sha256: sha256 } = file ?? {}
    if (typeof path !== 'string' || path === '') throw lies(where, 'listed a file without a path')
    return {
      path,
      isFile: type !== 'tree',
      length: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined,
      sha256: typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : undefined,
    }
  })
}

function refusal({ status, headers }: StoreAnswer, of: ModelScopeFile, endpoint: string, login: HeaderList): DragonflyError {
  const { host } = new URL(endpoint)
  if (status !== 401 && status !== 403 && status !== 404) return statusError(status, headers, `${endpoint}/${of.kind}/${of.repo}`)
  const used = login.length === 0 ? 'no token was found' : 'with the token of MODELSCOPE_API_TOKEN'
  const hint =
    'check name and revision; datasets are modelscope://datasets/ORG/REPO/FILE, and a private repository needs MODELSCOPE_API_TOKEN'
  const code = status === 404 ? 'origin-not-found' : 'origin-forbidden'
  return new DragonflyError(code, `no repository ${of.repo} at revision ${of.revision} is shown by ${host} (${used})`, {
    status,
    hint,
  })
}

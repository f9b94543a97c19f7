// Lists a repository of a hub, or a folder of it, at one commit.
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import { lies } from '../failures.ts'
import type { AnswerHeaders } from '../fields.ts'
import { StoreClient } from './ask.ts'
import { endpointOf, fileUrl, parseHubFolder, tokenOf } from './hub-address.ts'
import { askHub, type HubPlace } from './hub-answer.ts'
import { allPages, type Page } from './pages.ts'
import { encodePart, encodePath, type ListedFile, type SourceReach } from './source.ts'

/** Of the cursor of the next page. */
const MAX_QUERY_CHARS = 4096

interface Entry {
  path: string
  size: number | undefined
  sha256: string | undefined
  /** Of the file in Git: not that of its content where it is in large-file storage. */
  oid: string | undefined
}

/** Two requests for the whole tree, three with a token, and one for each page. */
export async function* listHub(url: string, reach: SourceReach): AsyncGenerator<ListedFile> {
  const wanted = parseHubFolder(url)
  const endpoint = endpointOf(process.env)
  await using client = new StoreClient(reach)
  const place: HubPlace = { endpoint, token: await tokenOf(process.env) }
  const repo = `${wanted.kind}${wanted.repo}`
  const api = `${endpoint}/api/${wanted.kind === '' ? 'models/' : ''}${repo}`
  const asked = await askHub(client, `${api}/revision/${encodePart(wanted.revision)}`, wanted, place, { isPage: true })
  const commit = commitIn(asked.text, api)
  const folder = wanted.path === '' ? '' : `/${encodePath(wanted.path.slice(0, -1))}`
  const tree = `${api}/tree/${commit}${folder}`
  const read = async (next: string | undefined): Promise<Page<Entry>> => {
    const at = `${tree}${next ?? '?recursive=true&expand=false'}`
    const answer = await askHub(client, at, wanted, place, { isPage: true, first: asked.used })
    return { files: entriesIn(answer.text, at), next: nextIn(answer.headers, at) }
  }
  let headers: HeaderList | undefined
  let count = 0
  for await (const { path, size, sha256, oid } of allPages(tree, read)) {
    if (!path.startsWith(wanted.path)) throw lies(tree, 'listed a file of another folder')
    count++
    const file = { ...wanted, revision: commit, path }
    const canBeAsked = path.split('/').every(part => !/^\.{0,2}$/.test(part))
    // a repository behind a gate is listed for everybody: whether its files need the token is asked of the first one
    if (canBeAsked) headers ??= (await askHub(client, fileUrl(endpoint, file), file, place)).used
    const used = headers ?? []
    const digest = sha256 === undefined ? {} : { digest: `sha256:${sha256}` }
    const shown = `hf://${repo}@${commit}/${path}`
    const request = () => ({ url: fileUrl(endpoint, file), shown, ...(used.length > 0 && { headers: used }), ...digest })
    yield {
      path: path.slice(wanted.path.length).split('/'),
      url: shown,
      ...(size !== undefined && { length: size }),
      ...digest,
      ...(sha256 === undefined && oid !== undefined && { checksum: { algorithm: 'git-blob', hex: oid } }),
      ...(canBeAsked && { request }),
    }
  }
  if (count === 0) {
    const where = wanted.path === '' ? '' : ` below ${wanted.path}`
    const hint = `look at ${endpoint}/${repo}/tree/${encodePart(wanted.revision)}`
    throw new DragonflyError('origin-not-found', `${repo} has no file${where} at revision ${wanted.revision}`, { hint })
  }
}

/** Throws `origin-lies`. */
function commitIn(text: string, url: string): string {
  const { sha } = (parsed(text, url) ?? {}) as { sha?: unknown }
  if (typeof sha === 'string' && /^[0-9a-f]{40,64}$/.test(sha)) return sha
  throw lies(url, 'named no commit')
}

/** Its files. Throws `origin-lies`. */
function entriesIn(text: string, url: string): Entry[] {
  const list = parsed(text, url)
  if (!Array.isArray(list)) throw lies(url, 'sent no list')
  return list.flatMap((item: unknown): Entry[] => {
    const { type, path, size, oid, lfs } = (item ?? {}) as Record<string, unknown>
    if (type !== 'file') return []
    if (typeof path !== 'string') throw lies(url, 'listed a file without a path')
    const large = (lfs ?? {}) as { oid?: unknown; size?: unknown }
    const length = large.size ?? size
    return [
      {
        path,
        size: Number.isSafeInteger(length) && (length as number) >= 0 ? (length as number) : undefined,
        sha256: digits(large.oid, /^[0-9a-f]{64}$/),
        oid: digits(oid, /^[0-9a-f]{40}$/),
      },
    ]
  })
}

function digits(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined
}

function parsed(text: string, url: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw lies(url, 'sent no JSON', error)
  }
}

/** The query of the next page: the rest of its URL stays ours, wherever it leads. Throws `origin-lies`. */
function nextIn(headers: AnswerHeaders, at: string): string | undefined {
  const links = [headers.link ?? []].flat().join(', ')
  const link = /<([^<>]*)>\s*;[^<]*?\brel="?next\b/i.exec(links)?.[1]
  if (link === undefined) return undefined
  const query = URL.parse(link, at)?.search ?? ''
  if (query.length > 1 && query.length <= MAX_QUERY_CHARS) return query
  throw lies(at, 'sent a malformed link to the next page')
}

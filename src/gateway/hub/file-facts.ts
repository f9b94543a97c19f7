// What the hub says of a file, to whoever asks: its commit, length and digest, or a refusal.
import { LRUCache } from 'lru-cache'
import { encodePart, encodePath } from '../../origin/sources/source.ts'
import type { UpstreamAnswer } from '../../origin/upstream.ts'
import { discard, headerOf } from '../registry/registry-read.ts'
import { askHub, authorizationOf, type FileAsked, identityOf } from './asked.ts'

/** A client asks for the head of a file and then for the file: what the hub told these credentials holds for so long, ms. */
const MAX_AGE_MS = 10_000
const MAX_FACTS = 1024
/** Longest value of a header that is passed on, characters. */
const MAX_VALUE = 1024

export interface FileFacts {
  kind: 'file'
  /** At the hub, of one commit where the hub names it. */
  url: string
  length: number
  /** As clients look for it: that of large-file storage, else that of the answer. */
  etag: string
  /** In large-file storage: sha2-256, as hexadecimal digits. */
  sha256: string | undefined
  /** Shown to the hub for these facts; undefined: anybody may read it. */
  authorization: string | undefined
  /** Of the answer to a client, besides its length. */
  headers: Readonly<Record<string, string>>
}

/** Not a file whose length and state are known: the hub's answer is the client's. */
export interface OtherAnswer {
  kind: 'other'
  answer: UpstreamAnswer
}

export class FileFactsReader {
  readonly #facts = new LRUCache<string, FileFacts>({ max: MAX_FACTS, ttl: MAX_AGE_MS })

  /**
   * Without the client's token first: what anybody may read is shared with anybody. Rejects with undici's errors or the abort.
   */
  async read(asked: FileAsked): Promise<FileFacts | OtherAnswer> {
    const own = authorizationOf(asked)
    const key = `${identityOf(own)}\n${asked.target.path}`
    const known = this.#facts.get(key)
    if (known !== undefined) return known
    let authorization: string | undefined
    let answer = await askHead(asked, authorization)
    if (own !== undefined && mayHide(answer)) {
      discard(answer)
      authorization = own
      answer = await askHead(asked, authorization)
    }
    const facts = factsOf(asked, answer, authorization)
    if (facts === undefined) return { kind: 'other', answer }
    discard(answer)
    this.#facts.set(key, facts)
    return facts
  }
}

type HubAnswer = Awaited<ReturnType<typeof askHub>>

async function askHead(asked: FileAsked, authorization: string | undefined): Promise<HubAnswer> {
  const none = { range: undefined, 'if-range': undefined, 'if-none-match': undefined, 'if-modified-since': undefined }
  return await askHub(asked, 'HEAD', { ...none, 'accept-encoding': 'identity', cookie: undefined, authorization })
}

/** Whether it may be shown to who has a token: a hub also asks for one of addresses that ask often. */
function mayHide({ status, headers }: HubAnswer): boolean {
  return (
    status === 401 || status === 403 || status === 429 || (status === 404 && headerOf(headers, 'x-error-code') === 'RepoNotFound')
  )
}

function factsOf(
  { hub, file }: FileAsked,
  { status, headers, commit }: HubAnswer,
  authorization: string | undefined,
): FileFacts | undefined {
  const linked = headerOf(headers, 'x-linked-etag')
  const isThere = status === 200 || (status >= 300 && status < 400 && linked !== undefined)
  const etag = linked ?? headerOf(headers, 'etag')
  const text = headerOf(headers, 'x-linked-size') ?? (status === 200 ? headerOf(headers, 'content-length') : undefined)
  if (!isThere || etag === undefined || etag.length > MAX_VALUE || text === undefined || !/^\d{1,15}$/.test(text))
    return undefined
  if (headerOf(headers, 'content-encoding') !== undefined) return undefined
  const [, sha256] = /^(?:W\/)?"([0-9a-f]{64})"$/.exec(linked ?? '') ?? []
  const isCommit = commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit)
  // a name that the hub would not take for a path of one file is its to refuse
  if (file.path.split('/').some(part => /^\.{0,2}$/.test(part)) || /^\.{1,2}$/.test(file.revision)) return undefined
  const revision = encodePart(isCommit ? commit : file.revision)
  return {
    kind: 'file',
    url: `${hub}/${file.repo}/resolve/${revision}/${encodePath(file.path)}`,
    length: Number(text),
    etag,
    sha256,
    authorization,
    headers: {
      'accept-ranges': 'bytes',
      etag,
      ...(isCommit && { 'x-repo-commit': commit }),
      ...(linked !== undefined && { 'x-linked-etag': linked, 'x-linked-size': text }),
      ...passed(headers, status === 200 ? ['content-type', 'content-disposition'] : []),
      // the hub decides by credentials who may have it
      ...(authorization !== undefined && { 'cache-control': 'private, no-store' }),
    },
  }
}

function passed(headers: readonly string[], names: readonly string[]): Record<string, string> {
  const found = names.map(name => [name, headerOf(headers, name)] as const)
  return Object.fromEntries(
    found.filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1].length <= MAX_VALUE),
  )
}

// Asks a hub, with the token only where it is asked for, and says in words for people why it refuses.
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import { statusError } from '../failures.ts'
import { field } from '../fields.ts'
import type { AskOptions, StoreAnswer, StoreClient } from './ask.ts'
import type { Token, Wanted } from './hub-address.ts'

/** A repository that was renamed redirects to its new name at the same hub. */
const MAX_HOPS = 5

/** Which hub, and the token for it. */
export interface HubPlace {
  endpoint: string
  token: Token | undefined
}

export interface HubAnswer extends StoreAnswer {
  commit?: string
  /** What it was asked with. */
  used: HeaderList
}

/**
 * Without the token first: what anybody may read is shared with anybody, and found under its digest by hosts of other tokens. Rejects
 * with `origin-…`.
 */
export async function askHub(
  client: StoreClient,
  url: string,
  wanted: Wanted,
  { endpoint, token }: HubPlace,
  { isPage = false, first = [] }: { isPage?: boolean; first?: HeaderList } = {},
): Promise<HubAnswer> {
  let used = first
  let answer = await follow(client, url, used, { takesBusy: token !== undefined && used.length === 0, isPage })
  if (token !== undefined && used.length === 0 && mayHide(answer)) {
    used = [['authorization', `Bearer ${token.value}`]]
    answer = await follow(client, url, used, { isPage })
  }
  const { status } = answer
  if (status >= 400 && status !== 416) throw refusal(answer, wanted, { endpoint, token })
  return { ...answer, used }
}

/** Whether it may be shown to who has a token: a hub also asks for one of addresses that ask often. */
function mayHide({ status, headers }: StoreAnswer): boolean {
  return (
    status === 401 || status === 403 || status === 429 || (status === 404 && field(headers, 'x-error-code') === 'RepoNotFound')
  )
}

/** The first answer that is about the file: the token never leaves the hub, which is why nothing leads elsewhere. */
async function follow(
  client: StoreClient,
  url: string,
  headers: HeaderList,
  options: AskOptions,
): Promise<StoreAnswer & { commit?: string }> {
  let at = url
  let commit: string | undefined
  for (let hop = 0; ; hop++) {
    const answer = await client.ask(() => at, headers, options)
    commit ??= field(answer.headers, 'x-repo-commit')
    const next = URL.parse(field(answer.headers, 'location') ?? '', at)
    const isHere = next !== null && next.origin === new URL(at).origin
    const isMoved = answer.status >= 300 && answer.status < 400 && field(answer.headers, 'x-linked-etag') === undefined
    if (!isMoved || !isHere || hop === MAX_HOPS) return { ...answer, ...(commit !== undefined && { commit }) }
    at = next.href
  }
}

function refusal(
  { status, headers }: StoreAnswer,
  { kind, repo, revision, path: file }: Wanted,
  { endpoint, token }: { endpoint: string; token: Token | undefined },
): DragonflyError {
  const at = `${kind}${repo}`
  const { host } = new URL(endpoint)
  const said = field(headers, 'x-error-code')
  const shown = token === undefined ? 'no token was found' : `with the token of ${token.from}`
  const make = (code: 'origin-not-found' | 'origin-forbidden', message: string, hint: string) =>
    new DragonflyError(code, message, { status, hint })
  if (said === 'GatedRepo') {
    return make(
      'origin-forbidden',
      `${at} is gated at ${host} (${shown})`,
      `ask for access at ${endpoint}/${at}, and set HF_TOKEN`,
    )
  }
  if (said === 'RevisionNotFound') {
    return make('origin-not-found', `${at} has no revision ${revision} at ${host}`, `look at ${endpoint}/${at}/tree/main`)
  }
  if (said === 'EntryNotFound') {
    const hint = `look at ${endpoint}/${at}/tree/${revision}`
    return make('origin-not-found', `${at} has no file ${file} at revision ${revision}`, hint)
  }
  if (said === 'RepoNotFound' || status === 401 || status === 403) {
    const hint =
      'check the name; datasets are hf://datasets/ORG/REPO/FILE, and a private repository needs HF_TOKEN or hf auth login'
    const isDenied = status === 401 || status === 403
    return make(isDenied ? 'origin-forbidden' : 'origin-not-found', `no repository ${at} is shown by ${host} (${shown})`, hint)
  }
  return statusError(status, headers, `${endpoint}/${at}`)
}

// az://ACCOUNT/CONTAINER/BLOB[?versionid=ID]: a blob of Azure Storage. az://ACCOUNT/CONTAINER/PREFIX/: all below it.
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import { lies, statusError } from '../failures.ts'
import { field } from '../fields.ts'
import { type StoreAnswer, StoreClient } from './ask.ts'
import { type AzAccount, azAccount, azUrl, isAzFolder, parseAzFolder, parseAzUrl } from './az-address.ts'
import { type AzItem, azPageIn, BLOBS_OF_PAGE } from './az-list.ts'
import { azScope, type Signable, signAz } from './az-signer.ts'
import { allPages, type Page } from './pages.ts'
import { saidIn } from './s3-refusals.ts'
import { isShown } from './s3-region.ts'
import { SignedUrl } from './signed-url.ts'
import { encodePart, isEncodable, type ListedFile, type Source, type SourceReach, type SourceRequest } from './source.ts'

export const AZ: Source = { resolve, isFolder: isAzFolder, list }

const NO_HEADERS: HeaderList = []
/** What a signature of our own puts into a URL. */
const FILTER: readonly string[] = ['sp', 'st', 'se', 'sv', 'sr', 'spr', 'sig']

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  const blob = parseAzUrl(url)
  const account = azAccount(blob.account, process.env)
  const plain = azUrl(account, blob)
  await using client = new StoreClient(reach)
  // without credentials first: what anybody may read is shared with anybody
  const open = await client.ask(() => plain, NO_HEADERS)
  if (isShown(open)) return { url: plain, shown: url }
  const signed = mayHide(open) ? signedOf(plain, blob, account, reach) : undefined
  if (signed === undefined) throw refusal(open, url, account)
  const answer = await client.ask(signed.now, NO_HEADERS)
  if (!isShown(answer)) throw refusal(answer, url, account)
  return requestOf(url, signed)
}

/** An account that shows nothing to strangers says 401, 403, 404 or 409, as it is set up. */
function mayHide({ status }: StoreAnswer): boolean {
  return [400, 401, 403, 404, 409].includes(status)
}

function requestOf(shown: string, { now, filter, scope }: Signed): SourceRequest {
  return { url: now(), shown, filter, ...(scope !== undefined && { scope, renew: now }) }
}

interface Signed {
  now: () => string
  filter: readonly string[]
  scope: string | undefined
}

/** With the signature that the environment has, or with one of its own. Undefined: there is neither. */
function signedOf(
  plain: string,
  { account, container, name }: { account: string; container: string; name: string | undefined },
  { key, sas, endpoint }: AzAccount,
  { signatureMs }: SourceReach,
): Signed | undefined {
  const joined = (query: string) => `${plain}${plain.includes('?') ? '&' : '?'}${query}`
  if (sas) return { now: () => joined(sas), filter: [...new Set(new URLSearchParams(sas).keys())], scope: undefined }
  if (!key) return undefined
  const what: Signable = { account, container, name, isHttps: endpoint.startsWith('https:') }
  const { now } = new SignedUrl((since, lifeMs) => joined(signAz(what, key, since, lifeMs)), signatureMs)
  return { now, filter: FILTER, scope: azScope(account, key) }
}

async function* list(url: string, reach: SourceReach): AsyncGenerator<ListedFile> {
  const { account: name, container, prefix } = parseAzFolder(url)
  const account = azAccount(name, process.env)
  await using client = new StoreClient(reach)
  const pageUrl = (next: string | undefined) => {
    const named = { restype: 'container', comp: 'list', maxresults: String(BLOBS_OF_PAGE), ...(prefix !== '' && { prefix }) }
    const query = Object.entries({ ...named, ...(next !== undefined && { marker: next }) })
    return `${account.endpoint}/${container}?${query.map(([name, value]) => `${name}=${encodePart(value)}`).join('&')}`
  }
  const ask = (next: string | undefined, isSigned: boolean) => {
    const plain = pageUrl(next)
    const signed = isSigned ? signedOf(plain, { account: name, container, name: undefined }, account, reach) : undefined
    return client.ask(signed?.now ?? (() => plain), NO_HEADERS, { isPage: true })
  }
  let isSigned = false
  const read = async (next: string | undefined): Promise<Page<AzItem>> => {
    let answer = await ask(next, isSigned)
    if (!isSigned && next === undefined && mayHide(answer) && account.from !== undefined) {
      isSigned = true
      answer = await ask(next, isSigned)
    }
    if (!isShown(answer)) throw refusal(answer, url, account)
    return azPageIn(answer.text, url)
  }
  let count = 0
  for await (const item of allPages(url, read)) {
    if (!item.name.startsWith(prefix)) throw lies(url, 'listed a blob of another prefix')
    if (item.name === prefix || item.name.endsWith('/')) continue
    count++
    const shown = `az://${name}/${container}/${item.name}`
    const request = (): SourceRequest => {
      const blob = { account: name, container, name: item.name, versionId: undefined }
      const plain = azUrl(account, blob)
      const signed = isSigned ? signedOf(plain, blob, account, reach) : undefined
      return signed === undefined ? { url: plain, shown } : requestOf(shown, signed)
    }
    yield {
      path: item.name.slice(prefix.length).split('/'),
      url: shown,
      ...(isEncodable(item.name) && { request }),
      ...(!Number.isNaN(item.length) && { length: item.length }),
      ...(!Number.isNaN(item.modified) && { modified: item.modified }),
    }
  }
  if (count === 0) throw new DragonflyError('origin-not-found', `nothing at ${url}`, { hint: 'check container and prefix' })
}

function refusal({ status, headers, text }: StoreAnswer, url: string, { from }: AzAccount): DragonflyError {
  const said = field(headers, 'x-ms-error-code') ?? saidIn(text, 'Code')
  const used = from === undefined ? 'no key and no signature were found' : `with ${from}`
  if (said === 'ContainerNotFound' || said === 'BlobNotFound') {
    const what = said === 'BlobNotFound' ? 'blob' : 'container'
    return new DragonflyError('origin-not-found', `Azure Storage has no such ${what}: ${url}`, { status, hint: 'check its name' })
  }
  if (from === undefined ? mayHide({ status, headers, text }) : status === 401 || status === 403 || status === 409) {
    const code = status === 404 ? 'origin-not-found' : 'origin-forbidden'
    const hint =
      from === undefined
        ? 'set AZURE_STORAGE_SAS_TOKEN, AZURE_STORAGE_KEY or AZURE_STORAGE_CONNECTION_STRING'
        : 'check that it is for this account, may read (and list, for a folder), and has not expired'
    return new DragonflyError(code, `access denied to ${url} (${used})`, { status, hint })
  }
  return statusError(status, headers, url)
}

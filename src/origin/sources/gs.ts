// gs://BUCKET/OBJECT[#GENERATION]: an object of Google Cloud Storage. gs://BUCKET/PREFIX/: all below it.
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import { lies, statusError } from '../failures.ts'
import { type StoreAnswer, StoreClient } from './ask.ts'
import { type GsObject, gsEndpoint, gsUrl, isGsFolder, parseGsFolder, parseGsUrl } from './gs-address.ts'
import type { GoogleCredentials } from './gs-credentials.ts'
import { GS_FILTER, gsScope, signGs } from './gs-signer.ts'
import { allPages, type Page } from './pages.ts'
import { type Item, pageIn } from './s3-list.ts'
import { saidIn } from './s3-refusals.ts'
import { isShown } from './s3-region.ts'
import { SignedUrl } from './signed-url.ts'
import { encodePart, isEncodable, type ListedFile, type Source, type SourceReach, type SourceRequest } from './source.ts'

export const GS: Source = { resolve, isFolder: isGsFolder, list }

const NO_HEADERS: HeaderList = []
const KEYS_OF_PAGE = 1000

/** How what is asked for is read: by anybody, with the key of a service account, or with a token. */
interface Access {
  credentials: GoogleCredentials | undefined
  headers: HeaderList
}

const OPEN: Access = { credentials: undefined, headers: NO_HEADERS }

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  const object = parseGsUrl(url)
  const plain = gsUrl(gsEndpoint(process.env), object)
  await using client = new StoreClient(reach)
  const { answer, access } = await opened(access => {
    const { key } = access.credentials ?? {}
    const signed = key === undefined ? () => plain : new SignedUrl((since, ms) => signGs(plain, key, since, ms)).now
    return client.ask(signed, key === undefined ? access.headers : NO_HEADERS)
  })
  if (!isShown(answer)) throw refusal(answer, object, access)
  return requestFor(url, plain, access, reach)
}

/** Without credentials first: what anybody may read is shared with anybody. */
async function opened(ask: (access: Access) => Promise<StoreAnswer>): Promise<{ answer: StoreAnswer; access: Access }> {
  const answer = await ask(OPEN)
  if (answer.status !== 401 && answer.status !== 403) return { answer, access: OPEN }
  // loading it takes 60 ms
  const credentials = await (await import('./gs-credentials.ts')).findGoogleCredentials()
  if (credentials === undefined) return { answer, access: OPEN }
  const access = { credentials, headers: await credentials.headers() }
  return { answer: await ask(access), access }
}

function requestFor(shown: string, plain: string, { credentials, headers }: Access, reach: SourceReach): SourceRequest {
  if (credentials === undefined) return { url: plain, shown }
  const { key } = credentials
  if (key === undefined) return { url: plain, shown, headers }
  const renew = new SignedUrl((since, ms) => signGs(plain, key, since, ms), reach.signatureMs).now
  return { url: renew(), shown, filter: GS_FILTER, scope: gsScope(key), renew }
}

async function* list(url: string, reach: SourceReach): AsyncGenerator<ListedFile> {
  const { bucket, prefix } = parseGsFolder(url)
  const endpoint = gsEndpoint(process.env)
  await using client = new StoreClient(reach)
  const pageUrl = (next: string | undefined) => {
    const named = { 'list-type': '2', 'max-keys': String(KEYS_OF_PAGE), 'encoding-type': 'url', prefix }
    const query = Object.entries({ ...named, ...(next !== undefined && { 'continuation-token': next }) })
    return `${endpoint}/${bucket}?${query.map(([name, value]) => `${name}=${encodePart(value)}`).join('&')}`
  }
  const ask = (next: string | undefined) => (access: Access) => client.ask(() => pageUrl(next), access.headers, { isPage: true })
  let access: Access | undefined
  const read = async (next: string | undefined): Promise<Page<Item>> => {
    const found = access === undefined ? await opened(ask(next)) : { access, answer: await ask(next)(access) }
    access = found.access
    if (!isShown(found.answer)) throw refusal(found.answer, { bucket, name: prefix, generation: undefined }, access)
    return pageIn(found.answer.text, url)
  }
  let count = 0
  for await (const { key, size, modified } of allPages(url, read)) {
    if (!key.startsWith(prefix)) throw lies(url, 'listed an object of another prefix')
    if (key === prefix || key.endsWith('/')) continue
    count++
    const path = key.slice(prefix.length).split('/')
    const shown = `gs://${bucket}/${key}`
    const as = access ?? OPEN
    yield {
      path,
      url: shown,
      ...(Number.isSafeInteger(size) && size >= 0 && { length: size }),
      ...(!Number.isNaN(modified) && { modified }),
      ...(isEncodable(key) && {
        request: () => requestFor(shown, gsUrl(endpoint, { bucket, name: key, generation: undefined }), as, reach),
      }),
    }
  }
  if (count === 0) {
    const where = prefix === '' ? 'is empty' : `has nothing below ${prefix}`
    throw new DragonflyError('origin-not-found', `bucket ${bucket} ${where}`, { hint: 'check the prefix' })
  }
}

function refusal({ status, headers, text }: StoreAnswer, { bucket, name }: GsObject, { credentials }: Access): DragonflyError {
  const said = saidIn(text, 'Code')
  const used = credentials === undefined ? 'no Google Cloud credentials were found' : `credentials: ${credentials.from}`
  if (said === 'NoSuchBucket') {
    return new DragonflyError('origin-not-found', `no bucket ${bucket} at Google Cloud Storage`, {
      status,
      hint: 'check its name',
    })
  }
  if (status === 404) {
    return new DragonflyError('origin-not-found', `bucket ${bucket} has no ${name}`, { status, hint: 'check the name' })
  }
  if (status === 401 || status === 403) {
    const hint =
      credentials === undefined
        ? 'set GOOGLE_APPLICATION_CREDENTIALS, or run gcloud auth application-default login'
        : 'they need storage.objects.get for it, and storage.objects.list for a folder'
    return new DragonflyError('origin-forbidden', `access denied to gs://${bucket}/${name} (${used})`, { status, hint })
  }
  return statusError(status, headers, `gs://${bucket}/${name}`)
}

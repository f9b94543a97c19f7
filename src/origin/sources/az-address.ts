// Where a blob of Azure Storage is, and what of the environment is for its account.
import { DragonflyError } from '../../core/errors.ts'
import { encodePart, encodePath } from './source.ts'

export interface AzBlob {
  account: string
  container: string
  /** As it is, not as URLs write it. */
  name: string
  versionId: string | undefined
}

/** What the environment says of one account. */
export interface AzAccount {
  /** URL of its blobs, without a slash at its end. */
  endpoint: string
  /** In base64. */
  key: string | undefined
  /** Parameters of a shared access signature, without a question mark. */
  sas: string | undefined
  /** Where key or signature are from, for messages. */
  from: string | undefined
}

const ACCOUNT = '[a-z0-9]{3,24}'
const CONTAINER = '[$]?[a-z0-9][a-z0-9-]{1,62}'

/** The name is what follows the container, character by character. Throws `bad-url`. */
export function parseAzUrl(url: string): AzBlob {
  const [, account = '', container = '', name = '', versionId] =
    new RegExp(`^az://(${ACCOUNT})/(${CONTAINER})/(.+?)(?:\\?versionid=([^&#?]+))?$`, 'is').exec(url) ?? []
  if (name === '' || name.endsWith('/')) {
    const hint = 'write az://ACCOUNT/CONTAINER/BLOB or az://ACCOUNT/CONTAINER/BLOB?versionid=ID'
    throw new DragonflyError('bad-url', 'not the URL of one blob of Azure Storage', { hint })
  }
  return { account, container, name, versionId }
}

/** The prefix is empty, or ends with a slash. Throws `bad-url`. */
export function parseAzFolder(url: string): { account: string; container: string; prefix: string } {
  const [, account = '', container = '', prefix = ''] =
    new RegExp(`^az://(${ACCOUNT})/(${CONTAINER})(?:/(.*))?$`, 'is').exec(url) ?? []
  if (container === '') {
    throw new DragonflyError('bad-url', 'not the URL of a container', { hint: 'write az://ACCOUNT/CONTAINER/PREFIX/' })
  }
  return { account, container, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` }
}

export function isAzFolder(url: string): boolean {
  return new RegExp(`^az://${ACCOUNT}/${CONTAINER}(?:/(?:.*/)?)?$`, 'is').test(url)
}

/** Keys and signatures of another account are left aside. Throws `bad-option`. */
export function azAccount(account: string, env: NodeJS.ProcessEnv): AzAccount {
  const said = connectionOf(env.AZURE_STORAGE_CONNECTION_STRING ?? '')
  const isSaid = (said.get('accountname') ?? accountIn(said.get('blobendpoint'))) === account
  const named = isSaid ? said : new Map<string, string>()
  const isMine = !env.AZURE_STORAGE_ACCOUNT || env.AZURE_STORAGE_ACCOUNT === account
  const own = isMine ? env : {}
  const suffix = named.get('endpointsuffix') ?? 'core.windows.net'
  const scheme = named.get('defaultendpointsprotocol') === 'http' ? 'http' : 'https'
  const endpoint = (
    named.get('blobendpoint') ??
    (own.AZURE_STORAGE_SERVICE_ENDPOINT || `${scheme}://${account}.blob.${suffix}`)
  ).replace(/\/+$/, '')
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? '')) {
    const hint = 'check AZURE_STORAGE_CONNECTION_STRING and AZURE_STORAGE_SERVICE_ENDPOINT'
    throw new DragonflyError('bad-option', 'the endpoint of Azure Storage is not an http(s) URL', { hint })
  }
  const sas = own.AZURE_STORAGE_SAS_TOKEN || named.get('sharedaccesssignature')
  const key = own.AZURE_STORAGE_KEY || named.get('accountkey')
  const inOwn = own.AZURE_STORAGE_SAS_TOKEN ? 'AZURE_STORAGE_SAS_TOKEN' : own.AZURE_STORAGE_KEY ? 'AZURE_STORAGE_KEY' : undefined
  const from = inOwn ?? (sas || key ? 'AZURE_STORAGE_CONNECTION_STRING' : undefined)
  return { endpoint, key, sas: sas?.replace(/^\?/, ''), from }
}

export function azUrl({ endpoint }: AzAccount, { container, name, versionId }: AzBlob): string {
  const query = versionId === undefined ? '' : `?versionid=${encodePart(versionId)}`
  return `${endpoint}/${container}/${encodePath(name)}${query}`
}

/** `Name=value` with semicolons between them; names in lower case. */
function connectionOf(text: string): Map<string, string> {
  const pairs = text.split(';').map(part => /^\s*(\w+)=(.*)$/s.exec(part))
  return new Map(pairs.flatMap(pair => (pair === null ? [] : [[(pair[1] ?? '').toLowerCase(), pair[2] ?? '']])))
}

/** Of the endpoint in a connection string with a signature, which names no account. */
function accountIn(endpoint = ''): string | undefined {
  return /^https?:\/\/([a-z0-9]+)\.blob\./.exec(endpoint)?.[1]
}

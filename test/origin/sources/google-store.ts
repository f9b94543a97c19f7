// Google Cloud Storage after its public XML API: signed URLs (V4), tokens, lists; and the metadata server of a host. What it lacks: permissions
// of single objects, generations, and everything that writes.
import { createHash, createPublicKey, createVerify, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type http from 'node:http'
import { giveBytes, giveError, listening } from './byte-answers.ts'

const METADATA_TOKEN = 'ya29.token-of-this-host'

export class GoogleStore {
  readonly email = 'reader@fleet.iam.gserviceaccount.com'
  /** As a key file of a service account has it. */
  readonly keyFile: string
  url = ''
  metadataHost = ''
  readonly requests: { path: string; isSigned: boolean; authorization: string | undefined; bytes: number }[] = []
  /** `BUCKET/NAME`; what begins with `open/` is everybody's. */
  readonly objects = new Map<string, Buffer>()
  /** Keys of one page of a list. */
  pageSize = 2
  readonly #publicKey: KeyObject
  #stops: (() => Promise<void>)[] = []

  private constructor() {
    const encoding = {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    } as const
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding })
    this.#publicKey = createPublicKey(publicKey as unknown as string)
    this.keyFile = JSON.stringify({
      type: 'service_account',
      client_email: this.email,
      private_key: privateKey,
      private_key_id: '1',
      project_id: 'lab',
    })
  }

  static async start(): Promise<GoogleStore> {
    const store = new GoogleStore()
    const [api, metadata] = [await listening((a, b) => store.#answer(a, b)), await listening((a, b) => store.#metadata(a, b))]
    store.url = api.url
    store.metadataHost = new URL(metadata.url).host
    store.#stops = [api.stop, metadata.stop]
    return store
  }

  get bytes(): number {
    return this.requests.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops) await stop()
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url)
    const { authorization } = request.headers
    const isSigned = url.searchParams.has('X-Goog-Signature')
    const noted = { path: url.pathname, isSigned, authorization, bytes: 0 }
    this.requests.push(noted)
    const [bucket = '', ...rest] = decodeURIComponent(url.pathname).slice(1).split('/')
    if (!['open', 'closed'].includes(bucket)) return giveError(response, 404, 'NoSuchBucket')
    const isKnown = isSigned ? this.#isSignature(request, url) : this.#isToken(authorization)
    if ((isSigned || authorization !== undefined) && !isKnown) return giveError(response, 403, 'SignatureDoesNotMatch')
    if (bucket !== 'open' && !isKnown) return giveError(response, 403, 'AccessDenied')
    if (url.searchParams.get('list-type') === '2') return this.#list(response, bucket, url.searchParams)
    const body = this.objects.get([bucket, ...rest].join('/'))
    if (body === undefined) return giveError(response, 404, 'NoSuchKey')
    const md5 = createHash('md5').update(body)
    const etag = `"${md5.digest('hex')}"`
    noted.bytes = giveBytes(request, response, body, { etag, 'x-goog-generation': '1', 'x-goog-hash': 'crc32c=AAAAAA==' })
  }

  #list(response: http.ServerResponse, bucket: string, query: URLSearchParams): void {
    const prefix = `${bucket}/${query.get('prefix') ?? ''}`
    const names = [...this.objects.keys()].filter(name => name.startsWith(prefix)).toSorted()
    const from = Number(query.get('continuation-token') ?? 0)
    const page = names.slice(from, from + this.pageSize)
    const items = page.map(name => {
      const size = this.objects.get(name)?.length
      const key = encodeURIComponent(name.slice(bucket.length + 1)).replaceAll('%2F', '/')
      return `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>2026-01-02T03:04:05.000Z</LastModified></Contents>`
    })
    const isMore = from + page.length < names.length
    const more = isMore
      ? `<IsTruncated>true</IsTruncated><NextContinuationToken>${from + page.length}</NextContinuationToken>`
      : ''
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.end(
      `<?xml version='1.0'?><ListBucketResult><EncodingType>url</EncodingType>${more}${items.join('')}</ListBucketResult>`,
    )
  }

  /** As the documentation of V4 signatures describes it, from the request as it came. */
  #isSignature({ headers: { host } }: http.IncomingMessage, url: URL): boolean {
    const parts = url.search.slice(1).split('&')
    const signed = parts.filter(part => !part.startsWith('X-Goog-Signature=')).toSorted()
    const query = url.searchParams
    const canonical = `GET\n${url.pathname}\n${signed.join('&')}\nhost:${host}\n\nhost\nUNSIGNED-PAYLOAD`
    const date = query.get('X-Goog-Date') ?? ''
    const at = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
    const age = Date.now() - at
    if (age < 0 || age > Number(query.get('X-Goog-Expires')) * 1000) return false
    const [email, ...scope] = (query.get('X-Goog-Credential') ?? '').split('/')
    const hash = createHash('sha256').update(canonical).digest('hex')
    const text = `GOOG4-RSA-SHA256\n${date}\n${scope.join('/')}\n${hash}`
    const signature = Buffer.from(query.get('X-Goog-Signature') ?? '', 'hex')
    return email === this.email && createVerify('RSA-SHA256').update(text).verify(this.#publicKey, signature)
  }

  /** Of the metadata server, or a JWT that the account's key has signed for reading. */
  #isToken(authorization = ''): boolean {
    const token = authorization.replace('Bearer ', '')
    if (token === METADATA_TOKEN) return true
    const [head, claims, signature] = token.split('.')
    if (signature === undefined) return false
    const said = JSON.parse(Buffer.from(claims ?? '', 'base64url').toString()) as { scope?: string }
    const isRead = said.scope === 'https://www.googleapis.com/auth/devstorage.read_only'
    return (
      isRead &&
      createVerify('RSA-SHA256').update(`${head}.${claims}`).verify(this.#publicKey, Buffer.from(signature, 'base64url'))
    )
  }

  #metadata({ url = '' }: http.IncomingMessage, response: http.ServerResponse): void {
    response.writeHead(200, { 'metadata-flavor': 'Google', 'content-type': 'application/json' })
    const isToken = url.includes('/service-accounts/default/token')
    response.end(JSON.stringify(isToken ? { access_token: METADATA_TOKEN, expires_in: 3599, token_type: 'Bearer' } : {}))
  }
}

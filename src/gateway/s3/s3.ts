// S3 of the gateway: what clients with the endpoint URL http://GATEWAY/s3 read. Objects come out of the swarm, lists from the store.
import { randomUUID } from 'node:crypto'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import { pairsOf } from '../../origin/raw-headers.ts'
import { saidIn } from '../../origin/sources/s3-refusals.ts'
import { type S3Reply, type S3Rights, S3Store } from '../../origin/sources/s3-store.ts'
import type { Upstream } from '../../origin/upstream.ts'
import type { Guest, Handler } from '../front/guest.ts'
import { giveBack } from '../front/relay.ts'
import { isSelf } from '../registry/own-address.ts'
import { isLoopback } from '../registry/settings.ts'
import { keepFromWebPages, strangerIn } from '../registry/web-pages.ts'
import { objectAnswerTo } from './conditions.ts'
import { type ObjectFacts, ObjectFactsReader, type ObjectName, type OtherObject } from './object-facts.ts'
import { S3Objects } from './objects.ts'
import { OpenAnswers } from './open-answers.ts'
import { type Refusal, refuse } from './refusals.ts'
import { parseS3Target, type S3Target } from './routes.ts'
import { checkS3, type Listening } from './settings.ts'

export interface S3Setup {
  node: Pick<DragonflyNode, 'get'>
  upstream: Upstream
  rights: S3Rights
  /** The address of the gateway. */
  listen: Listening
}

/** Of the client's headers, those that are for the store; nothing that would have to be signed. */
const FOR_STORE = /^(?:range|if-match|if-none-match|if-modified-since|if-unmodified-since)$/i
/** What a client would take for done if it were left out: the owner is checked, the object is stored under the client's own key. */
const NOT_OFFERED = /^x-amz-(?:expected-bucket-owner|(?:copy-source-)?server-side-encryption-customer-.*)$/
/** Longest `Via`: more gateways in a row are a circle. Characters. */
const MAX_VIA = 512
/**
 * Where the store would send the client, past the gateway and with a signature of this host; what belongs to its own protocol; and what it allows
 * to web pages.
 */
const NOT_FOR_CLIENT =
  /^(?:location|set-cookie|alt-svc|strict-transport-security|access-control-.*|cross-origin-.*|content-security-policy|x-content-type-options)$/i
/** What the store says of credentials that it does not take: those are the gateway's, and not the client's. */
const OF_CREDENTIALS =
  /^(?:InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken|ExpiredToken|TokenRefreshRequired|RequestTimeTooSkewed|AuthorizationHeaderMalformed|AuthorizationQueryParametersError)$/

/** What a refusal without a text is, for clients that look for its code. */
const SILENT: ReadonlyMap<number, Refusal> = new Map([
  [403, 'denied'],
  [404, 'absent'],
])

export class S3Gateway {
  readonly #store: S3Store
  readonly #objects: S3Objects
  readonly #facts: ObjectFactsReader
  readonly #isLocal: boolean
  readonly #open = new OpenAnswers()
  /** For `Via`. */
  readonly #name = `dragonfly-${randomUUID().slice(0, 13)}`

  private constructor(store: S3Store, { node, listen }: S3Setup) {
    this.#store = store
    this.#objects = new S3Objects(node, store, this.#open)
    this.#facts = new ObjectFactsReader(store)
    this.#isLocal = isLoopback(listen.host)
  }

  /** Rejects with `bad-option`. */
  static async open(setup: S3Setup): Promise<S3Gateway> {
    const store = new S3Store(setup.upstream, setup.rights)
    await checkS3(store, setup.rights, setup.listen)
    return new S3Gateway(store, setup)
  }

  readonly handle: Handler = async guest => {
    const { method, headers, url = '' } = guest.request
    keepFromWebPages(guest.response)
    const stranger = strangerIn(guest.request, this.#isLocal)
    if (stranger !== undefined) return refuse(guest, stranger)
    if (method !== 'GET' && method !== 'HEAD') return refuse(guest, 'writes')
    const target = parseS3Target(url)
    if (typeof target === 'string') return refuse(guest, target)
    if (Object.keys(headers).some(name => NOT_OFFERED.test(name))) return refuse(guest, 'not-offered')
    if (headers.via !== undefined && (headers.via.includes(this.#name) || headers.via.length > MAX_VIA))
      return refuse(guest, 'loop')
    try {
      const endpoint = await this.#store.endpoint()
      if (endpoint !== undefined && isSelf(endpoint, guest)) return refuse(guest, 'loop')
      await this.#answer(guest, target)
    } catch (error) {
      if (!guest.gone.aborted) refuse(guest, isOfCredentials(error) ? 'credentials' : 'unreachable')
    }
  }

  async #answer(guest: Guest, { bucket, key, query }: S3Target): Promise<void> {
    const isPlain = query.every(([name]) => name === 'versionId')
    if (bucket === undefined || key === undefined || !isPlain) return await this.#pass(guest, { bucket, key, query })
    const name: ObjectName = { bucket, key, query }
    const via = this.#via(guest)
    const isNew = guest.request.method === 'HEAD' || !isLaterPart(guest)
    const known = await this.#facts.read(name, isNew, via)
    const found = isNew || isPartOf(known, guest) ? known : await this.#facts.read(name, true, via)
    if (found.kind === 'object') return await this.#objects.give(guest, { ...name, via }, found)
    await this.#pass(guest, name)
  }

  /** Of what is asked in the name of a guest: a circle of gateways is seen by whoever is asked twice. */
  #via({ request }: Guest): string {
    const { via } = request.headers
    return `${via === undefined ? '' : `${via}, `}1.1 ${this.#name}`
  }

  /** The store's own answer, signed for with the credentials of this host. */
  async #pass(guest: Guest, target: S3Target): Promise<void> {
    const { request } = guest
    const passed = pairsOf(request.rawHeaders).filter(([name]) => FOR_STORE.test(name))
    const headers = [...passed.flat(), 'accept-encoding', 'identity', 'via', this.#via(guest)]
    const method = request.method === 'HEAD' ? 'HEAD' : 'GET'
    const hasChecksums = request.headers['x-amz-checksum-mode'] !== undefined && target.key !== undefined
    this.#open.add(guest.response)
    const reply = await this.#store.ask({ ...target, method, headers, hasChecksums }, guest.gone)
    const code = refusedCredentials(reply)
    const silent = reply.text === '' ? SILENT.get(reply.status) : undefined
    if (code === undefined && silent === undefined) return await giveBack(guest, { ...reply, headers: forClient(reply.headers) })
    reply.body.on('error', () => {}).destroy()
    refuse(guest, code === undefined ? (silent as Refusal) : 'credentials', {}, code)
  }
}

/** Who begins to read wants what is there now; who goes on has been told a moment ago what it reads. */
function isLaterPart({ request }: Guest): boolean {
  const { range } = request.headers
  return range !== undefined && !/^bytes=\s*0+-/i.test(range)
}

/** Only bytes are given by what is remembered: a refusal by it might be one of yesterday. */
function isPartOf(known: ObjectFacts | OtherObject, { request }: Guest): boolean {
  return known.kind === 'object' && objectAnswerTo(request.headers, known).type === 'part'
}

function forClient(headers: readonly string[]): string[] {
  return pairsOf(headers)
    .filter(([name]) => !NOT_FOR_CLIENT.test(name))
    .flat()
}

/** Its text may hold the signature that was refused. */
function refusedCredentials({ credentials, text }: S3Reply): string | undefined {
  const code = saidIn(text ?? '', 'Code')
  return credentials !== undefined && code !== undefined && OF_CREDENTIALS.test(code) ? code : undefined
}

function isOfCredentials(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'origin-forbidden'
}

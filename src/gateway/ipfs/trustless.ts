// The gateway as a trustless gateway of IPFS (https://specs.ipfs.tech/http-gateways/trustless-gateway/): blocks, and CAR files of them.
import fresh from 'fresh'
import { CID } from 'multiformats/cid'
import PQueue from 'p-queue'
import type { DragonflyNode } from '../../node/api/dragonfly-node.ts'
import type { Guest } from '../front/guest.ts'
import { isLoopback } from '../registry/settings.ts'
import { keepFromWebPages, strangerIn } from '../registry/web-pages.ts'
import { carOf } from './car.ts'
import { Unread } from './unread.ts'

const RAW_TYPE = 'application/vnd.ipld.raw'
const CAR_TYPE = 'application/vnd.ipld.car'
/** Longest request target, bytes. */
const MAX_TARGET = 1024
/** Blocks that are read at a time, of 4 MiB at most; and requests that wait for their turn. */
const MAX_READS = 16
const MAX_WAITING = 256
/** A client that asks for one block comes before the next blocks of those who read a whole. */
const FIRST = 1

interface Asked {
  cid: CID
  format: 'raw' | 'car'
  /** All blocks below it, too. */
  isDeep: boolean
}

type Refusal = readonly [status: number, why: string]

export class TrustlessGateway {
  readonly #node: Pick<DragonflyNode, 'readBlock'>
  readonly #isLocal: boolean
  readonly #reads = new PQueue({ concurrency: MAX_READS })
  readonly #unread = new Unread()

  /** `listen`: the address of the gateway. */
  constructor(node: Pick<DragonflyNode, 'readBlock'>, listen: string) {
    this.#node = node
    this.#isLocal = isLoopback(listen)
  }

  readonly handle = async (guest: Guest): Promise<void> => {
    keepFromWebPages(guest.response)
    // a page must not find out what is here
    if (strangerIn(guest.request, this.#isLocal) !== undefined) return refuse(guest, [403, 'for programs that ask for 127.0.0.1'])
    const asked = askedBy(guest)
    if (!('cid' in asked)) return refuse(guest, asked)
    if (this.#reads.size > MAX_WAITING) return refuse(guest, [503, 'too many requests at a time'])
    const bytes = await this.#read(asked.cid, FIRST)
    if (bytes === undefined) return refuse(guest, [404, 'no public content of this node has this block'])
    if (asked.format === 'raw') this.#raw(guest, asked, bytes)
    else await this.#car(guest, asked, bytes)
  }

  async #read(cid: CID, priority = 0): Promise<Uint8Array | undefined> {
    return await this.#reads.add(() => this.#node.readBlock(cid.toString()), { priority })
  }

  #raw({ request, response }: Guest, { cid }: Asked, bytes: Uint8Array): void {
    const headers = headersOf(cid, RAW_TYPE, 'bin', `"${cid}.raw"`)
    if (fresh(request.headers, headers)) return void response.writeHead(304, headers).end()
    response.writeHead(200, { ...headers, 'content-length': bytes.byteLength })
    if (request.method === 'HEAD') return void response.end()
    this.#unread.end(response, bytes)
  }

  async #car({ request, response, gone }: Guest, { cid, isDeep }: Asked, bytes: Uint8Array): Promise<void> {
    const type = `${CAR_TYPE}; version=1; order=dfs; dups=n`
    const headers = headersOf(cid, type, 'car', `W/"${cid}.car${isDeep ? '' : '.block'}"`)
    if (fresh(request.headers, headers)) return void response.writeHead(304, headers).end()
    response.writeHead(200, headers)
    if (request.method === 'HEAD') return void response.end()
    try {
      for await (const part of carOf(cid, bytes, child => this.#read(child), isDeep))
        await this.#unread.write(response, part, gone)
      response.end()
    } catch {
      // what is short is told by how it ends
      response.destroy()
    }
  }
}

function askedBy({ request }: Guest): Asked | Refusal {
  const { method, url = '', headers } = request
  if (method !== 'GET' && method !== 'HEAD') return [405, 'only GET and HEAD']
  if (Buffer.byteLength(url) > MAX_TARGET) return [414, 'too long']
  const [, text = '', path = '', query = ''] = /^\/ipfs\/([^/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(url) ?? []
  const cid = parseCid(text)
  if (cid === undefined) return [400, 'not a CID']
  if (path !== '' && path !== '/') return [404, 'contents of this node are files: there is nothing below a CID']
  const named = new URLSearchParams(query)
  const format = formatOf(named.get('format'), headers.accept ?? '')
  if (format === undefined) return [406, `ask for ?format=raw or ?format=car, or by Accept: ${RAW_TYPE}`]
  return { cid, format, isDeep: named.get('dag-scope') !== 'block' }
}

function formatOf(named: string | null, accept: string): Asked['format'] | undefined {
  if (named === 'raw' || named === 'car') return named
  if (named !== null) return undefined
  return accept.includes(RAW_TYPE) ? 'raw' : accept.includes(CAR_TYPE) ? 'car' : undefined
}

/** What a CID names never changes. */
function headersOf(cid: CID, type: string, ending: string, etag: string): Record<'etag', string> & Record<string, string> {
  return {
    'content-type': type,
    etag,
    'cache-control': 'public, max-age=29030400, immutable',
    'content-disposition': `attachment; filename="${cid}.${ending}"`,
    'x-content-type-options': 'nosniff',
    'x-ipfs-path': `/ipfs/${cid}`,
    vary: 'Accept',
  }
}

function refuse({ response }: Guest, [status, why]: Refusal): void {
  const body = `${why}\n`
  response.writeHead(status, {
    ...{ 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' },
    // what comes with it is not waited for
    ...(status === 405 && { allow: 'GET, HEAD', connection: 'close' }),
    ...(status === 503 && { 'retry-after': '1' }),
  })
  response.end(body)
}

function parseCid(text: string): CID | undefined {
  try {
    return CID.parse(text)
  } catch {
    return undefined
  }
}

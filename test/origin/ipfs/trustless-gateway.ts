// A trustless gateway on loopback, over blocks that the importer of IPFS's own libraries made.
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { MemoryBlockstore } from 'blockstore-core'
import { type ImporterOptions, importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced, trickle } from 'ipfs-unixfs-importer/layout'
import { CID } from 'multiformats/cid'

export interface Added {
  /** Of each path, and of the folder ''. */
  cids: ReadonlyMap<string, CID>
  root: CID
}

/** How files are cut. */
export interface Cut {
  chunk?: number
  fanout?: number
  rawLeaves?: boolean
  layout?: 'balanced' | 'trickle'
  /** Bytes of a folder's node from which on it becomes a trie. */
  shardFrom?: number
}

export type Answering = (cid: string, response: http.ServerResponse, honest: () => void) => void

export class TrustlessGateway {
  readonly url: string
  readonly asked: string[] = []
  readonly #server: http.Server
  readonly #blocks: Map<string, Uint8Array>
  /** In place of the honest answer. */
  answer: Answering = (_cid, _response, honest) => honest()

  private constructor(server: http.Server, blocks: Map<string, Uint8Array>) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#server = server
    this.#blocks = blocks
    server.on('request', (request, response) => this.#serve(request, response))
  }

  /** `blocks`: those of another, which are the same content elsewhere. */
  static async start(like?: TrustlessGateway): Promise<TrustlessGateway> {
    const server = http.createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new TrustlessGateway(server, like === undefined ? new Map() : like.#blocks)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async addFile(content: Uint8Array, cut: Cut = {}): Promise<CID> {
    return (await this.#import([{ content }], cut, false)).root
  }

  async addFolder(files: Readonly<Record<string, Uint8Array>>, cut: Cut = {}): Promise<Added> {
    return await this.#import(
      Object.entries(files).map(([path, content]) => ({ path, content })),
      cut,
      true,
    )
  }

  put(cid: CID, bytes: Uint8Array): void {
    this.#blocks.set(keyOf(cid), bytes)
  }

  get count(): number {
    return this.#blocks.size
  }

  async #import(
    files: { path?: string; content: Uint8Array }[],
    { chunk = 10_000, fanout = 4, rawLeaves = true, layout = 'balanced', shardFrom = 262_144 }: Cut,
    wrapWithDirectory: boolean,
  ): Promise<Added> {
    const store = new MemoryBlockstore()
    const options: ImporterOptions = {
      ...{ rawLeaves, wrapWithDirectory, cidVersion: rawLeaves ? 1 : 0, reduceSingleLeafToSelf: rawLeaves },
      chunker: fixedSize({ chunkSize: chunk }),
      layout: layout === 'trickle' ? trickle({ maxChildrenPerNode: fanout }) : balanced({ maxChildrenPerNode: fanout }),
      shardSplitThresholdBytes: shardFrom,
    }
    const cids = new Map<string, CID>()
    let root: CID | undefined
    for await (const { path = '', cid } of importer(files, store, options)) {
      cids.set(path, cid)
      root = cid
    }
    for await (const { cid, bytes } of store.getAll()) {
      const parts: Uint8Array[] = []
      for await (const part of bytes) parts.push(part)
      this.put(cid, Buffer.concat(parts))
    }
    return { cids, root: root as CID }
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url)
    const [, text = ''] = /^\/ipfs\/([a-zA-Z0-9]+)$/.exec(pathname) ?? []
    if (searchParams.get('format') !== 'raw' || request.headers.accept !== 'application/vnd.ipld.raw') {
      return void response.writeHead(400).end('not trustless')
    }
    const asked = CID.parse(text)
    const cid = asked.toV1().toString()
    this.asked.push(cid)
    this.answer(cid, response, () => {
      const bytes = this.#blocks.get(keyOf(asked))
      if (bytes === undefined) return void response.writeHead(404).end('no such block')
      response.writeHead(200, {
        'content-type': 'application/vnd.ipld.raw',
        'content-length': bytes.length,
        etag: `"${cid}.raw"`,
      })
      response.end(bytes)
    })
  }
}

/** The store of the importer knows hashes only. */
function keyOf({ multihash }: CID): string {
  return Buffer.from(multihash.bytes).toString('hex')
}

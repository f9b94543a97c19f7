// ipfs: URLs. The file that one names has a CID of its own, under which it is read: the same file in two folders is one content.
import type { CID } from 'multiformats/cid'
import { hex } from '../../core/digest.ts'
import { DragonflyError } from '../../core/errors.ts'
import { ipfsUrl, parseIpfsUrl, RAW } from '../../core/ipfs-url.ts'
import { find, walk } from '../ipfs/folders.ts'
import { gatewayUrls } from '../ipfs/gateway-urls.ts'
import { IpfsClient } from '../ipfs/ipfs-client.ts'
import { settings } from '../options.ts'
import { Proxies } from '../proxies.ts'
import { caFileOf } from '../trust.ts'
import type { ListedFile, Source, SourceReach, SourceRequest } from './source.ts'

export const IPFS: Source = { resolve, isFolder, list }

const SHA2_256 = 0x12
/** Of one question that a person waits for. Milliseconds. */
const QUESTION_MS = 60_000
const CONNECT_MS = 5000
/** Seeds may reach gateways where this host does not. */
const OUT_OF_REACH = new Set(['origin-unreachable', 'origin-unknown-host', 'origin-timeout', 'timeout'])

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  const { cid, path, namesFolder } = parseIpfsUrl(url)
  if (namesFolder) throw new DragonflyError('bad-url', 'the URL names a folder, not a file', { hint: 'download it with -P DIR' })
  if (path.length === 0) return requestFor(url, cid, cid.toString())
  const found = await asking(reach, ({ blocks, signal }) => find(cid, path, blocks, signal))
  return requestFor(url, found, path.at(-1) as string)
}

/** What only its block tells is asked for. */
async function isFolder(url: string, reach: SourceReach = {}): Promise<boolean> {
  const { cid, path, namesFolder } = parseIpfsUrl(url)
  if (namesFolder || (path.length === 0 && cid.code === RAW)) return namesFolder
  try {
    return await asking(reach, async ({ blocks, signal }) => {
      const found = await find(cid, path, blocks, signal)
      return found.code !== RAW && (await blocks.read(found, signal)).type === 'folder'
    })
  } catch (error) {
    // what is wrong is told by whoever reads it
    if (error instanceof DragonflyError && path.length === 0 && OUT_OF_REACH.has(error.code)) return false
    throw error
  }
}

async function* list(url: string, reach: SourceReach): AsyncGenerator<ListedFile> {
  const { cid, path } = parseIpfsUrl(url)
  const client = clientOf(reach)
  const signal = reach.signal ?? new AbortController().signal
  try {
    const root = await find(cid, path, client.blocks, signal)
    let count = 0
    for await (const { path: below, cid: file, node, hint } of walk(root, client.blocks, signal)) {
      count++
      const shown = ipfsUrl(cid, [...path, ...below])
      const length = node === undefined ? hint : node.type === 'file' ? node.size : undefined
      const request = () => requestFor(shown, file, below.at(-1) as string)
      const { digest } = request()
      yield { path: below, url: shown, ...(length !== undefined && { length }), ...(digest !== undefined && { digest }), request }
    }
    if (count === 0) throw new DragonflyError('origin-not-found', `${ipfsUrl(cid, path)} is an empty folder`)
  } finally {
    await client.stop()
  }
}

function requestFor(shown: string, cid: CID, name: string): SourceRequest {
  const { code, multihash } = cid
  const hasDigest = code === RAW && multihash.code === SHA2_256
  return {
    ...{ url: ipfsUrl(cid), shown, nameFile: () => name },
    ...(hasDigest && { digest: `sha256:${hex(multihash.digest)}` }),
  }
}

/** Rejects with `timeout` or the abort, too. */
async function asking<T>(
  reach: SourceReach,
  ask: (how: Pick<IpfsClient, 'blocks'> & { signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const client = clientOf(reach)
  const clock = AbortSignal.timeout(QUESTION_MS)
  try {
    return await ask({ blocks: client.blocks, signal: AbortSignal.any([clock, ...(reach.signal ? [reach.signal] : [])]) })
  } finally {
    await client.stop()
  }
}

function clientOf({ proxy, noProxy, ca, ipfsGateways }: SourceReach): IpfsClient {
  const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
  const how = { proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env) }
  const ipfs = () => ({ urls: gatewayUrls(ipfsGateways, process.env) })
  return new IpfsClient(settings({ ...how, ipfs, connectTimeoutMs: CONNECT_MS }))
}

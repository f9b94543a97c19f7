// Trees and their lists, stores, hubs, IPFS, and what clients ask the gateway for; connections before their first message.
import * as dagCbor from '@ipld/dag-cbor'
import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import { decodeChunks, encodeChunk } from '../../src/core/chunk-list.ts'
import { MIN_CHUNK_AVERAGE } from '../../src/core/chunks.ts'
import { parseIpfsUrl } from '../../src/core/ipfs-url.ts'
import { parseNamedShare } from '../../src/core/named-share.ts'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid } from '../../src/core/root.ts'
import { parseSharedUrl } from '../../src/core/shared-url.ts'
import { decodeTree, encodeTree } from '../../src/core/tree.ts'
import { decodeUrlTree } from '../../src/core/url-tree.ts'
import { parseHubTarget } from '../../src/gateway/hub/routes.ts'
import { parseS3Target } from '../../src/gateway/s3/routes.ts'
import { readProposal } from '../../src/net/negotiation.ts'
import { encodeHeader, FLAG, FRAME_TYPE } from '../../src/net/yamux/frame.ts'
import { FrameParser } from '../../src/net/yamux/frame-parser.ts'
import { Blocks } from '../../src/origin/ipfs/blocks.ts'
import { readIndex, rootOf } from '../../src/origin/listing/index-page.ts'
import { parseAzFolder, parseAzUrl } from '../../src/origin/sources/az-address.ts'
import { azPageIn } from '../../src/origin/sources/az-list.ts'
import { parseGsFolder, parseGsUrl } from '../../src/origin/sources/gs-address.ts'
import { parseHubFolder, parseHubUrl } from '../../src/origin/sources/hub-address.ts'
import { parseModelScopeUrl } from '../../src/origin/sources/modelscope.ts'
import { parseOciUrl } from '../../src/origin/sources/oci.ts'
import { parseS3Folder, parseS3Url } from '../../src/origin/sources/s3-address.ts'
import { pageIn } from '../../src/origin/sources/s3-list.ts'
import { saidIn } from '../../src/origin/sources/s3-refusals.ts'
import {
  decodeTreeHead,
  decodeTreeReply,
  decodeTreeRequest,
  encodeTreeHead,
  encodeTreeReply,
  encodeTreeRequest,
} from '../../src/wire/codec-tree.ts'
import { openTree, sealTree } from '../../src/wire/envelope.ts'
import { treeHead, treeReply, treeRequest } from '../wire/arbitraries.ts'
import { SEED_KEY, TREE_HEAD } from '../wire/vectors.ts'
import { drawn, type Target, text } from './target.ts'

const X = sha256(Buffer.from('x'))
const ROOT = rawCid(X).toString()
const TREE = encodeTree({
  files: [{ path: 'a/b', size: 1, isExecutable: true, sha256: X, place: { pack: 0, offset: 2 } }],
  links: [{ path: 'l', target: 'a/b' }],
  folders: ['e'],
  packs: [{ root: ROOT, size: 3 }],
})
const URL_TREE = dagCbor.encode({
  v: 1,
  files: [
    ['a', '/t/a', 0, 0, 1, X, null],
    ['b', '/t/b', 7, 1_700_000_000_000, null],
  ],
  packs: [[ROOT, 3]],
})
const AVERAGE = MIN_CHUNK_AVERAGE
const CHUNKS = Buffer.concat([encodeChunk(X.subarray(0, 16), 65_536), encodeChunk(X.subarray(16), 40_000)])

const LEAF = { Hash: rawCid(X), Name: '0A', Tsize: 9 }
const NODES = [
  dagPb.encode({ Data: new UnixFS({ type: 'file', data: Buffer.from('abc') }).marshal(), Links: [] }),
  dagPb.encode({ Data: new UnixFS({ type: 'file', blockSizes: [9n] }).marshal(), Links: [{ ...LEAF, Name: '' }] }),
  dagPb.encode({ Data: new UnixFS({ type: 'directory' }).marshal(), Links: [LEAF] }),
  dagPb.encode({
    Data: new UnixFS({ type: 'hamt-sharded-directory', fanout: 256n, hashType: 0x22n, data: Buffer.from([1]) }).marshal(),
    Links: [LEAF],
  }),
]
const NODE = CID.createV1(dagPb.code, LEAF.Hash.multihash)
const NEVER = new AbortController().signal

const HTML =
  '<html><title>Index of /t/</title><body><a href="../">../</a><a href="a%20b">a b</a> 28-Nov-2026 10:00 7\n<a href="d/">d/</a></html>'
const BUCKET =
  '<?xml version="1.0"?><ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>' +
  '<Contents><Key>t/a</Key><Size>7</Size><ETag>"0"</ETag><LastModified>2026-11-28T10:00:00Z</LastModified></Contents></ListBucketResult>'
const BLOBS =
  '<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Content-Length>7</Content-Length>' +
  '<Last-Modified>Sat, 28 Nov 2026 10:00:00 GMT</Last-Modified></Properties></Blob></Blobs><NextMarker>m</NextMarker></EnumerationResults>'
const INDEX_URL = 'http://origin.example/t/'

const silent = { onControl() {}, onDataFrame() {}, onPayload() {}, onPayloadEnd() {} }

export const SOURCE_TARGETS: readonly Target[] = [
  { name: 'questions for a tree', examples: drawn(treeRequest, encodeTreeRequest), feed: bytes => void decodeTreeRequest(bytes) },
  { name: 'answers about a tree', examples: drawn(treeReply, encodeTreeReply), feed: bytes => void decodeTreeReply(bytes) },
  { name: 'heads of trees', examples: drawn(treeHead, encodeTreeHead), feed: bytes => void decodeTreeHead(bytes) },
  {
    name: 'signed trees',
    examples: [await sealTree(TREE_HEAD, SEED_KEY)],
    feed: async bytes => await openTree(bytes, () => true),
  },
  { name: 'lists of shared folders', examples: [TREE], feed: bytes => void decodeTree(bytes) },
  { name: 'lists of trees below a URL', examples: [URL_TREE], feed: bytes => void decodeUrlTree(bytes) },
  { name: 'lists of chunks', examples: [CHUNKS], feed: bytes => void decodeChunks(bytes, AVERAGE, 105_536) },
  { name: 'blocks of IPFS', examples: NODES, feed: async bytes => await blocksOf(bytes).read(NODE, NEVER) },
  text('indexes of folders', [HTML, BUCKET], value => readIndex(value, INDEX_URL, rootOf(INDEX_URL))),
  text('lists of buckets', [BUCKET], value => pageIn(value, INDEX_URL)),
  text('lists of blobs', [BLOBS], value => azPageIn(value, INDEX_URL)),
  text('refusals of stores', ['<Error><Code>NoSuchKey</Code><Message>none</Message></Error>'], value => saidIn(value, 'Code')),
  text('s3: URLs', ['s3://bucket/a/b%20c?versionId=v'], parseS3Url),
  text('s3: folders', ['s3://bucket/a/', 's3://bucket'], parseS3Folder),
  text('gs: URLs', ['gs://bucket/a/b#170'], parseGsUrl),
  text('gs: folders', ['gs://bucket/a/', 'gs://bucket'], parseGsFolder),
  text('az: URLs', ['az://account/container/a/b?versionId=v'], parseAzUrl),
  text('az: folders', ['az://account/container/a/'], parseAzFolder),
  text('hf: URLs', ['hf://datasets/org/name@main/a/b'], parseHubUrl),
  text('hf: folders', ['hf://org/name', 'hf://datasets/org/name@main/a/'], parseHubFolder),
  text('modelscope: URLs', ['modelscope://org/name@master/a/b'], parseModelScopeUrl),
  text('oci: URLs', [`oci://reg.example:5000/a/b:v1/c.bin`, `oci://reg.example/a@sha256:${'0'.repeat(64)}/c`], parseOciUrl),
  text('ipfs: URLs', [`ipfs://${ROOT}/a/b`, `ipfs://${NODE}`], parseIpfsUrl),
  text('dragonfly: URLs', [`dragonfly:${ROOT}?name=a`, `dragonfly:${ROOT}/`], parseSharedUrl),
  text('names of shares', ['dragonfly://models/', 'dragonfly://models/a'], parseNamedShare),
  text('paths of a hub', ['/hf/org/name/resolve/main/a/b?download=true', '/hf/api/models/org/name'], parseHubTarget),
  text('paths of S3', ['/s3/bucket/a%20b?versionId=v', '/s3/bucket?list-type=2&prefix=a', '/s3'], parseS3Target),
  {
    name: 'frames of yamux',
    examples: [
      encodeHeader(FRAME_TYPE.windowUpdate, FLAG.syn, 1, 0),
      Buffer.concat([
        encodeHeader(FRAME_TYPE.data, 0, 1, 5),
        Buffer.from('hello'),
        encodeHeader(FRAME_TYPE.ping, FLAG.syn, 0, 7),
      ]),
    ],
    feed: bytes => new FrameParser(silent).push(bytes),
  },
  {
    name: 'proposals of protocols',
    examples: [Buffer.from('\x13/multistream/1.0.0\n\x1b/dragonfly/resolve/1.0.0aa\n')],
    feed: bytes => void readProposal(bytes),
  },
]

/** A reader to whom every gateway gives these bytes, already compared with their CID. */
function blocksOf(bytes: Uint8Array): Blocks {
  return new Blocks({ fetch: () => Promise.resolve(bytes) } as unknown as ConstructorParameters<typeof Blocks>[0])
}

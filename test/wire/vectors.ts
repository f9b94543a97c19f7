// The examples of SPEC.md as values: what each hex block there has to decode to, and be encoded from.
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { CID } from 'multiformats/cid'
import { Bitfield } from '../../src/core/bitfield.ts'
import { encodeChunk } from '../../src/core/chunk-list.ts'
import { chunkDigest } from '../../src/core/chunks.ts'
import { FleetKeys, type MemberRecord } from '../../src/core/fleet.ts'
import type { Grant } from '../../src/core/grant.ts'
import type { HostStatus } from '../../src/core/host-status.ts'
import { chainNext, chainStart, type ManifestHead } from '../../src/core/manifest.ts'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid } from '../../src/core/root.ts'
import { contentId, makeProof, makeTask } from '../../src/core/task.ts'
import { decodeControl, encodeControl } from '../../src/wire/codec-control.ts'
import { decodeDataRequest, decodeFrameHeader, encodeDataRequest, encodeFrameHeader } from '../../src/wire/codec-data.ts'
import { decodeFleetReply, decodeFleetRequest, encodeFleetReply, encodeFleetRequest } from '../../src/wire/codec-fleet.ts'
import { decodeGrant, encodeGrant } from '../../src/wire/codec-grant.ts'
import { decodeHead, encodeHead } from '../../src/wire/codec-manifest.ts'
import {
  decodeResolveReply,
  decodeResolveRequest,
  encodeResolveReply,
  encodeResolveRequest,
} from '../../src/wire/codec-resolve.ts'
import { decodeStatusReply, decodeStatusRequest, encodeStatusReply, encodeStatusRequest } from '../../src/wire/codec-status.ts'
import {
  decodeTreeHead,
  decodeTreeReply,
  decodeTreeRequest,
  encodeTreeHead,
  encodeTreeReply,
  encodeTreeRequest,
  type TreeHead,
  type TreeReply,
} from '../../src/wire/codec-tree.ts'
import { sealGrant, sealHead, sealTree } from '../../src/wire/envelope.ts'

export interface Vector {
  label: string
  value: unknown
  encode: () => Uint8Array
  decode: (bytes: Uint8Array) => unknown
}

export const SEED_KEY = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(1))
const PEER_KEY = await generateKeyPairFromSeed('Ed25519', new Uint8Array(32).fill(2))
export const SEED_ID = peerIdFromPrivateKey(SEED_KEY).toString()
export const PEER_ID = peerIdFromPrivateKey(PEER_KEY).toString()

export const TASK = makeTask({ url: 'https://example.org/file.iso#top' })
const TOPIC = CID.parse(TASK.id).bytes
const DIGESTS = [sha256(Buffer.from('first piece')), sha256(Buffer.from('second piece'))]
export const INFO = {
  task: TASK.id,
  version: 'etag "33a64df5"',
  pieceLength: 262144,
  length: 300000,
  fileName: 'file.iso',
}
const CHUNK_ENTRIES = new Uint8Array([
  ...encodeChunk(chunkDigest(Buffer.from('first chunk')), 65536),
  ...encodeChunk(chunkDigest(Buffer.from('second chunk')), 1),
])
export const CHAIN = [chainStart(INFO)]
for (const digest of DIGESTS) CHAIN.push(chainNext(CHAIN.at(-1) as Uint8Array, digest))

export const HEAD: ManifestHead = {
  ...INFO,
  count: 2,
  chain: CHAIN[2] as Uint8Array,
  seal: {
    length: 300000,
    sha256: sha256(Buffer.from('whole')),
    root: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  },
}

const HELLO = {
  type: 'hello',
  topic: TOPIC,
  proof: makeProof(TASK.secret, PEER_ID, SEED_ID),
  version: 'etag "33a64df5"',
  manifestCount: 1,
  links: 3,
} as const

export const PRIVATE_TASK = makeTask({
  url: 'https://example.org/file.iso#top',
  headers: [['authorization', 'Bearer token']],
})
const PRIVATE_ID = contentId(PRIVATE_TASK, INFO.version)
export const PRIVATE_TOPIC = CID.parse(PRIVATE_ID).bytes
export const GRANT: Grant = { peer: PEER_ID, topic: PRIVATE_TOPIC, expires: 1767225600000 }
const SEALED_GRANT = await sealGrant(GRANT, SEED_KEY)

const PEERS = [
  { id: PEER_ID, addresses: ['/ip4/192.0.2.7/tcp/4001', '/dns4/host.example.org/tcp/4001'] },
  { id: SEED_ID, addresses: [] },
]

/** A content of one piece that fits into an answer. */
const TINY = Buffer.from('tiny')
const TINY_HEAD: ManifestHead = {
  ...INFO,
  length: TINY.length,
  count: 1,
  chain: chainNext(chainStart({ ...INFO, length: TINY.length }), sha256(TINY)),
  seal: { length: TINY.length, sha256: sha256(TINY), root: rawCid(sha256(TINY)).toString() },
}

function control(label: string, value: NonNullable<ReturnType<typeof decodeControl>>): Vector {
  return { label, value, encode: () => encodeControl(value), decode: decodeControl }
}

function data(label: string, value: NonNullable<ReturnType<typeof decodeDataRequest>>): Vector {
  return { label, value, encode: () => encodeDataRequest(value), decode: decodeDataRequest }
}

function frame(label: string, value: ReturnType<typeof decodeFrameHeader>): Vector {
  return { label, value, encode: () => encodeFrameHeader(value), decode: decodeFrameHeader }
}

function reply(label: string, value: NonNullable<ReturnType<typeof decodeResolveReply>>): Vector {
  return { label, value, encode: () => encodeResolveReply(value), decode: decodeResolveReply }
}

function treeReply(label: string, value: TreeReply): Vector {
  return { label, value, encode: () => encodeTreeReply(value), decode: decodeTreeReply }
}

function bitfield(size: number, pieces: number[]): Bitfield {
  const set = new Bitfield(size)
  for (const piece of pieces) set.add(piece)
  return set
}

const REQUEST = {
  url: 'https://example.org/file.iso?session=7',
  headers: [
    ['authorization', 'Bearer token'],
    ['x-mirror', 'eu'],
  ] as const,
  filter: ['session'],
  tag: 'nightly',
  digest: sha256(Buffer.from('whole')),
  revalidate: false,
}
const TRACED = {
  ...REQUEST,
  headers: [],
  filter: [],
  tag: undefined,
  digest: undefined,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}
const REVALIDATING = { ...REQUEST, headers: [], filter: [], tag: undefined, digest: undefined, revalidate: true }

const BLOB_DIGEST = sha256(Buffer.from('layer'))
const NAMED = {
  url: `https://registry.example/v2/team/app/blobs/sha256:${Buffer.from(BLOB_DIGEST).toString('hex')}`,
  headers: [],
  filter: [],
  tag: undefined,
  digest: BLOB_DIGEST,
  revalidate: false,
  isNamedByDigest: true as const,
  isAnonymous: true as const,
}

export const FLEET_SECRET = new Uint8Array(32).fill(3)
const FLEET_KEYS = new FleetKeys([{ secret: FLEET_SECRET }])
const FLEET_PROOF = FLEET_KEYS.proof(PEER_ID, SEED_ID, 0) as Uint8Array
const MEMBERS: MemberRecord[] = [
  { peer: PEER_ID, addresses: ['/ip4/192.0.2.7/tcp/4801'], role: 'member', state: 'alive', stamp: 1767225600000 },
  { peer: SEED_ID, addresses: [], role: 'seed', state: 'left', stamp: 1767225600001 },
]
const VIEW = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

function fleetRequest(label: string, changes: Partial<Parameters<typeof encodeFleetRequest>[0]>): Vector {
  const value = { proof: FLEET_PROOF, news: [], subject: undefined, all: false, view: undefined, ...changes }
  return { label, value, encode: () => encodeFleetRequest(value), decode: decodeFleetRequest }
}

function fleetReply(label: string, value: Parameters<typeof encodeFleetReply>[0]): Vector {
  return { label, value, encode: () => encodeFleetReply(value), decode: decodeFleetReply }
}

const STATUS: HostStatus = {
  version: '0.1.0',
  role: 'seed',
  uptime: 86_400,
  load: { lag: 12, busy: 40 },
  rates: { down: 1_048_576, up: 0 },
  limits: { down: 1_048_576, up: undefined, total: undefined },
  disk: { used: 3_221_225_472, quota: undefined, free: 64_424_509_440, isInTrouble: false },
  contents: 17,
  downloads: 2,
  hidden: 1,
  slowest: [
    { url: undefined, bytes: 0, length: undefined, rate: 0, cause: 'sources' },
    { url: 'https://h.example/f?…', bytes: 4_194_304, length: 67_108_864, rate: 1_048_576, cause: 'limit' },
  ],
}
const STATUS_REQUEST = { downloads: 10 }
const TREE_REQUEST = { url: 'https://example.org/data/' }
export const TREE_HEAD: TreeHead = {
  ...TREE_REQUEST,
  root: rawCid(sha256(Buffer.from('list'))).toString(),
  length: 300_000,
  listedAt: 1767225600000,
}

const SHARED = 'dragonfly:bafkreieriht7byvkzhu5d5gxr2eu4cvgztv4olw7gpfudunud5cshwxm3u'

/** A definition of SPEC.md that is computed, not decoded. */
function computed(label: string, bytes: Uint8Array): Vector {
  return { label, value: bytes, encode: () => bytes, decode: input => input }
}

export const VECTORS: Vector[] = [
  computed('task id', TOPIC),
  computed('shared task id', CID.parse(makeTask({ url: SHARED }).id).bytes),
  computed('proof', HELLO.proof),
  computed('private topic', PRIVATE_TOPIC),
  computed('chain start', CHAIN[0] as Uint8Array),
  computed('chain after one digest', CHAIN[1] as Uint8Array),
  control('hello', HELLO),
  control('refused', { type: 'refused', reason: 'too-busy', peers: PEERS.slice(0, 1) }),
  { label: 'grant payload', value: GRANT, encode: () => encodeGrant(GRANT), decode: decodeGrant },
  computed('grant', SEALED_GRANT),
  control('hello with a grant', { ...HELLO, topic: PRIVATE_TOPIC, proof: new Uint8Array(), grant: SEALED_GRANT }),
  control('part', { type: 'part', from: 0, digests: Uint8Array.from(DIGESTS.flatMap(digest => [...digest])) }),
  control('head', { type: 'head', envelope: await sealHead(HEAD, SEED_KEY) }),
  { label: 'head payload', value: HEAD, encode: () => encodeHead(HEAD), decode: decodeHead },
  control('pieces', { type: 'pieces', have: bitfield(10, [0, 9]), queue: 4 }),
  control('have', { type: 'have', pieces: [3, 200], queue: 0 }),
  control('peers', { type: 'peers', peers: PEERS, links: 10 }),
  control('chunks wanted', { type: 'chunks-wanted', from: 6144 }),
  control('chunks', { type: 'chunks', count: 2, average: 65536, from: 0, entries: CHUNK_ENTRIES }),
  control('root peers', { type: 'root-peers', peers: PEERS }),
  data('data hello', HELLO),
  data('ask', { type: 'ask', piece: 0, load: 3, has: 41 }),
  data('cancel', { type: 'cancel', piece: 7 }),
  data('got', { type: 'got', piece: 7 }),
  frame('frame', { piece: 7, offset: 262144, length: 262144 }),
  frame('frame refused', { piece: 7, offset: 0, length: 0, refused: 'no-such-piece' }),
  {
    label: 'resolve request',
    value: REQUEST,
    encode: () => encodeResolveRequest(REQUEST),
    decode: decodeResolveRequest,
  },
  {
    label: 'resolve request, revalidate',
    value: REVALIDATING,
    encode: () => encodeResolveRequest(REVALIDATING),
    decode: decodeResolveRequest,
  },
  reply('resolved', {
    type: 'resolved',
    topic: TOPIC,
    version: INFO.version,
    pieceLength: 1048576,
    length: undefined,
    fileName: '',
  }),
  {
    label: 'resolve request for a new grant',
    value: { ...REQUEST, tag: undefined, digest: undefined, renews: PRIVATE_TOPIC },
    encode: () => encodeResolveRequest({ ...REQUEST, tag: undefined, digest: undefined, renews: PRIVATE_TOPIC }),
    decode: decodeResolveRequest,
  },
  reply('resolved with a grant', {
    type: 'resolved',
    topic: PRIVATE_TOPIC,
    version: INFO.version,
    pieceLength: 262144,
    length: 300000,
    fileName: '',
    grant: SEALED_GRANT,
    dhtKey: rawCid(sha256(Buffer.from('key'))).bytes,
  }),
  {
    label: 'resolve request, inline',
    value: { ...REVALIDATING, revalidate: false, takesInline: true },
    encode: () => encodeResolveRequest({ ...REVALIDATING, revalidate: false, takesInline: true }),
    decode: decodeResolveRequest,
  },
  {
    label: 'resolve request, traceparent',
    value: TRACED,
    encode: () => encodeResolveRequest(TRACED),
    decode: decodeResolveRequest,
  },
  reply('resolved with the content', {
    type: 'resolved',
    topic: TOPIC,
    version: INFO.version,
    pieceLength: 262144,
    length: TINY.length,
    fileName: '',
    inline: { head: await sealHead(TINY_HEAD, SEED_KEY), payload: new Uint8Array(TINY) },
  }),
  reply('granted', { type: 'granted', grant: SEALED_GRANT }),
  reply('failed', { type: 'failed', code: 'origin-not-found', message: 'origin says 404', status: 404, retryAfter: undefined }),
  reply('resolve peers', { type: 'peers', peers: PEERS }),
  reply('origin rate', { type: 'origin-rate', rate: 125_000_000, peers: 40 }),
  {
    label: 'resolve request, progress',
    value: { ...REVALIDATING, revalidate: false, progress: true },
    encode: () => encodeResolveRequest({ ...REVALIDATING, revalidate: false, progress: true }),
    decode: decodeResolveRequest,
  },
  {
    label: 'resolve request, named by digest',
    value: NAMED,
    encode: () => encodeResolveRequest(NAMED),
    decode: decodeResolveRequest,
  },
  reply('progress', { type: 'progress', bytes: 262144, length: 300000, sha256: undefined, wasHere: false }),
  reply('progress, whole', {
    type: 'progress',
    bytes: 300000,
    length: 300000,
    sha256: sha256(Buffer.from('whole')),
    wasHere: true,
  }),
  computed('fleet proof', FLEET_PROOF),
  fleetRequest('fleet request, introduction', {}),
  fleetRequest('fleet request', { news: MEMBERS.slice(0, 1), view: VIEW }),
  fleetRequest('fleet request, responsible', { subject: TASK.id }),
  fleetRequest('fleet request, all', { all: true }),
  fleetReply('fleet reply', { proof: FLEET_KEYS.proof(SEED_ID, PEER_ID, 0), members: MEMBERS, view: VIEW }),
  fleetReply('fleet reply, continued', { proof: undefined, members: MEMBERS.slice(1), view: undefined }),
  {
    label: 'status request',
    value: STATUS_REQUEST,
    encode: () => encodeStatusRequest(STATUS_REQUEST),
    decode: decodeStatusRequest,
  },
  { label: 'status reply', value: STATUS, encode: () => encodeStatusReply(STATUS), decode: decodeStatusReply },
  { label: 'tree request', value: TREE_REQUEST, encode: () => encodeTreeRequest(TREE_REQUEST), decode: decodeTreeRequest },
  treeReply('tree waiting', { type: 'waiting' }),
  treeReply('tree', { type: 'tree', envelope: await sealTree(TREE_HEAD, SEED_KEY) }),
  { label: 'tree head', value: TREE_HEAD, encode: () => encodeTreeHead(TREE_HEAD), decode: decodeTreeHead },
]

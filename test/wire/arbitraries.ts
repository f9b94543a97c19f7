// Random well-formed values of every kind of message.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import fc from 'fast-check'
import { Bitfield } from '../../src/core/bitfield.ts'
import { MAX_STAMP, type MemberRecord } from '../../src/core/fleet.ts'
import { type Freshness, MAX_CACHED_ANSWERS, MAX_CACHED_FIELDS } from '../../src/core/freshness.ts'
import { type HostStatus, MAX_SLOWEST, SLOW_CAUSES } from '../../src/core/host-status.ts'
import type { Seal, VersionInfo } from '../../src/core/manifest.ts'
import type { ControlMessage } from '../../src/wire/codec-control.ts'
import type { DataRequest, FrameHeader } from '../../src/wire/codec-data.ts'
import type { FleetReply, FleetRequest } from '../../src/wire/codec-fleet.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import type { PeerAddress } from '../../src/wire/codec-peers.ts'
import type { ResolveReply, ResolveRequest } from '../../src/wire/codec-resolve.ts'
import type { StatusRequest } from '../../src/wire/codec-status.ts'
import type { TreeHead, TreeReply, TreeRequest } from '../../src/wire/codec-tree.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import type { StoreRecord } from '../../src/wire/records.ts'
import type { RefusalReason } from '../../src/wire/refusal.ts'

const IDS: string[] = []
for (const type of ['Ed25519', 'Ed25519', 'secp256k1', 'RSA'] as const) {
  IDS.push(peerIdFromPrivateKey(type === 'RSA' ? await generateKeyPair(type, 2048) : await generateKeyPair(type)).toString())
}

export function bytes(min: number, max = min): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: min, maxLength: max })
}

/** Text of at most `max` bytes in UTF-8. */
function text(max: number, min = 0): fc.Arbitrary<string> {
  return fc.string({ unit: 'grapheme', minLength: min, maxLength: max, size: 'medium' }).filter(t => Buffer.byteLength(t) <= max)
}

const cidText = fc.stringMatching(/^b[a-z2-7]{58}$/)
const piece = fc.oneof(fc.integer({ min: 0, max: LIMITS.pieces - 1 }), fc.constantFrom(0, 1, LIMITS.pieces - 1))
const queue = fc.nat()
const digests = fc.array(bytes(32), { maxLength: 20 }).map(list => Uint8Array.from(list.flatMap(digest => [...digest])))
const part = fc.record({ from: fc.integer({ min: 0, max: LIMITS.pieces - 20 }), digests })
const envelope = bytes(1, 300)

const chunks = fc.oneof(
  fc.constant({ count: 0, average: 0, from: 0, entries: new Uint8Array() }),
  fc.record({
    count: fc.integer({ min: 20, max: LIMITS.chunks }),
    average: fc.constantFrom(2 ** 16, 2 ** 18, 2 ** 20),
    from: fc.constantFrom(0, 1),
    entries: fc.nat({ max: 19 }).chain(n => bytes(n * 20)),
  }),
)

const reason: fc.Arbitrary<RefusalReason> = fc.constantFrom(
  'unknown-topic',
  'bad-proof',
  'other-version',
  'too-busy',
  'going-away',
  'no-such-piece',
  'cancelled',
)

const version: fc.Arbitrary<Omit<VersionInfo, 'task'>> = fc.record({
  version: text(LIMITS.version, 1),
  pieceLength: fc.integer({ min: 0, max: 22 }).map(n => 2 ** n),
  length: fc.option(fc.nat({ max: LIMITS.pieces }), { nil: undefined }),
  fileName: fc.constantFrom('', 'a', 'file.iso', 'ä–日本.tar.gz', 'with space'),
})

export const info: fc.Arbitrary<VersionInfo> = fc.tuple(cidText, version).map(([task, v]) => ({ task, ...v }))

export const seal: fc.Arbitrary<Seal> = fc.record({
  length: fc.oneof(fc.nat(), fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER)),
  sha256: bytes(32),
  root: cidText,
})

const address = fc
  .tuple(fc.constantFrom('/ip4/192.0.2.1', '/ip6/2001:db8::1', '/dns4/a.example'), fc.integer({ min: 1, max: 65535 }))
  .map(([host, port]) => `${host}/tcp/${port}`)

const peers: fc.Arbitrary<PeerAddress[]> = fc.array(
  fc.record({ id: fc.constantFrom(...IDS), addresses: fc.array(address, { maxLength: LIMITS.addresses }) }),
  { maxLength: LIMITS.peers },
)

const helloFields = fc.record({
  type: fc.constant('hello' as const),
  topic: bytes(1, LIMITS.topic),
  proof: fc.oneof(bytes(0), bytes(32)),
  version: text(LIMITS.version),
  manifestCount: fc.nat({ max: LIMITS.pieces }),
  links: fc.nat(),
})

/** Optional bytes that are left out when there are none. */
function optional<K extends string>(name: K, max: number): fc.Arbitrary<{ [name in K]?: Uint8Array }> {
  return bytes(0, max).map(b => (b.byteLength === 0 ? {} : ({ [name]: b } as { [name in K]: Uint8Array })))
}

const hello: fc.Arbitrary<Hello> = fc
  .tuple(helloFields, optional('grant', 300))
  .map(([fields, grant]) => ({ ...fields, ...grant }))

const bitfield = fc.array(fc.boolean(), { maxLength: 300 }).map(bits => {
  const set = new Bitfield(bits.length)
  for (const [i, bit] of bits.entries()) if (bit) set.add(i)
  return set
})

function kind<K extends string, T>(type: K, rest: fc.Arbitrary<T>): fc.Arbitrary<{ type: K } & T> {
  return rest.map(value => ({ type, ...value }))
}

export const control: fc.Arbitrary<ControlMessage> = fc.oneof(
  hello,
  kind('refused', fc.record({ reason, peers })),
  kind('part', part),
  kind('head', fc.record({ envelope })),
  kind('pieces', fc.record({ have: bitfield, queue })),
  kind('have', fc.record({ pieces: fc.array(piece, { maxLength: 50 }), queue })),
  kind('peers', fc.record({ peers, links: fc.nat() })),
  kind('chunks-wanted', fc.record({ from: fc.nat({ max: LIMITS.chunks - 1 }) })),
  kind('chunks', chunks),
  kind('root-peers', fc.record({ peers })),
)

export const dataRequest: fc.Arbitrary<DataRequest> = fc.oneof(
  hello,
  kind('ask', fc.record({ piece, load: fc.nat(1 << 20) })),
  kind('ask', fc.record({ piece, load: fc.nat(1 << 20), has: fc.integer({ min: 1, max: 1 << 20 }) })),
  kind('cancel', fc.record({ piece })),
  kind('got', fc.record({ piece })),
)

export const frame: fc.Arbitrary<FrameHeader> = fc.oneof(
  fc.record({
    piece,
    offset: fc.nat({ max: LIMITS.piece - LIMITS.framePayload }),
    length: fc.integer({ min: 1, max: LIMITS.framePayload }),
  }),
  fc.record({ piece, offset: fc.constant(0), length: fc.constant(0), refused: reason }),
)

const hexDigits = (count: number) =>
  bytes(count / 2)
    .map(id => Buffer.from(id).toString('hex'))
    .filter(id => !/^0+$/.test(id))
const traceparent = fc.option(
  fc.tuple(hexDigits(32), hexDigits(16), fc.constantFrom('00', '01')).map(ids => `00-${ids.join('-')}`),
  { nil: undefined },
)
const requestFields = fc.record({
  url: text(200, 1),
  headers: fc.array(fc.tuple(text(20), text(40)), { maxLength: LIMITS.headers }),
  filter: fc.array(text(20), { maxLength: LIMITS.filters }),
  tag: fc.option(text(LIMITS.tag, 1), { nil: undefined }),
  digest: fc.option(bytes(32), { nil: undefined }),
  revalidate: fc.boolean(),
})
export const request: fc.Arbitrary<ResolveRequest> = fc
  .tuple(
    requestFields,
    optional('renews', LIMITS.topic),
    fc.constantFrom({}, { progress: true as const }),
    fc.nat(2),
    fc.boolean(),
    fc.boolean(),
    traceparent,
  )
  .map(([fields, renews, progress, named, copy, inline, parent]) => ({
    ...fields,
    ...renews,
    ...progress,
    ...(named > 0 && fields.digest !== undefined && { isNamedByDigest: true as const }),
    ...(named > 1 && { isAnonymous: true as const }),
    ...(copy && { isCopy: true as const }),
    ...(inline && { takesInline: true as const }),
    ...(parent !== undefined && { traceparent: parent }),
  }))

const inline = fc.option(fc.record({ head: bytes(1, 300), payload: bytes(1, LIMITS.inline) }), { nil: undefined })

export const reply: fc.Arbitrary<ResolveReply> = fc.oneof(
  fc
    .tuple(bytes(1, LIMITS.topic), version, optional('grant', 300), optional('dhtKey', LIMITS.topic), inline)
    .map(([topic, v, grant, dhtKey, whole]) => ({
      type: 'resolved' as const,
      topic,
      ...v,
      ...grant,
      ...dhtKey,
      ...(whole !== undefined && { inline: whole }),
    })),
  kind('granted', fc.record({ grant: bytes(1, 300) })),
  kind(
    'failed',
    fc.record({
      code: fc.constantFrom('origin-not-found' as const, 'bad-url' as const, 'internal' as const),
      message: text(200).map(t => t.replace(/\p{Cc}/gu, '')),
      status: fc.option(fc.integer({ min: 100, max: 599 }), { nil: undefined }),
      retryAfter: fc.option(fc.nat({ max: LIMITS.retryAfter }), { nil: undefined }),
    }),
  ),
  kind('peers', fc.record({ peers })),
  kind('origin-rate', fc.record({ rate: fc.nat({ max: LIMITS.originRate }), peers: queue })),
  fc
    .tuple(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.constantFrom('open', 'part', 'whole'), bytes(32), fc.boolean())
    .map(([held, how, sha256, wasHere]) => ({
      type: 'progress' as const,
      bytes: held,
      length: how === 'open' ? undefined : held,
      sha256: how === 'whole' ? sha256 : undefined,
      wasHere,
    })),
)

const members: fc.Arbitrary<MemberRecord[]> = fc.array(
  fc.record({
    peer: fc.constantFrom(...IDS),
    addresses: fc.array(address, { maxLength: LIMITS.addresses }),
    role: fc.constantFrom('member' as const, 'seed' as const),
    state: fc.constantFrom('alive' as const, 'left' as const, 'dead' as const),
    stamp: fc.nat({ max: MAX_STAMP }),
  }),
  { maxLength: LIMITS.members },
)
const view = fc.option(bytes(LIMITS.fleetView), { nil: undefined })

export const fleetRequest: fc.Arbitrary<FleetRequest> = fc.record({
  proof: bytes(32),
  news: members,
  subject: fc.option(cidText, { nil: undefined }),
  all: fc.boolean(),
  view,
})

export const fleetReply: fc.Arbitrary<FleetReply> = fc.record({
  proof: fc.option(bytes(32), { nil: undefined }),
  members,
  view,
})

const amount = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const optionalAmount = fc.option(amount, { nil: undefined })
const some = fc.nat({ max: 0xffffffff })

export const statusRequest: fc.Arbitrary<StatusRequest> = fc.record({ downloads: fc.integer({ min: 1, max: MAX_SLOWEST }) })

export const statusReply: fc.Arbitrary<HostStatus> = fc.record({
  version: fc.stringMatching(/^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$/),
  role: fc.constantFrom('member' as const, 'seed' as const),
  uptime: some,
  load: fc.record({ lag: some, busy: fc.nat({ max: 100 }) }),
  rates: fc.record({ down: amount, up: amount }),
  limits: fc.record({ down: optionalAmount, up: optionalAmount, total: optionalAmount }),
  disk: fc.option(fc.record({ used: amount, quota: optionalAmount, free: amount, isInTrouble: fc.boolean() }), {
    nil: undefined,
  }),
  contents: some,
  downloads: some,
  hidden: some,
  slowest: fc.array(
    fc.record({
      url: fc.option(fc.stringMatching(/^[ -~]{1,256}$/), { nil: undefined }),
      bytes: amount,
      length: optionalAmount,
      rate: amount,
      cause: fc.constantFrom(undefined, ...SLOW_CAUSES),
    }),
    { maxLength: MAX_SLOWEST },
  ),
})

export const treeRequest: fc.Arbitrary<TreeRequest> = fc.record({ url: fc.webUrl() })

export const treeHead: fc.Arbitrary<TreeHead> = fc.record({
  url: fc.webUrl(),
  root: fc.stringMatching(/^[a-z2-7]{1,128}$/),
  length: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  listedAt: amount,
})

export const treeReply: fc.Arbitrary<TreeReply> = fc.oneof(
  fc.constant({ type: 'waiting' as const }),
  fc.record({ type: fc.constant('tree' as const), envelope: bytes(1, 300) }),
)

const freshness: fc.Arbitrary<Freshness> = fc.record({
  at: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  answers: fc.array(
    fc.record({
      status: fc.integer({ min: 100, max: 599 }),
      fields: fc.dictionary(text(20, 1), text(100), { maxKeys: MAX_CACHED_FIELDS, noNullPrototype: true }),
    }),
    { maxLength: MAX_CACHED_ANSWERS },
  ),
})

export const record: fc.Arbitrary<StoreRecord> = fc.oneof(
  kind('info', fc.record({ info, trust: fc.constantFrom('seed' as const, 'digest' as const, 'origin' as const) })),
  kind('part', part),
  kind('head', fc.record({ envelope })),
  kind('seal', fc.record({ seal })),
  kind('freshness', fc.record({ freshness })),
)

// Everything in the project that reads bytes or text of strangers, with examples of what it expects.
import { X509Certificate } from 'node:crypto'
import { parseDigest } from '../../src/core/digest.ts'
import { DragonflyError } from '../../src/core/errors.ts'
import { fileNameFromUrl } from '../../src/core/file-name.ts'
import { parseRange } from '../../src/core/range.ts'
import { validatorsOf as validatorsInName } from '../../src/core/version.ts'
import { parseAnswer } from '../../src/discovery/lan.ts'
import { parseTarget } from '../../src/gateway/registry/routes.ts'
import { makeCertificate, ownerOf } from '../../src/net/certificate.ts'
import { FrameDecoder } from '../../src/net/data-decoder.ts'
import { parsePeerAddress, parsePeerId } from '../../src/net/host.ts'
import { contentRange } from '../../src/origin/content-range.ts'
import { Cookies } from '../../src/origin/cookies.ts'
import { parseRetryAfter } from '../../src/origin/failures.ts'
import { fileNameFromHeaders } from '../../src/origin/filename.ts'
import { parseChallenges } from '../../src/origin/registries/challenge.ts'
import { parseCredentialFile, parseHelperOutput } from '../../src/origin/registries/credential-files.ts'
import { parseManifest } from '../../src/origin/registries/image-manifest.ts'
import { parseImage } from '../../src/origin/registries/image-reference.ts'
import { validatorsOf } from '../../src/origin/validators.ts'
import { parseMarks } from '../../src/store/marks.ts'
import { frameRecord, parseRecords } from '../../src/store/records.ts'
import { decodeControl, encodeControl } from '../../src/wire/codec-control.ts'
import { decodeDataRequest, decodeFrameHeader, encodeDataRequest, encodeFrameHeader } from '../../src/wire/codec-data.ts'
import {
  decodeFleetReply,
  decodeFleetRequest,
  encodeFleetReply,
  encodeFleetRequest,
  fleetProof,
} from '../../src/wire/codec-fleet.ts'
import { decodeGrant } from '../../src/wire/codec-grant.ts'
import { decodeHead } from '../../src/wire/codec-manifest.ts'
import {
  decodeResolveReply,
  decodeResolveRequest,
  encodeResolveReply,
  encodeResolveRequest,
} from '../../src/wire/codec-resolve.ts'
import { decodeStatusReply, decodeStatusRequest, encodeStatusReply, encodeStatusRequest } from '../../src/wire/codec-status.ts'
import { openGrant, openHead, sealGrant, sealHead } from '../../src/wire/envelope.ts'
import { MessageDecoder, prefixed } from '../../src/wire/framing.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { decodeRecord, encodeRecord } from '../../src/wire/records.ts'
import {
  control,
  dataRequest,
  fleetReply,
  fleetRequest,
  frame,
  record,
  reply,
  request,
  statusReply,
  statusRequest,
} from '../wire/arbitraries.ts'
import { GRANT, HEAD, PEER_ID, SEED_KEY, VECTORS } from '../wire/vectors.ts'
import { SOURCE_TARGETS } from './source-targets.ts'
import { drawn, type Target, text } from './target.ts'

export type { Target } from './target.ts'

function vectors(decode: (bytes: Uint8Array) => unknown): Uint8Array[] {
  return VECTORS.filter(vector => vector.decode === decode).map(vector => vector.encode())
}

const fields = drawn(frame, encodeFrameHeader)
const framed = fields.map(header => {
  const { length } = decodeFrameHeader(header)
  return prefixed(header, new Uint8Array(Math.min(length, 300))).subarray()
})
const messages = drawn(control, encodeControl)
const records = drawn(record, encodeRecord)
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${'a'.repeat(64)}`, size: 7 },
  layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${'b'.repeat(64)}`, size: 9 }],
})
const INDEX = JSON.stringify({
  schemaVersion: 2,
  manifests: [{ digest: `sha256:${'a'.repeat(64)}`, size: 7, platform: { architecture: 'amd64', os: 'linux' } }],
})
const { cert } = await makeCertificate(SEED_KEY)
const CERTIFICATE = new X509Certificate(cert).raw
const URL_TEXT = 'http://origin.example/dir/file.bin'

export const TARGETS: readonly Target[] = [
  { name: 'messages between peers', examples: messages, feed: bytes => void decodeControl(bytes) },
  { name: 'requests for pieces', examples: drawn(dataRequest, encodeDataRequest), feed: bytes => void decodeDataRequest(bytes) },
  { name: 'headers of frames', examples: fields, feed: bytes => void decodeFrameHeader(bytes) },
  { name: 'requests to a seed', examples: drawn(request, encodeResolveRequest), feed: bytes => void decodeResolveRequest(bytes) },
  { name: 'answers of a seed', examples: drawn(reply, encodeResolveReply), feed: bytes => void decodeResolveReply(bytes) },
  {
    name: 'requests to a member',
    examples: drawn(fleetRequest, encodeFleetRequest),
    feed: bytes => {
      fleetProof(bytes)
      decodeFleetRequest(bytes)
    },
  },
  { name: 'answers of a member', examples: drawn(fleetReply, encodeFleetReply), feed: bytes => void decodeFleetReply(bytes) },
  {
    name: 'questions how a member is doing',
    examples: drawn(statusRequest, encodeStatusRequest),
    feed: bytes => void decodeStatusRequest(bytes),
  },
  { name: 'answers to them', examples: drawn(statusReply, encodeStatusReply), feed: bytes => void decodeStatusReply(bytes) },
  { name: 'heads of manifests', examples: vectors(decodeHead), feed: bytes => void decodeHead(bytes) },
  { name: 'grants', examples: vectors(decodeGrant), feed: bytes => void decodeGrant(bytes) },
  {
    name: 'messages on a stream',
    examples: messages.map(message => prefixed(message).subarray()),
    feed: bytes => {
      const decoder = new MessageDecoder(LIMITS.message)
      for (const _ of decoder.push(bytes));
      decoder.end()
    },
  },
  {
    name: 'frames on a stream',
    examples: framed,
    feed: bytes => {
      const decoder = new FrameDecoder({ onFrame: ({ length }) => new Uint8Array(length), onFrameEnd: () => {} })
      decoder.push(bytes)
      decoder.end()
    },
  },
  { name: 'certificates of peers', examples: [CERTIFICATE], feed: async bytes => await ownerOf(bytes) },
  { name: 'signed heads', examples: [await sealHead(HEAD, SEED_KEY)], feed: async bytes => await openHead(bytes) },
  { name: 'signed grants', examples: [await sealGrant(GRANT, SEED_KEY)], feed: async bytes => await openGrant(bytes) },
  { name: 'records of the store', examples: records, feed: bytes => void decodeRecord(bytes) },
  { name: 'the file of records', examples: records.map(frameRecord), feed: bytes => void parseRecords(bytes) },
  {
    name: 'the file of marks',
    examples: [new Uint8Array(64), Uint8Array.from({ length: 64 }, (_, i) => i)],
    feed: bytes => void parseMarks(bytes),
  },
  text('Content-Range', ['bytes 0-99/100', 'bytes 5-9/*', 'bytes */100'], value =>
    contentRange({ 'content-range': value }, URL_TEXT),
  ),
  text('Content-Disposition', [`attachment; filename="a.iso"; filename*=UTF-8''%e2%82%ac.iso`, 'inline'], value =>
    fileNameFromHeaders({ 'content-disposition': value }),
  ),
  text('file names in URLs', [URL_TEXT, 'https://h/%2e%2e%2fa%00?b#c', 'http://h/'], fileNameFromUrl),
  text('ETag and dates', ['"abc"', 'W/"abc"', 'Wed, 21 Oct 2015 07:28:00 GMT'], value =>
    validatorsOf({ etag: value, 'last-modified': value, date: value, 'content-encoding': value }, 5, 0),
  ),
  text('names of versions', ['etag "abc" +gzip', 'modified Wed, 21 Oct 2015 07:28:00 GMT 100', 'weak W/"a" 5'], validatorsInName),
  text('Retry-After', ['120', 'Wed, 21 Oct 2015 07:28:00 GMT'], value => parseRetryAfter(value)),
  text('Set-Cookie', ['a=b; Path=/; Secure', 'sid=1; Domain=origin.example; Max-Age=10'], value =>
    new Cookies().take({ 'set-cookie': [value, value] }, new URL(URL_TEXT)),
  ),
  text(
    'WWW-Authenticate',
    ['Bearer realm="https://a.example/token",service="s",scope="repository:a:pull"', 'Basic realm="x", Negotiate abc=='],
    parseChallenges,
  ),
  text(
    'paths of registries',
    ['/v2/team/app/manifests/v1?ns=reg.example:5000', `/v2/reg.corp_5000/a/blobs/sha256:${'0'.repeat(64)}`],
    parseTarget,
  ),
  text('names of images', ['docker.io/library/a:v1', `reg.corp:5000/a/b@sha256:${'0'.repeat(64)}`], value => parseImage(value)),
  text('manifests of images', [MANIFEST, INDEX], value => parseManifest(Buffer.from(value), 'reg.example/a:v1')),
  text('files of credentials', ['{"auths":{"reg.example":{"auth":"YTpi"}},"credHelpers":{"b.example":"x"}}'], value =>
    parseCredentialFile(value, 'f'),
  ),
  text('what credential helpers print', ['{"ServerURL":"a","Username":"b","Secret":"c"}'], parseHelperOutput),
  text(
    'addresses of peers',
    [`/ip4/192.0.2.1/tcp/4001/p2p/${PEER_ID}`, '/dns4/a.example/tcp/1', '/ip6/::1/udp/1/quic-v1'],
    parsePeerAddress,
  ),
  text('ids of peers', [PEER_ID], parsePeerId),
  text('digests', [`sha256:${'0'.repeat(64)}`], parseDigest),
  text('ranges', ['0-99', '5-', '-10'], parseRange),
  text('answers on the local network', [`dnsaddr=/ip4/192.0.2.1/tcp/4001/p2p/${PEER_ID}`], data =>
    parseAnswer(
      {
        answers: [
          { type: 'PTR', name: '_dragonfly._udp.local', data },
          { type: 'TXT', name: data, data: [data, Buffer.from(data)] },
        ],
      },
      '192.0.2.1',
    ),
  ),
  ...SOURCE_TARGETS,
]

/** What is thrown for bytes that are not taken. */
export function isRefusal(error: unknown): boolean {
  return error instanceof DragonflyError && error.code !== 'internal'
}

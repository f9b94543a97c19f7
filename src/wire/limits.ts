// The table of limits on everything that a peer can make grow, checked when sending and receiving.

import { MAX_CHUNKS } from '../core/chunks.ts'
import { MAX_HEADER_BYTES, MAX_HEADERS } from '../core/headers.ts'
import { MAX_SLOWEST } from '../core/host-status.ts'
import { MAX_FILE_NAME_BYTES, MAX_VERSION_BYTES } from '../core/manifest.ts'
import { MAX_PIECE_LENGTH, MAX_PIECES } from '../core/piece.ts'
import { MAX_FILTERS, MAX_TAG_BYTES, MAX_URL_BYTES } from '../core/task.ts'

const KiB = 1024

/** Sizes are bytes (of text: its UTF-8), the others counts. SPEC.md repeats this table; a test compares the two. */
export const LIMITS = {
  /** Any message on an exchange stream, and any reply of a seed; fits a whole bitfield and the largest part. */
  message: 256 * KiB,
  /** A resolve request: URL, headers and filters at their largest, with room to spare. */
  requestMessage: 96 * KiB,
  /** The first message on a stream, except a resolve request, and all that an asker says on a data stream: a hello takes 2.7 KiB at most. */
  helloMessage: 4 * KiB,
  /** Of all streams of a host on which nothing whole was said; each counts as 8 KiB at least, so 4,096: three times a flash crowd. */
  unheard: 32 * 1024 * KiB,
  /** Unfinished messages and digests ahead of their head, of all links of a host: the longest manifest, and some more. */
  hearsay: 40 * 1024 * KiB,
  /** A frame's header: three integers and a reason take 20. */
  frameHeader: 64,
  /** A frame's payload: larger ones would keep control messages waiting (DESIGN §5). */
  framePayload: 256 * KiB,
  /** A piece; every frame has to lie inside one. */
  piece: MAX_PIECE_LENGTH,
  /** Pieces of a version, hence every piece index, bitfield and count, and the digests held before a head proves them. */
  pieces: MAX_PIECES,
  /** Digests in one part: 128 KiB, so that other messages get a turn. */
  partDigests: 4096,
  /** Pieces in one `have`: more are better said by a bitfield. */
  havePieces: 1024,
  /** Chunks in the list of a content; see core/chunks.ts. */
  chunks: MAX_CHUNKS,
  /** Chunks in one part of it: 120 KiB, as for digests. */
  chunksPart: 6144,
  /** Peers in one `peers`: more than anyone talks to. */
  peers: 32,
  /** Addresses of one peer: a few interfaces, IPv4 and IPv6. */
  addresses: 8,
  /** A multiaddr: a DNS name of 253 and the rest; larger ones are relayed or certhash addresses that we do not dial. */
  multiaddr: 256,
  /** A peer id's multihash: 34 for RSA, 38 for Ed25519, 39 for secp256k1. */
  peerId: 64,
  /** Members in one message about a fleet: about 20 KiB. */
  members: 128,
  /** A request of a member: 128 records of 300 bytes, a subject and a proof. */
  fleetRequest: 64 * KiB,
  /** A digest of a list of members. */
  fleetView: 8,
  /** A question how a member is doing: one small integer. */
  statusRequest: 16,
  /** The answer to it: ten downloads of 300 bytes, and 200 of numbers. */
  statusReply: 4 * KiB,
  /** Downloads that it names. */
  slowest: MAX_SLOWEST,
  /** The URL of one of them: cut when sent. */
  shownUrl: 256,
  /** A question for a tree: a URL. */
  treeRequest: 9 * KiB,
  /** An answer to it: a signed head of a tree, or a failure. */
  treeReply: 12 * KiB,
  /** A signed head of a tree: the URL, a CID and a signature. */
  treeEnvelope: 11 * KiB,
  /** The version of a program. */
  programVersion: 64,
  /** A topic: a CIDv1 with sha2-256 takes 36. */
  topic: 64,
  /** A CID as text (task id, UnixFS root): 59 in base32. */
  cidText: 128,
  /** A version's name. */
  version: MAX_VERSION_BYTES,
  /** A suggested file name: what file systems take. */
  fileName: MAX_FILE_NAME_BYTES,
  /** A signed head: about 1.2 KiB at its largest with Ed25519, 2.5 KiB with RSA 4096. */
  envelope: 4 * KiB,
  /** A whole content in the answer to a resolve request: what a link for it would cost is more than its bytes. */
  inline: 16 * KiB,
  /** A grant, signed: about 220 bytes with Ed25519, 1.3 KiB with RSA 4096. */
  grant: 2 * KiB,
  /** A failure's code, and its message (cut when sent, not refused). */
  failureText: 1 * KiB,
  /** A URL. */
  url: MAX_URL_BYTES,
  /** Headers of a request. */
  headers: MAX_HEADERS,
  /** Names and values of all headers together. */
  headerBytes: MAX_HEADER_BYTES,
  /** Filtered query parameters. */
  filters: MAX_FILTERS,
  /** The name of one filtered query parameter. */
  filter: 512,
  /** A tag. */
  tag: MAX_TAG_BYTES,
  /** Unanswered asks on one data stream: far more than any pipeline needs. */
  asks: 1024,
  /** Milliseconds in which whoever opened a stream has to send its first message. */
  firstMessage: 10_000,
  /** Milliseconds to wait before asking again, a day; longer ones are taken as a day. */
  retryAfter: 24 * 60 * 60 * 1000,
  /** Bytes a second of an origin, 1 TiB: faster than any line; what is said to be faster is taken as this. */
  originRate: 2 ** 40,
  /** What we keep for a peer that does not read fast enough, per stream. */
  sendQueue: 1024 * KiB,
} as const

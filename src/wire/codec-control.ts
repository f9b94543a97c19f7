// Encodes and decodes messages of the exchange stream.
import { Bitfield } from '../core/bitfield.ts'
import { type ChunksPart, chunkIndexField, chunksFromWire, chunksToWire } from './codec-chunks.ts'
import { type Hello, helloFromWire, helloToWire } from './codec-hello.ts'
import { type ManifestPart, partFromWire, partToWire } from './codec-manifest.ts'
import { PEERS_LIMITS, type PeerAddress, peersFromWire, peersToWire } from './codec-peers.ts'
import { bytesField, decoding, encoding, integerField, linksField, listField, pieceIndexField, queueField } from './fields.ts'
import { Control } from './generated/messages.js'
import { LIMITS } from './limits.ts'
import { type RefusalReason, reasonFromWire, reasonToWire } from './refusal.ts'

export type ControlMessage =
  | Hello
  /** `peers`: whom to try instead. */
  | { type: 'refused'; reason: RefusalReason; peers: PeerAddress[] }
  | ({ type: 'part' } & ManifestPart)
  /** See `openHead` in envelope.ts. */
  | { type: 'head'; envelope: Uint8Array }
  /** All that the sender has. `queue`: pieces that others wait for at the sender. */
  | { type: 'pieces'; have: Bitfield; queue: number }
  /** What the sender has besides. */
  | { type: 'have'; pieces: number[]; queue: number }
  /** An empty list is a question. `links`: as in a hello. */
  | { type: 'peers'; peers: PeerAddress[]; links: number }
  /** Of the list of chunks, from number `from` on. */
  | { type: 'chunks-wanted'; from: number }
  | ({ type: 'chunks' } & ChunksPart)
  /** Those with the same bytes under another task, to be dialled by the root. An empty list is a question. */
  | { type: 'root-peers'; peers: PeerAddress[] }

/** For the generated decoder, so that it stops early. */
const CONTROL_LIMITS = {
  have: { pieces: LIMITS.havePieces },
  peers: PEERS_LIMITS,
  refused: PEERS_LIMITS,
  rootPeers: PEERS_LIMITS,
}

/** Without length prefix. Throws `internal` for what the other side would refuse. */
export function encodeControl(message: ControlMessage): Uint8Array {
  return encoding(LIMITS.message, () => Control.encode(toWire(message)))
}

/** Undefined for a kind of message that is not known here: ignore it. Throws `protocol` when malformed. */
export function decodeControl(bytes: Uint8Array): ControlMessage | undefined {
  return decoding(bytes, LIMITS.message, input => {
    return fromWire(Control.decode(input, { limits: CONTROL_LIMITS }))
  })
}

function toWire(message: ControlMessage): Control {
  switch (message.type) {
    case 'hello':
      return { hello: helloToWire(message) }
    case 'refused':
      return { refused: { reason: reasonToWire(message.reason), peers: peersToWire(message.peers) } }
    case 'part':
      return { part: partToWire(message) }
    case 'head':
      return { head: { envelope: bytesField(message.envelope, 1, LIMITS.envelope, 'envelope') } }
    case 'pieces': {
      const size = integerField(message.have.size, 0, LIMITS.pieces, 'size of the bitfield')
      return { pieces: { size, bits: new Uint8Array(message.have.toBytes()), queue: queueField(message.queue) } }
    }
    case 'have':
      return { have: { pieces: haveList(message.pieces), queue: queueField(message.queue) } }
    case 'peers':
      return { peers: { peers: peersToWire(message.peers), links: linksField(message.links) } }
    case 'chunks-wanted':
      return { chunksWanted: { from: chunkIndexField(message.from) } }
    case 'chunks':
      return { chunks: chunksToWire(message) }
    case 'root-peers':
      return { rootPeers: { peers: peersToWire(message.peers) } }
  }
}

function fromWire(raw: Control): ControlMessage | undefined {
  if (raw.hello !== undefined) return helloFromWire(raw.hello)
  if (raw.refused !== undefined) {
    return { type: 'refused', reason: reasonFromWire(raw.refused.reason), peers: peersFromWire(raw.refused.peers) }
  }
  if (raw.part !== undefined) return { type: 'part', ...partFromWire(raw.part) }
  if (raw.head !== undefined) return { type: 'head', envelope: bytesField(raw.head.envelope, 1, LIMITS.envelope, 'envelope') }
  if (raw.pieces !== undefined) {
    const size = integerField(raw.pieces.size, 0, LIMITS.pieces, 'size of the bitfield')
    return { type: 'pieces', have: Bitfield.fromBytes(raw.pieces.bits, size), queue: queueField(raw.pieces.queue) }
  }
  if (raw.have !== undefined) return { type: 'have', pieces: haveList(raw.have.pieces), queue: queueField(raw.have.queue) }
  if (raw.peers !== undefined) {
    return { type: 'peers', peers: peersFromWire(raw.peers.peers), links: linksField(raw.peers.links) }
  }
  if (raw.chunksWanted !== undefined) return { type: 'chunks-wanted', from: chunkIndexField(raw.chunksWanted.from) }
  if (raw.chunks !== undefined) return { type: 'chunks', ...chunksFromWire(raw.chunks) }
  if (raw.rootPeers !== undefined) return { type: 'root-peers', peers: peersFromWire(raw.rootPeers.peers) }
  return undefined
}

function haveList(pieces: readonly number[]): number[] {
  return listField(pieces, LIMITS.havePieces, 'pieces').map(pieceIndexField)
}

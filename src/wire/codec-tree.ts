// Encodes and decodes the question for the tree below a URL, its answers, and what is signed of them.
import { type Failure, failureFromWire, failureToWire } from './codec-failure.ts'
import { bytesField, cidTextField, decoding, encoding, integerField, malformed, textField } from './fields.ts'
import { TreeHead as RawHead, TreeReply as RawReply, TreeRequest as RawRequest } from './generated/messages.js'
import { LIMITS } from './limits.ts'

export interface TreeRequest {
  /** Of an index: http: or https:. */
  url: string
}

/** `waiting`: it is being listed, or read. `tree` and `failed` are the last one. */
export type TreeReply = { type: 'waiting' } | { type: 'tree'; envelope: Uint8Array } | Failure

/** What a seed signs of a tree. */
export interface TreeHead {
  /** As it was asked for. */
  url: string
  /** UnixFS root of its list. */
  root: string
  /** Bytes of the list. */
  length: number
  /** When the seed began to list it, milliseconds since 1970. */
  listedAt: number
}

/** Throws `internal` for what others would refuse. */
export function encodeTreeRequest({ url }: TreeRequest): Uint8Array {
  return encoding(LIMITS.treeRequest, () => RawRequest.encode({ url: urlField(url) }))
}

/** Throws `protocol`. */
export function decodeTreeRequest(bytes: Uint8Array): TreeRequest {
  return decoding(bytes, LIMITS.treeRequest, input => ({ url: urlField(RawRequest.decode(input).url) }))
}

/** Throws `internal` for what others would refuse. */
export function encodeTreeReply(reply: TreeReply): Uint8Array {
  return encoding(LIMITS.treeReply, () => RawReply.encode(replyToWire(reply)))
}

function replyToWire(reply: TreeReply): RawReply {
  if (reply.type === 'waiting') return { waiting: {} }
  if (reply.type === 'failed') return { failed: failureToWire(reply) }
  return { tree: { envelope: envelopeField(reply.envelope) } }
}

/** Undefined for a kind of reply that is not known here: ignore it. Throws `protocol` when malformed. */
export function decodeTreeReply(bytes: Uint8Array): TreeReply | undefined {
  return decoding(bytes, LIMITS.treeReply, input => {
    const { waiting, tree, failed } = RawReply.decode(input)
    if (waiting !== undefined) return { type: 'waiting' as const }
    if (tree !== undefined) return { type: 'tree' as const, envelope: envelopeField(tree.envelope) }
    return failed === undefined ? undefined : failureFromWire(failed)
  })
}

/** Throws `internal` for what others would refuse. */
export function encodeTreeHead(head: TreeHead): Uint8Array {
  return encoding(LIMITS.treeEnvelope, () => RawHead.encode(checkHead(head)))
}

/** Throws `protocol`. */
export function decodeTreeHead(bytes: Uint8Array): TreeHead {
  return decoding(bytes, LIMITS.treeEnvelope, input => checkHead(RawHead.decode(input)))
}

function checkHead({ url, root, length, listedAt }: TreeHead): TreeHead {
  return {
    url: urlField(url),
    root: cidTextField(root, 'root'),
    length: integerField(length, 1, Number.MAX_SAFE_INTEGER, 'length of a list'),
    listedAt: integerField(listedAt, 0, Number.MAX_SAFE_INTEGER, 'time'),
  }
}

function envelopeField(envelope: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytesField(envelope, 1, LIMITS.treeEnvelope, 'envelope')
}

function urlField(url: string): string {
  if (textField(url, LIMITS.url, 'URL') === '') throw malformed('no URL')
  return url
}

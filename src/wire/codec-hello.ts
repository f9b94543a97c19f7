// Encodes and decodes the hello that begins an exchange or data stream.
import { bytesField, integerField, linksField, textField } from './fields.ts'
import type { Hello as RawHello } from './generated/messages.js'
import { LIMITS } from './limits.ts'

export interface Hello {
  type: 'hello'
  /** CID bytes: a task id, the id of a private content, or the raw CID or UnixFS root of a public content. */
  topic: Uint8Array
  /** See `makeProof` in core/task.ts; 32 bytes, or empty for the topic of a content. */
  proof: Uint8Array
  /** Name of the version that the sender has or wants; empty while it knows none. */
  version: string
  /** How many piece digests of that version the sender holds. */
  manifestCount: number
  /** Peers that the sender is linked with for this topic, seeds that it trusts left out: how much it needs one more. */
  links: number
  /** For the topic of a private content: see `openGrant` in envelope.ts. */
  grant?: Uint8Array
}

export function helloToWire({ topic, proof, version, manifestCount, links, grant }: Omit<Hello, 'type'>): RawHello {
  if (proof.byteLength > 0) bytesField(proof, 32, 32, 'proof')
  return {
    topic: bytesField(topic, 1, LIMITS.topic, 'topic'),
    proof: new Uint8Array(proof),
    version: textField(version, LIMITS.version, 'version'),
    manifestCount: integerField(manifestCount, 0, LIMITS.pieces, 'manifest count'),
    links: linksField(links),
    grant: grantField(grant),
  }
}

/** The checks are the same in both directions. */
export function helloFromWire(raw: RawHello): Hello {
  const { grant, ...hello } = helloToWire(raw)
  return { type: 'hello', ...hello, ...(grant.byteLength === 0 ? {} : { grant }) }
}

/** Empty: there is none. What is in it is for `openGrant` to judge. */
export function grantField(grant: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  return bytesField(grant ?? new Uint8Array(), 0, LIMITS.grant, 'grant')
}

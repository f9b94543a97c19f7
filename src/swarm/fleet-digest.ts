// A digest of a set of member records that changes with each of them: two members compare what they know in eight bytes.
import type { MemberRecord } from '../core/fleet.ts'
import { sha256 } from '../core/piece.ts'

const BYTES = 8

/** The exclusive or of a hash of each living member's record, so that they come and go in any order. */
export class ViewDigest {
  readonly bytes = new Uint8Array(BYTES)

  /** Adds the record, or takes it away if it is in. Those of dead and gone ones, which everybody forgets in time, do not count. */
  toggle({ peer, stamp, state }: MemberRecord): void {
    if (state !== 'alive') return
    const hash = sha256(Buffer.from(`${peer}\0${stamp}`))
    for (let i = 0; i < BYTES; i++) this.bytes[i] = (this.bytes[i] as number) ^ (hash[i] as number)
  }
}

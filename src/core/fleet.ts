// The secret of a fleet: its members prove to one another that they know it, and learn nothing of it.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { sameBytes } from './piece.ts'

/** Bytes of a secret: as many as HMAC-SHA256 makes use of. */
export const FLEET_SECRET_BYTES = 32
/** Secrets that count at a time: the new one, the old one, and one whose rotation was still under way. */
export const MAX_FLEET_SECRETS = 3

export interface FleetSecret {
  /** 32 random bytes. */
  secret: Uint8Array
  /** Members speak it from then on, milliseconds since 1970; undefined: always. It is accepted before, too. */
  from?: number | undefined
  /** It does not count any more from then on, milliseconds since 1970; undefined: it always counts. */
  until?: number | undefined
}

/** What a member shows: of use to nobody but `to`, and only on a connection that authenticates `from`. */
function proofOf(secret: Uint8Array, from: string, to: string): Uint8Array {
  return createHmac('sha256', secret).update(`dragonfly/fleet-proof/1\0${from}\0${to}`).digest()
}

export class FleetKeys {
  readonly #secrets: readonly FleetSecret[]

  /** The newest first. */
  constructor(secrets: readonly FleetSecret[]) {
    this.#secrets = secrets
  }

  /**
   * The proof that `from` shows to `to`, by the newest secret that is spoken at `now` (milliseconds since 1970). Undefined when every
   * secret has run out.
   */
  proof(from: string, to: string, now: number): Uint8Array | undefined {
    const counting = this.#counting(now)
    const spoken = counting.find(({ from: since = 0 }) => since <= now) ?? counting.at(-1)
    return spoken && proofOf(spoken.secret, from, to)
  }

  /**
   * Checks what `from` has shown to `to`. Answers with the secret that it knows, and with the answer by the same secret, so that a member
   * that does not know the others yet understands it. Undefined: it proves nothing.
   */
  check(proof: Uint8Array, from: string, to: string, now: number): { secret: Uint8Array; answer: Uint8Array } | undefined {
    for (const { secret } of this.#counting(now)) {
      const expected = proofOf(secret, from, to)
      if (proof.byteLength === expected.byteLength && timingSafeEqual(proof, expected)) {
        return { secret, answer: proofOf(secret, to, from) }
      }
    }
    return undefined
  }

  /** The end of a membership that was proved by this secret, milliseconds since 1970: Infinity, or -Infinity for an unknown secret. */
  untilOf(secret: Uint8Array): number {
    const found = this.#secrets.find(other => sameBytes(other.secret, secret))
    return found === undefined ? -Infinity : (found.until ?? Infinity)
  }

  #counting(now: number): readonly FleetSecret[] {
    return this.#secrets.filter(({ until = Infinity }) => now < until)
  }
}

/**
 * The secrets after a rotation. The new one is spoken when half of `grace` (milliseconds) is over: by then every host has to have it. The
 * others count until the end.
 */
export function rotated(
  secrets: readonly FleetSecret[],
  secret: Uint8Array,
  { now, grace }: { now: number; grace: number },
): FleetSecret[] {
  const end = now + grace
  const before = secrets.filter(({ until = Infinity }) => now < until).slice(0, MAX_FLEET_SECRETS - 1)
  return [{ secret, from: now + grace / 2 }, ...before.map(old => ({ ...old, until: Math.min(old.until ?? Infinity, end) }))]
}

/** `alive`: it takes part; `left`: it said that it goes; `dead`: somebody could not reach it. */
export type MemberState = 'alive' | 'left' | 'dead'

/** `seed`: a host that is there for the others, asked first; `member`: any other host that stays. */
export type MemberRole = 'member' | 'seed'

/** The highest stamp: nobody can contradict it, and nobody gets there by counting. */
export const MAX_STAMP = Number.MAX_SAFE_INTEGER

/** What is known of a member. Of two records of one member the one with the later stamp counts; of equal ones, `alive` counts least. */
export interface MemberRecord {
  /** Peer id. */
  peer: string
  /** Multiaddrs, with or without /p2p/PEERID. */
  addresses: readonly string[]
  role: MemberRole
  state: MemberState
  /** Rises with every life of the member, and whenever it has to contradict: milliseconds since 1970 at its start, then counted up. */
  stamp: number
}

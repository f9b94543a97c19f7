// Encodes and decodes messages of the fleet stream.
import { MAX_STAMP, type MemberRecord, type MemberRole, type MemberState } from '../core/fleet.ts'
import { addressesFromWire, addressesToWire, peerIdFromWire, peerIdToWire } from './codec-peers.ts'
import { bytesField, decoding, encoding, integerField, listField, malformed, textField } from './fields.ts'
import {
  type MemberRecord as RawMember,
  FleetReply as RawReply,
  FleetRequest as RawRequest,
  MemberRole as RawRole,
  MemberState as RawState,
} from './generated/messages.js'
import { LIMITS } from './limits.ts'

export interface FleetRequest {
  /** HMAC-SHA256, 32 bytes; see FleetKeys. */
  proof: Uint8Array
  news: readonly MemberRecord[]
  /** A task's subject: those that are responsible for it are wanted. Undefined: those that are news. */
  subject: string | undefined
  /** Every member is wanted. */
  all: boolean
  /** What the sender knows, 8 bytes; undefined: it keeps no list. */
  view: Uint8Array | undefined
}

export interface FleetReply {
  /** Of the first message; undefined in the others. */
  proof: Uint8Array | undefined
  members: readonly MemberRecord[]
  view: Uint8Array | undefined
}

/** Bytes. */
const PROOF = 32
/** Field 1, bytes. */
const PROOF_TAG = 0x0a

/** Throws `internal` for what others would refuse. */
export function encodeFleetRequest({ proof, news, subject = '', all, view }: FleetRequest): Uint8Array {
  return encoding(LIMITS.fleetRequest, () =>
    RawRequest.encode({
      proof: bytesField(proof, PROOF, PROOF, 'proof'),
      news: membersToWire(news),
      subject: textField(subject, LIMITS.cidText, 'subject'),
      all,
      view: viewToWire(view),
    }),
  )
}

/**
 * The proof of an encoded request, without a look at the rest, which may be long and of a stranger. It has to be the first field. Throws
 * `protocol`.
 */
export function fleetProof(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== PROOF_TAG || bytes[1] !== PROOF) throw malformed('fleet request that does not begin with a proof')
  return bytesField(bytes.subarray(2, 2 + PROOF), PROOF, PROOF, 'proof')
}

/** Throws `protocol`. */
export function decodeFleetRequest(bytes: Uint8Array): FleetRequest {
  return decoding(bytes, LIMITS.fleetRequest, input => {
    const raw = RawRequest.decode(input, { limits: { news: LIMITS.members, news$: { addresses: LIMITS.addresses } } })
    return {
      proof: bytesField(raw.proof, PROOF, PROOF, 'proof'),
      news: membersFromWire(raw.news),
      subject: raw.subject === '' ? undefined : textField(raw.subject, LIMITS.cidText, 'subject'),
      all: raw.all,
      view: viewFromWire(raw.view),
    }
  })
}

/** Throws `internal` for what others would refuse. */
export function encodeFleetReply({ proof, members, view }: FleetReply): Uint8Array {
  return encoding(LIMITS.message, () =>
    RawReply.encode({
      proof: proof === undefined ? new Uint8Array() : bytesField(proof, PROOF, PROOF, 'proof'),
      members: membersToWire(members),
      view: viewToWire(view),
    }),
  )
}

/** Throws `protocol`. */
export function decodeFleetReply(bytes: Uint8Array): FleetReply {
  return decoding(bytes, LIMITS.message, input => {
    const raw = RawReply.decode(input, { limits: { members: LIMITS.members, members$: { addresses: LIMITS.addresses } } })
    return {
      proof: raw.proof.byteLength === 0 ? undefined : bytesField(raw.proof, PROOF, PROOF, 'proof'),
      members: membersFromWire(raw.members),
      view: viewFromWire(raw.view),
    }
  })
}

function membersToWire(members: readonly MemberRecord[]): RawMember[] {
  return listField(members, LIMITS.members, 'members').map(({ peer, addresses, role, state, stamp }) => ({
    peer: peerIdToWire(peer),
    addresses: addressesToWire(addresses),
    role: role === 'seed' ? RawRole.DEDICATED : RawRole.MEMBER,
    state: STATES[state],
    stamp: stampField(stamp),
  }))
}

function membersFromWire(members: readonly RawMember[]): MemberRecord[] {
  return listField(members, LIMITS.members, 'members').map(({ peer, addresses, role, state, stamp }) => ({
    peer: peerIdFromWire(peer),
    addresses: addressesFromWire(addresses),
    role: roleFromWire(role),
    state: stateFromWire(state),
    stamp: stampField(stamp),
  }))
}

const STATES: Record<MemberState, RawState> = { alive: RawState.ALIVE, left: RawState.LEFT, dead: RawState.DEAD }

function stateFromWire(raw: RawState): MemberState {
  const [state] = Object.entries(STATES).find(([, value]) => value === raw) ?? []
  if (state === undefined) throw malformed('state of a member')
  return state as MemberState
}

function roleFromWire(raw: RawRole): MemberRole {
  if (raw === RawRole.DEDICATED) return 'seed'
  if (raw === RawRole.MEMBER) return 'member'
  throw malformed('role of a member')
}

function stampField(stamp: number): number {
  return integerField(stamp, 0, MAX_STAMP, 'stamp')
}

function viewToWire(view: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  return view === undefined ? new Uint8Array() : bytesField(view, LIMITS.fleetView, LIMITS.fleetView, 'view')
}

function viewFromWire(view: Uint8Array): Uint8Array | undefined {
  return view.byteLength === 0 ? undefined : bytesField(view, LIMITS.fleetView, LIMITS.fleetView, 'view')
}

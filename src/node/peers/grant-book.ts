// Grants of a private content: our own, and those of the peers, with their expiry.
import { createHash, createHmac } from 'node:crypto'
import type { PrivateKey } from '@libp2p/interface'
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../../core/errors.ts'
import { checkGrant, type Grant } from '../../core/grant.ts'
import { rawCid } from '../../core/root.ts'
import type { Hello } from '../../wire/codec-hello.ts'
import { type OpenedGrant, openGrant } from '../../wire/envelope.ts'
import type { NodeContext } from '../context/node-context.ts'

/** How often it is looked for grants that have run out. */
const LOOK_MS = 1000

/** What it needs of its node. */
export type GrantContext = Pick<NodeContext, 'trusted' | 'isTrusted' | 'access' | 'network' | 'servesOthers'>

export class GrantBook {
  /** As `contentId` has it. */
  readonly id: string
  readonly topic: Uint8Array
  /** The only version that the grants are about. */
  readonly version: string
  /** Where providers of the content are found; undefined: nobody has told. */
  dhtKey: CID | undefined
  readonly #ctx: GrantContext
  /** Milliseconds since 1970-01-01 UTC. */
  readonly #until = new Map<string, number>()
  #look: NodeJS.Timeout | undefined
  #ours: { envelope: Uint8Array; expires: number; signer: string } | undefined

  constructor(ctx: GrantContext, id: string, version: string) {
    this.#ctx = ctx
    this.id = id
    this.topic = CID.parse(id).bytes
    this.version = version
    const { network } = ctx
    if (ctx.servesOthers && network !== undefined) this.dhtKey = dhtKeyOf(network.host.privateKey, id)
  }

  /** From now on until `stop`, `onRunOut` is told of peers whose grants have run out, each once. */
  start(onRunOut: (peer: string) => void): void {
    this.#look = setInterval(() => this.#expel(onRunOut), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#look)
  }

  /** Our own grant, to be shown to others; undefined for a seed, whose id is enough for who trusts it. */
  get grant(): Uint8Array | undefined {
    return this.#ours?.envelope
  }

  /** When our own grant ends, milliseconds since 1970-01-01 UTC; undefined without one. */
  get expires(): number | undefined {
    return this.#ours?.expires
  }

  /** Takes a grant for ourselves. Rejects with `protocol` when it is none. */
  async take(envelope: Uint8Array): Promise<void> {
    const opened = await openGrant(envelope)
    const isGood = this.#isGood(this.#ctx.network?.host.id ?? '', opened)
    if (!isGood) throw this.#refusal(opened)
    this.#ours = { envelope, expires: opened.grant.expires, signer: opened.signer }
  }

  #refusal({ grant }: OpenedGrant): DragonflyError {
    const { access } = this.#ctx
    const apart = grant.expires - access.grant - Date.now()
    if (Math.abs(apart) <= access.skew) return new DragonflyError('protocol', "the seed's grant is for another peer or content")
    const way = apart > 0 ? 'behind' : 'ahead of'
    const message = `the clock of this host is about ${human(Math.abs(apart))} ${way} the seed's, so its grant is not valid here`
    return new DragonflyError('protocol', message, { hint: 'set the clocks of both hosts (NTP)' })
  }

  /** Whether a peer may be told anything at all, and stay. `opened`: what it shows; undefined when that is nothing good. */
  admits(peer: string, opened: OpenedGrant | undefined): boolean {
    // who may sign grants needs none: a seed, or the member that let us in; what other members of a fleet may read is to be shown
    if (this.#ctx.trusted.has(peer) || peer === this.#ours?.signer) return true
    if (opened === undefined || !this.#isGood(peer, opened)) return false
    this.#until.set(peer, Math.max(this.#until.get(peer) ?? 0, opened.grant.expires + this.#ctx.access.skew))
    return true
  }

  /**
   * A linked peer shows a grant again. Verified only when it is good for longer than the last one, so that saying it again costs
   * nothing. Rejects with `protocol` when a seed's name is on it, but not its signature.
   */
  async renew(peer: string, envelope: Uint8Array): Promise<void> {
    const { skew } = this.#ctx.access
    const isLonger = ({ expires }: Grant) => expires + skew > (this.#until.get(peer) ?? 0)
    const opened = await openGrant(envelope, shown => isLonger(shown.grant) && this.#isGood(peer, shown))
    if (opened !== undefined) this.admits(peer, opened)
  }

  #isGood(peer: string, { grant, signer }: OpenedGrant): boolean {
    const { access } = this.#ctx
    const isTrusted = (other: string) => this.#ctx.isTrusted(other)
    return checkGrant(grant, { peer, topic: this.topic, signer, isTrusted, skew: access.skew }, Date.now())
  }

  #expel(onRunOut: (peer: string) => void): void {
    for (const [peer, until] of this.#until) {
      if (until > Date.now()) continue
      this.#until.delete(peer)
      onRunOut(peer)
    }
  }
}

/**
 * What a peer's hello shows for the topic that it names; undefined when that is nothing good. To be opened before anything is
 * looked up. Only a grant that would be good is verified, so a stranger's signature costs nothing.
 */
export async function shownGrant(
  ctx: Pick<GrantContext, 'isTrusted' | 'access'>,
  peer: string,
  { grant, topic }: Pick<Hello, 'grant' | 'topic'>,
): Promise<OpenedGrant | undefined> {
  if (grant === undefined) return undefined
  const isOfUse = (shown: OpenedGrant) =>
    checkGrant(
      shown.grant,
      { peer, topic, signer: shown.signer, isTrusted: other => ctx.isTrusted(other), skew: ctx.access.skew },
      Date.now(),
    )
  return await openGrant(grant, isOfUse).catch(() => undefined)
}

/** A key that only this seed can make, so that nobody finds out by the DHT who has what behind a URL. */
function dhtKeyOf(privateKey: PrivateKey, id: string): CID {
  const secret = createHash('sha256').update('dragonfly/dht-key/1\0').update(privateKey.raw).digest()
  return rawCid(createHmac('sha256', secret).update(id).digest())
}

/** Milliseconds in the largest unit that has one. */
function human(ms: number): string {
  const [size, unit] = UNITS.find(([length]) => ms >= length) ?? [1000, 'second']
  const count = Math.round(ms / size)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [365.25 * 86_400_000, 'year'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
]

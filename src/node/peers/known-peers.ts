// Remembers the peers that this host was connected to, in memory and in the home folder, and connects to a few of them when nobody else is there.
import { setTimeout as pause } from 'node:timers/promises'
import type { IdentifyResult } from '@libp2p/interface'
import type { Host } from '../../net/host.ts'
import { openSignedRecord, signedRecordOf } from '../../net/signed-addresses.ts'
import { chosen, type KnownPeer, merged } from '../../swarm/known-peers.ts'
import { KAD_PROTOCOL } from '../../wire/protocols.ts'
import { now, wallClock } from '../context/node-context.ts'
import { addKnownPeers, readKnownPeers } from './known-peers-file.ts'

/** Who was met is written down so long after the first one was, ms: most downloads end before, and write at their end. */
const FIRST_WRITE_MS = 2000
/** A host that lives long writes so often, if it has met anybody since, ms: a crash forgets the last minute. */
const WRITE_MS = 60_000
/** At least so often it writes who is still connected, ms. */
const REFRESH_MS = 3_600_000
/** Peers that are described at one time. */
const MAX_MET = 256
/** For all that are tried, ms: a round trip, a handshake, and one lost packet. */
const DIAL_MS = 2000
/** The same few do for so long, ms. */
const AGAIN_MS = 1000
/** The namer of all of them, where failed dials are counted. */
const NAMER = 'known-peers'

type Met = Pick<KnownPeer, 'isLongLived' | 'isHere' | 'place'>

/** They are ways into the DHT, and may have a content themselves. Nobody is trusted because he is in the file. */
export class KnownPeers {
  readonly #host: Host
  readonly #home: string
  readonly #except: ReadonlySet<string>
  /** Who is connected, or was since the last time that they were written. */
  readonly #met = new Map<string, Met>()
  readonly #failedAt = new Map<string, number>()
  readonly #stopping = new AbortController()
  #round: Promise<Promise<string>[]> | undefined
  #timer: NodeJS.Timeout | undefined
  #isNews = false
  #writtenAt = -Infinity
  #writing: Promise<void> = Promise.resolve()

  /** `except`: those that are tried anyway, by their ids. */
  constructor(host: Host, home: string, except: Iterable<string>) {
    this.#host = host
    this.#home = home
    this.#except = new Set(except)
    host.libp2p.addEventListener('peer:identify', this.#onIdentify)
  }

  /**
   * Connects to some of them. `onMet` is told of each one that is connected; resolves at the first, or when none can be reached.
   * Who calls while others wait shares their dials.
   */
  async meet(onMet: (peer: string) => void): Promise<void> {
    this.#round ??= this.#dialSome()
    const dials = await this.#round
    for (const dial of dials) dial.then(onMet, () => {})
    await Promise.any(dials).catch(() => {})
  }

  /** Writes down who was met. Before the host stops. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    clearTimeout(this.#timer)
    this.#host.libp2p.removeEventListener('peer:identify', this.#onIdentify)
    await this.#write()
  }

  async #dialSome(): Promise<Promise<string>[]> {
    const all = (await readKnownPeers(this.#home)).filter(({ id }) => !this.#except.has(id) && id !== this.#host.id)
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(DIAL_MS)])
    const dials = chosen(merged([all], wallClock()), this.#failedAt, Math.random).map(peer => this.#dial(peer, signal))
    // a seed would read the file again for each of ten thousand contents
    const over = Promise.all([pause(AGAIN_MS, undefined, { ref: false }), Promise.allSettled(dials)])
    void over.then(() => {
      this.#round = undefined
    })
    return dials
  }

  async #dial({ id, record, isHere }: KnownPeer, signal: AbortSignal): Promise<string> {
    try {
      const { peer, addresses } = await openSignedRecord(Buffer.from(record, 'base64'))
      await this.#host.connectPeer(peer, this.#host.recallable(addresses, isHere), NAMER, signal)
      this.#failedAt.delete(id)
      return peer
    } catch (error) {
      this.#failedAt.set(id, wallClock())
      throw error
    }
  }

  readonly #onIdentify = ({ detail }: CustomEvent<IdentifyResult>): void => {
    const { peerId, protocols, signedPeerRecord } = detail
    if (signedPeerRecord === undefined || signedPeerRecord.addresses.length === 0) return
    const id = peerId.toString()
    const place = this.#host.placeOf(id) ?? ''
    this.#met.set(id, { isLongLived: protocols.includes(KAD_PROTOCOL), isHere: this.#host.isHere(id), place })
    if (this.#met.size > MAX_MET) this.#met.delete(this.#met.keys().next().value as string)
    this.#isNews = true
    if (this.#timer !== undefined) return
    this.#timer = setTimeout(() => this.#writeAgain(), FIRST_WRITE_MS).unref()
  }

  #writeAgain(): void {
    if (this.#isNews || now() - this.#writtenAt > REFRESH_MS) void this.#write()
    this.#timer = setTimeout(() => this.#writeAgain(), WRITE_MS).unref()
  }

  /** Never rejects: a host whose home cannot be written remembers nobody. */
  async #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#add()).catch(() => {})
    await this.#writing
  }

  async #add(): Promise<void> {
    const met = [...this.#met]
    if (met.length === 0) return
    this.#isNews = false
    this.#writtenAt = now()
    const time = wallClock()
    const peers = await Promise.all(met.map(async ([id, how]) => await this.#describe(id, how, time)))
    // who has gone keeps the time of this
    for (const [id] of met) if (!this.#host.isConnected(id)) this.#met.delete(id)
    await addKnownPeers(this.#home, merged([peers.filter(peer => peer !== undefined)], time), time)
  }

  async #describe(id: string, met: Met, seenAt: number): Promise<KnownPeer | undefined> {
    const record = await signedRecordOf(this.#host, id)
    if (record === undefined) return undefined
    return { id, record: Buffer.from(record).toString('base64'), seenAt, ...met }
  }
}

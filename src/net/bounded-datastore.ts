// What a host remembers of others, in memory: peers and their addresses, and the provider records of the DHT. Both are bounded.
import { MemoryDatastore } from 'datastore-core'
import type { Pair, Query } from 'interface-datastore'
import { Key } from 'interface-datastore/key'

/** Provider records: 1,200 hosts with 50 contents each, about 32 MiB. When there is no room, those go of whoever has most. */
export const MAX_RECORDS = 65_536
/** Peers that are remembered with their addresses: eight times a flash crowd, about 10 MiB. */
export const MAX_PEERS = 10_000
/** A peer that was not heard of for so long is forgotten, ms: 12 times as long as a record of it is good for. */
export const MAX_PEER_AGE_MS = 6 * 3_600_000
/** Characters of a key: one with sha2-256 and an Ed25519 peer takes 130. */
const MAX_KEY = 256
/** Bytes of a value: of a peer with many addresses, protocols and its signed record. */
const MAX_VALUE = 16 * 1024
/** Peers that are looked at to find one that may go. */
const MAX_LOOKS = 64

const PEER = /^\/peers\/([^/]+)/
const CONTENT = /\/provider\/[^/]+$/
const PROVIDER = /\/provider\/[^/]+\/([^/]+)$/

export interface BoundedDatastoreOptions {
  /** Default MAX_RECORDS. */
  maxRecords?: number
  /** Default MAX_PEERS. */
  maxPeers?: number
  /** Milliseconds since 1970-01-01 UTC. */
  now?: () => number
}

export class BoundedDatastore extends MemoryDatastore {
  /** Key as text, when it was put. The first was put longest ago. */
  readonly #peers = new Map<string, number>()
  /** Keys of each provider's records; the first was put longest ago. */
  readonly #records = new Map<string, Set<string>>()
  /** Keys of all records of a content, by what they begin with: an answer must not cost what all the others are. */
  readonly #contents = new Map<string, Set<string>>()
  /** Who has most records, as far as was seen when records came. */
  #most = ''
  readonly #maxRecords: number
  readonly #maxPeers: number
  readonly #now: () => number
  #count = 0
  /** Whether a peer is never forgotten, such as those that we are connected to. `id`: its CID as text. */
  isKept: (id: string) => boolean = () => false
  /** Our own peer id: its records are as many as we have contents. */
  self = ''

  constructor({ maxRecords = MAX_RECORDS, maxPeers = MAX_PEERS, now = Date.now }: BoundedDatastoreOptions = {}) {
    super()
    this.#maxRecords = maxRecords
    this.#maxPeers = maxPeers
    this.#now = now
  }

  /** Provider records of others. */
  get records(): number {
    return this.#count
  }

  /** Whether something is kept of a peer. `id`: its CID as text. */
  hasPeer(id: string): boolean {
    return this.#peers.has(`/peers/${id}`)
  }

  get peers(): number {
    return this.#peers.size
  }

  /** Throws a RangeError for what no honest peer makes us keep. */
  override put(key: Key, value: Uint8Array): Key | Promise<Key> {
    const text = key.toString()
    // values in the DHT are of no use here: nobody reads any
    if (text.length > MAX_KEY || text.includes('/record/') || (value.byteLength > MAX_VALUE && !PEER.test(text))) {
      throw new RangeError(`not kept: ${text.slice(0, MAX_KEY)} of ${value.byteLength} bytes`)
    }
    if (PEER.test(text) && value.byteLength > MAX_VALUE) {
      // addresses that others told of it have piled up: it is forgotten, and what is said next is kept
      void this.delete(key)
      return key
    }
    if (PEER.test(text)) this.#putPeer(text)
    else this.#putRecord(text)
    return super.put(key, value)
  }

  override delete(key: Key): void | Promise<void> {
    const text = key.toString()
    this.#peers.delete(text)
    const provider = PROVIDER.exec(text)?.[1]
    if (provider !== undefined) {
      this.#dropped(provider, text)
      const content = text.slice(0, text.lastIndexOf('/'))
      const keys = this.#contents.get(content)
      keys?.delete(text)
      if (keys?.size === 0) this.#contents.delete(content)
    }
    return super.delete(key)
  }

  override *_all(query: Query): Generator<Pair> {
    const texts = CONTENT.test(query.prefix ?? '') ? (this.#contents.get(query.prefix as string) ?? []) : undefined
    if (texts === undefined) return yield* super._all(query) as Generator<Pair>
    for (const text of texts) {
      const key = new Key(text)
      yield { key, value: this.get(key) as Uint8Array }
    }
  }

  #putPeer(text: string): void {
    this.#peers.delete(text)
    this.#peers.set(text, this.#now())
    let looks = 0
    for (const [other, at] of this.#peers) {
      const isTooMany = this.#peers.size > this.#maxPeers
      if ((!isTooMany && at > this.#now() - MAX_PEER_AGE_MS) || ++looks > MAX_LOOKS) return
      // what is kept goes to the end, so that the others get their turn
      this.#peers.delete(other)
      if (this.isKept(PEER.exec(other)?.[1] ?? '')) this.#peers.set(other, this.#now())
      else void super.delete(new Key(other))
    }
  }

  #putRecord(text: string): void {
    const provider = PROVIDER.exec(text)?.[1]
    if (provider === undefined) return
    const content = text.slice(0, text.lastIndexOf('/'))
    this.#contents.set(content, (this.#contents.get(content) ?? new Set()).add(text))
    if (provider === this.self) return
    this.#dropped(provider, text)
    const own = this.#records.get(provider) ?? new Set()
    this.#records.set(provider, own.add(text))
    this.#count++
    if (own.size >= (this.#records.get(this.#most)?.size ?? 0)) this.#most = provider
    if (this.#count <= this.#maxRecords) return
    const [oldest] = this.#records.get(this.#most) ?? own
    if (oldest !== undefined) void this.delete(new Key(oldest))
  }

  #dropped(provider: string, text: string): void {
    const keys = this.#records.get(provider)
    if (keys?.delete(text) !== true) return
    this.#count--
    if (keys.size === 0) this.#records.delete(provider)
  }
}

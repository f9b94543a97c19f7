// libp2p's identify when there is a reason: on connections that we opened, on those that last, and for whoever needs an answer.
//
// libp2p lets both sides ask on every connection at once: two streams, a signature made and one verified, five writes of the peer store. For
// a client that has one question that is more than its answer costs.
import { publicKeyToProtobuf } from '@libp2p/crypto/keys'
import { type Identify, type IdentifyComponents, identify } from '@libp2p/identify'
import { type AbortOptions, type Connection, type Stream, serviceCapabilities } from '@libp2p/interface'
import { PeerRecord, RecordEnvelope } from '@libp2p/peer-record'
import { CODE_P2P, type Multiaddr } from '@multiformats/multiaddr'
import { prefixed } from '../wire/framing.ts'
import { openRecord } from './peer-record.ts'
import { writeStream } from './stream.ts'

/** A connection that came in and has lasted so long, ms, is no passing client's: the DHT, and those who keep addresses, want to know whose it is. */
export const LASTING_MS = 5000
/** Addresses that change and protocols that come are told after so long, ms, whatever was made for others before. */
const ANSWER_MS = 1000
/** An asker that does not read the answer is cut off after so long, ms: libp2p's own limit. */
const TIMEOUT_MS = 5000

/** Fields of an answer (https://github.com/libp2p/specs/blob/master/identify/README.md). */
const FIELD = { publicKey: 1, address: 2, protocol: 3, observed: 4, protocolVersion: 5, agentVersion: 6, record: 8 }

/** What of libp2p's service is used besides its public interface. */
interface Inside extends Identify {
  _identify(connection: Connection, options?: AbortOptions): Promise<Said>
  handleProtocol: (stream: Stream, connection: Connection) => Promise<void>
  host: { protocolVersion: string; agentVersion: string }
  start(): Promise<void>
  stop(): Promise<void>
}

/** What the other side says of itself, in part. */
interface Said {
  signedPeerRecord?: Uint8Array
  agentVersion?: string
  protocolVersion?: string
}

export class LazyIdentify {
  readonly #components: IdentifyComponents
  readonly #stock: Inside
  readonly #lastingMs: number
  readonly #ask: Inside['_identify']
  readonly #said = new WeakMap<Connection, Promise<Said>>()
  readonly #asked = new WeakMap<Connection, Promise<void>>()
  readonly #addresses = new WeakMap<Connection, Promise<readonly Multiaddr[] | undefined>>()
  readonly #lasting = new Map<Connection, NodeJS.Timeout>()
  #answer: { bytes: Promise<Uint8Array>; until: number } | undefined

  constructor(components: IdentifyComponents, lastingMs: number = LASTING_MS) {
    this.#components = components
    this.#lastingMs = lastingMs
    this.#stock = identify({ runOnConnectionOpen: false, timeout: TIMEOUT_MS })(components) as Inside
    this.#ask = this.#stock._identify.bind(this.#stock)
    this.#stock._identify = connection => this.#of(connection)
    this.#stock.handleProtocol = (stream, connection) => this.#tell(stream, connection)
    components.events.addEventListener('connection:open', ({ detail }) => this.#opened(detail))
    components.events.addEventListener('connection:close', ({ detail }) => this.#closed(detail))
  }

  readonly [Symbol.toStringTag] = '@libp2p/identify'
  readonly [serviceCapabilities] = ['@libp2p/identify']

  async start(): Promise<void> {
    await this.#stock.start()
  }

  async stop(): Promise<void> {
    for (const timer of this.#lasting.values()) clearTimeout(timer)
    this.#lasting.clear()
    await this.#stock.stop()
  }

  /** Asks who is at the other end unless that was done; resolves when the peer store knows, or it will not say. */
  of(connection: Connection): Promise<void> {
    let asked = this.#asked.get(connection)
    if (asked === undefined) {
      this.#closed(connection)
      // who has not answered may be asked again
      const done = () => this.#keepRecord(connection)
      asked = this.#stock.identify(connection).then(done, () => void this.#asked.delete(connection))
      this.#asked.set(connection, asked)
    }
    return asked
  }

  /**
   * The addresses that the other side has signed, which others may be told; undefined: it listens nowhere, or does not say. It is asked once, and
   * nothing is written down: for a client that stays for a moment, the peer store costs more than all else.
   */
  addressesOf(connection: Connection): Promise<readonly Multiaddr[] | undefined> {
    const known = this.#addresses.get(connection)
    if (known !== undefined) return known
    const told = this.#signed(connection)
    this.#addresses.set(connection, told)
    told.catch(() => this.#addresses.delete(connection))
    return told
  }

  /** The peer store has the rest. */
  #keepRecord(connection: Connection): void {
    const record = this.#of(connection).then(({ signedPeerRecord }) =>
      signedPeerRecord === undefined ? {} : { signedPeerRecord },
    )
    record.catch(ignore)
    this.#said.set(connection, record)
  }

  async #signed(connection: Connection): Promise<readonly Multiaddr[] | undefined> {
    const { signedPeerRecord: record } = await this.#of(connection)
    return record === undefined ? undefined : await openRecord(record, connection.remotePeer)
  }

  /** What it says is asked for once, whoever wants to know. */
  #of(connection: Connection): Promise<Said> {
    const known = this.#said.get(connection)
    if (known !== undefined) return known
    // its name is of no use to anybody here, and would be another write of the peer store
    const said = this.#ask(connection).then(({ agentVersion, protocolVersion, ...rest }) => rest)
    this.#said.set(connection, said)
    // who has not answered may be asked again
    said.catch(() => this.#said.delete(connection))
    return said
  }

  #opened(connection: Connection): void {
    if (connection.direction === 'outbound') return void this.of(connection)
    this.#lasting.set(connection, setTimeout(() => this.of(connection), this.#lastingMs).unref())
  }

  #closed(connection: Connection): void {
    clearTimeout(this.#lasting.get(connection))
    this.#lasting.delete(connection)
  }

  /** The same to everybody, but for where we see him. */
  async #tell(stream: Stream, { remoteAddr }: Connection): Promise<void> {
    const now = performance.now()
    if (this.#answer === undefined || this.#answer.until < now) {
      this.#answer = { bytes: this.#describe(), until: now + ANSWER_MS }
      // one that could not be made is made anew
      this.#answer.bytes.catch(() => {
        this.#answer = undefined
      })
    }
    const answer = Buffer.concat([await this.#answer.bytes, field(FIELD.observed, remoteAddr.decapsulateCode(CODE_P2P).bytes)])
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    await writeStream(stream, prefixed(answer), signal)
    await stream.close({ signal })
  }

  async #describe(): Promise<Uint8Array> {
    const { peerId, privateKey, registrar, addressManager } = this.#components
    const multiaddrs = addressManager.getAddresses().map(address => address.decapsulateCode(CODE_P2P))
    const { protocolVersion, agentVersion } = this.#stock.host
    const fields = [
      field(FIELD.protocolVersion, Buffer.from(protocolVersion)),
      field(FIELD.agentVersion, Buffer.from(agentVersion)),
      field(FIELD.publicKey, publicKeyToProtobuf(privateKey.publicKey)),
      ...multiaddrs.map(({ bytes }) => field(FIELD.address, bytes)),
      ...registrar.getProtocols().map(name => field(FIELD.protocol, Buffer.from(name))),
    ]
    if (multiaddrs.length > 0) {
      const envelope = await RecordEnvelope.seal(new PeerRecord({ peerId, multiaddrs }), privateKey)
      fields.push(field(FIELD.record, envelope.marshal().subarray()))
    }
    return Buffer.concat(fields)
  }
}

/** A field of a protobuf that holds bytes. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), prefixed(bytes).subarray()])
}

function ignore(): void {}

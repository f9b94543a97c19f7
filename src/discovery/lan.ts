// Multicast DNS (RFC 6762) on the networks of this host: asks which peers are there, and answers with our own addresses.
import { BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import multicastDns, { type MulticastDNS, type QueryPacket, type ResponsePacket } from 'multicast-dns'

/** As libp2p's mDNS has it, under a name of our own: no other libp2p program answers, or is asked. */
export const LAN_SERVICE = '_dragonfly._udp.local'
export const MDNS_PORT = 5353
/** Strings of one answer that are looked at. */
const MAX_STRINGS = 16
const MAX_ADDRESSES = 4
/** Networks of this host that are used. */
const MAX_NETWORKS = 8
/** RFC 6762, 6: several may have the answer, so each waits a moment, and repeats it once a second at most, ms. */
const ANSWER_DELAY = { least: 20, most: 120 }
const ANSWER_PAUSE_MS = 1000
/** Seconds. */
const TTL = 120

/** An IPv4 address of this host, and its network. */
export interface LanNetwork {
  address: string
  /** `192.0.2.0/24`; the address itself will do, too. */
  cidr: string
}

export interface LanSetup {
  /** Our multiaddrs, /p2p/PEERID included. */
  addresses(): readonly string[]
  /** Somebody says that a peer is there. Nothing about it is checked but that the addresses are the sender's own. */
  found(peer: string, addresses: readonly string[]): void
  /** A network cannot be used. Told once for each reason. */
  trouble(error: Error): void
  /** Default: those of the interfaces of this host. */
  networks?: () => readonly LanNetwork[]
  /** Default: 5353. */
  port?: number
}

export class Lan {
  readonly #setup: LanSetup
  readonly #sockets = new Map<string, LanSocket>()
  readonly #told = new Set<string>()
  #isStopped = false

  constructor(setup: LanSetup) {
    this.#setup = setup
  }

  /** Asks every network; those that came since the last time are listened to from now on. Never throws. */
  ask(): void {
    if (this.#isStopped) return
    const networks = (this.#setup.networks ?? ownNetworks)().slice(0, MAX_NETWORKS)
    const present = new Set(networks.map(({ cidr }) => cidr))
    for (const [cidr, socket] of this.#sockets) if (!present.has(cidr)) this.#drop(cidr, socket)
    for (const network of networks) {
      if (!this.#sockets.has(network.cidr)) this.#open(network)
      this.#sockets.get(network.cidr)?.ask()
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all([...this.#sockets.values()].map(socket => socket.stop()))
  }

  #open(network: LanNetwork): void {
    try {
      const socket: LanSocket = new LanSocket(network, this.#setup, (error, isFatal) => {
        this.#tell(error)
        // tried anew with the next question
        if (isFatal && this.#sockets.get(network.cidr) === socket) this.#drop(network.cidr, socket)
      })
      this.#sockets.set(network.cidr, socket)
    } catch (error) {
      this.#tell(error as Error)
    }
  }

  #drop(cidr: string, socket: LanSocket): void {
    this.#sockets.delete(cidr)
    void socket.stop()
  }

  #tell(error: Error): void {
    const { code } = error as NodeJS.ErrnoException
    // what others send may be malformed; only what this system says counts, and once
    if (code === undefined || this.#told.has(code) || this.#isStopped) return
    this.#told.add(code)
    this.#setup.trouble(error)
  }
}

/** One network: a packet from outside of it is not looked at. */
class LanSocket {
  readonly #network: LanNetwork
  readonly #setup: LanSetup
  readonly #mdns: MulticastDNS
  readonly #neighbours = new BlockList()
  readonly #onTrouble: (error: Error, isFatal: boolean) => void
  readonly #name = `${Math.random().toString(36).slice(2).padEnd(12, '0')}.${LAN_SERVICE}`
  #answering: NodeJS.Timeout | undefined
  #answeredAt = -Infinity
  #stopped: Promise<void> | undefined

  constructor(network: LanNetwork, setup: LanSetup, onTrouble: (error: Error, isFatal: boolean) => void) {
    const { address, cidr } = network
    const [subnet = address, prefix = '32'] = cidr.split('/')
    this.#neighbours.addSubnet(subnet, Number(prefix))
    this.#network = network
    this.#setup = setup
    this.#onTrouble = onTrouble
    this.#mdns = multicastDns({ interface: address, bind: '0.0.0.0', port: setup.port ?? MDNS_PORT, reuseAddr: true })
    this.#mdns.on('error', (error: Error) => onTrouble(error, true))
    this.#mdns.on('warning', (error: Error) => onTrouble(error, false))
    this.#mdns.on('query', (packet, { address: from }) => {
      if (this.#neighbours.check(from) && isOurs(packet)) this.#answerSoon()
    })
    this.#mdns.on('response', (packet, { address: from }) => {
      if (this.#neighbours.check(from)) this.#onAnswer(packet, from)
    })
  }

  /** Asks, and answers unasked (RFC 6762, 8.3): who has been there for long need not ask to hear of us. */
  ask(): void {
    this.#answerSoon()
    const questions = [{ name: LAN_SERVICE, type: 'PTR' as const }]
    this.#mdns.query({ questions }, (error: Error | null) => this.#onSent(error))
  }

  async stop(): Promise<void> {
    clearTimeout(this.#answering)
    this.#stopped ??= new Promise(resolve => this.#mdns.destroy(() => resolve()))
    await this.#stopped
  }

  #answerSoon(): void {
    const { least, most } = ANSWER_DELAY
    const delay = Math.max(least + Math.random() * (most - least), this.#answeredAt + ANSWER_PAUSE_MS - performance.now())
    this.#answering ??= setTimeout(() => this.#answer(), delay).unref()
  }

  #answer(): void {
    this.#answering = undefined
    if (this.#stopped !== undefined) return
    this.#answeredAt = performance.now()
    const start = `/ip4/${this.#network.address}/tcp/`
    const addresses = this.#setup.addresses().filter(address => address.startsWith(start))
    if (addresses.length === 0) return
    const data = addresses.slice(0, MAX_ADDRESSES).map(address => `dnsaddr=${address}`)
    const packet = {
      answers: [{ name: LAN_SERVICE, type: 'PTR' as const, ttl: TTL, data: this.#name }],
      additionals: [{ name: this.#name, type: 'TXT' as const, ttl: TTL, data }],
    }
    this.#mdns.respond(packet, (error: Error | null) => this.#onSent(error))
  }

  #onAnswer(packet: ResponsePacket, from: string): void {
    const found = parseAnswer(packet, from)
    if (found !== undefined && !this.#setup.addresses().some(address => address.endsWith(`/p2p/${found.peer}`))) {
      this.#setup.found(found.peer, found.addresses)
    }
  }

  #onSent(error: Error | null | undefined): void {
    if (error) this.#onTrouble(error, false)
  }
}

function isOurs({ questions = [] }: QueryPacket): boolean {
  return questions.some(({ name, type }) => type === 'PTR' && name.toLowerCase() === LAN_SERVICE)
}

/** The first peer of an answer, with the addresses that are `from` itself: nobody is sent to third parties. */
export function parseAnswer(
  { answers = [], additionals = [] }: Partial<Pick<ResponsePacket, 'answers' | 'additionals'>>,
  from: string,
): { peer: string; addresses: string[] } | undefined {
  if (!answers.some(({ name, type }) => type === 'PTR' && name.toLowerCase() === LAN_SERVICE)) return undefined
  let peer: string | undefined
  const ports = new Set<number>()
  for (const text of textsOf([...answers, ...additionals])) {
    const [, ip, port, id] = /^dnsaddr=\/ip4\/([\d.]{7,15})\/tcp\/(\d{1,5})\/p2p\/(\w{32,128})$/.exec(text) ?? []
    if (ip !== from || id === undefined || (peer ?? id) !== id) continue
    peer = id
    if (Number(port) > 0 && Number(port) < 65_536) ports.add(Number(port))
  }
  if (peer === undefined || ports.size === 0) return undefined
  const addresses = [...ports].slice(0, MAX_ADDRESSES).map(port => `/ip4/${from}/tcp/${port}/p2p/${peer}`)
  return { peer, addresses }
}

function textsOf(answers: NonNullable<ResponsePacket['answers']>): string[] {
  const texts: string[] = []
  for (const answer of answers) {
    if (answer.type !== 'TXT') continue
    const all = Array.isArray(answer.data) ? answer.data : [answer.data]
    texts.push(...all.slice(0, MAX_STRINGS - texts.length).map(String))
  }
  return texts
}

/** IPv6 is left out: who has it has IPv4 too, on the networks that have multicast DNS. */
function ownNetworks(): LanNetwork[] {
  return Object.values(networkInterfaces())
    .flatMap(addresses => addresses ?? [])
    .flatMap(({ family, internal, address, cidr }) =>
      family === 'IPv4' && !internal && cidr !== null ? [{ address, cidr }] : [],
    )
}

// A BitTorrent tracker for one seed and its receivers, one after the other: names the seed, which announces itself first.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bencode } from '../swarm/torrent.ts'

/** Seconds. */
const INTERVAL = 5

export class Tracker {
  readonly #server: Server
  readonly #address: string
  /** Its port. */
  #seed: number | undefined
  #news: (() => void)[] = []

  private constructor(server: Server, address: string) {
    this.#server = server
    this.#address = address
    server.on('request', (request, response) => response.end(this.#answer(request.url ?? '')))
  }

  /** `address`: IPv4, where it listens and where all peers are. */
  static async start(address: string): Promise<Tracker> {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, address, resolve))
    return new Tracker(server, address)
  }

  get url(): string {
    return `http://${this.#address}:${(this.#server.address() as AddressInfo).port}/announce`
  }

  /** Resolves once the seed has announced itself. Rejects when `isOver` says why it never will. */
  async heard(isOver: () => string | undefined): Promise<void> {
    while (this.#seed === undefined) {
      const why = isOver()
      if (why !== undefined) throw new Error(why)
      await new Promise<void>(resolve => {
        this.#news.push(resolve)
        setTimeout(resolve, 100)
      })
    }
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(url: string): Buffer {
    const port = Number(new URL(url, this.url).searchParams.get('port'))
    this.#seed ??= port
    for (const wake of this.#news.splice(0)) wake()
    const ip = this.#address.split('.').map(Number)
    const peers = port === this.#seed ? Buffer.alloc(0) : Buffer.from([...ip, this.#seed >> 8, this.#seed & 255])
    return bencode({ interval: INTERVAL, 'min interval': INTERVAL, peers })
  }
}

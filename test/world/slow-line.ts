// A slow line: TCP proxies that together let so many bytes a second through to whoever connects; back there is no limit.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export class SlowLine {
  /** Bytes a second, all connections together. */
  rate: number
  /** Bytes that have passed it. */
  passed = 0
  readonly #servers: Server[] = []
  readonly #sockets = new Set<Socket>()
  /** When the line is free again. */
  #freeAt = 0

  constructor(rate: number) {
    this.rate = rate
  }

  /** A port of loopback that leads over the line to this one. */
  async to(port: number): Promise<number> {
    const server = createServer(client => this.#join(client, connect(port, '127.0.0.1')))
    this.#servers.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as { port: number }).port
  }

  /** The same peer's address (a multiaddr with a TCP port), over the line. */
  async toPeer(address: string): Promise<string> {
    const [, port] = /\/tcp\/(\d+)/.exec(address) as RegExpExecArray
    return address.replace(`/tcp/${port}`, `/tcp/${await this.to(Number(port))}`)
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(this.#servers.map(server => new Promise(done => server.close(done))))
  }

  #join(client: Socket, target: Socket): void {
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.once('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
    client.pipe(target)
    this.#carry(target, client).catch(() => client.destroy())
  }

  async #carry(from: Socket, to: Socket): Promise<void> {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      const begun = Math.max(this.#freeAt, performance.now())
      this.#freeAt = begun + (1000 * chunk.byteLength) / this.rate
      await sleep(Math.max(1, begun - performance.now()))
      this.passed += chunk.byteLength
      if (!to.write(chunk)) await once(to, 'drain')
    }
    to.end()
  }
}

// Multicast DNS on the loopback interface, with real packets.
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { expect } from 'chai'
import dnsPacket from 'dns-packet'
import multicastDns from 'multicast-dns'
import { LAN_SERVICE, Lan, parseAnswer } from '../../src/discovery/lan.ts'

const PEER = '12D3KooWBNXrCAJvRZ4Ce7ykr1XG6BrHubUmFkHs7Xsgc7JLM486'
const OTHER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
const HERE = '127.0.0.1'

function answer(texts: readonly string[], service = LAN_SERVICE) {
  const name = `some.${service}`
  return {
    answers: [{ name: service, type: 'PTR' as const, data: name }],
    additionals: [{ name, type: 'TXT' as const, data: [...texts] }],
  }
}

describe('the local network', () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  async function freeUdpPort(): Promise<number> {
    const socket = createSocket('udp4').bind(0, HERE)
    await once(socket, 'listening')
    const { port } = socket.address()
    socket.close()
    return port
  }

  function lan(port: number, peer: string, cidr = '127.0.0.0/8') {
    const found: { peer: string; addresses: readonly string[] }[] = []
    const troubles: Error[] = []
    const waiting: (() => void)[] = []
    const here = new Lan({
      addresses: () => [`/ip4/${HERE}/tcp/4801/p2p/${peer}`, `/ip4/192.0.2.1/tcp/4801/p2p/${peer}`],
      found: (peer, addresses) => {
        found.push({ peer, addresses })
        for (const wake of waiting.splice(0)) wake()
      },
      trouble: error => {
        troubles.push(error)
      },
      networks: () => [{ address: HERE, cidr }],
      port,
    })
    ends.push(() => here.stop())
    const next = () => new Promise<void>(resolve => waiting.push(resolve))
    return { here, found, troubles, next }
  }

  /** Whoever else is there: hears what passes. */
  async function listener(port: number) {
    const mdns = multicastDns({ interface: HERE, bind: '0.0.0.0', port })
    ends.push(() => new Promise<void>(resolve => mdns.destroy(() => resolve())))
    await new Promise<void>(resolve => mdns.once('ready', () => resolve()))
    return mdns
  }

  async function send(packet: object, port: number, socket: Socket = createSocket('udp4')): Promise<void> {
    const bytes = dnsPacket.encode({ type: 'response', flags: dnsPacket.AUTHORITATIVE_ANSWER, ...packet })
    await new Promise(resolve => socket.send(bytes, port, HERE, resolve))
    socket.close()
  }

  it('shows two of its peers to each other, by the addresses on it', async () => {
    const port = await freeUdpPort()
    const [first, second] = [lan(port, PEER), lan(port, OTHER)]
    first.here.ask()
    second.here.ask()
    await Promise.all([first.next(), second.next()])
    expect(first.found[0]).to.deep.equal({ peer: OTHER, addresses: [`/ip4/${HERE}/tcp/4801/p2p/${OTHER}`] })
    expect(second.found[0]).to.deep.equal({ peer: PEER, addresses: [`/ip4/${HERE}/tcp/4801/p2p/${PEER}`] })
  })

  it('is not listened to from outside, and malformed packets change nothing', async () => {
    const port = await freeUdpPort()
    const outside = lan(port, PEER, '192.0.2.0/24')
    outside.here.ask()
    const inside = lan(port, PEER)
    inside.here.ask()
    const loud = await listener(port)
    const noise = createSocket('udp4')
    for (const bytes of [Buffer.alloc(0), Buffer.from('garbage'), Buffer.alloc(9000, 0xff)]) {
      await new Promise(resolve => noise.send(bytes, port, '224.0.0.251', resolve))
    }
    noise.close()
    const theirs = answer([`dnsaddr=/ip4/${HERE}/tcp/1/p2p/${OTHER}`])
    await new Promise<void>(resolve => loud.respond(theirs, () => resolve()))
    await inside.next()
    expect(inside.found[0]?.peer).to.equal(OTHER)
    expect(outside.found).to.deep.equal([])
    expect([...inside.troubles, ...outside.troubles]).to.deep.equal([])
  })

  it('hears an answer once a second at most, however often it asks', async () => {
    const port = await freeUdpPort()
    const mdns = await listener(port)
    let answers = 0
    mdns.on('response', () => answers++)
    lan(port, PEER).here.ask()
    const begun = performance.now()
    const questions = [{ name: LAN_SERVICE, type: 'PTR' as const }]
    while (answers < 3) {
      for (let i = 0; i < 100; i++) mdns.query({ questions })
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    expect(performance.now() - begun).to.be.above(2000)
  })

  it('does not stop a node that cannot use it, and says why once', async () => {
    const port = await freeUdpPort()
    const holder = createSocket('udp4').bind(port, '0.0.0.0')
    await once(holder, 'listening')
    const told = Promise.withResolvers<Error>()
    const here = new Lan({
      addresses: () => [],
      found: () => {},
      trouble: told.resolve,
      networks: () => [{ address: HERE, cidr: '127.0.0.0/8' }],
      port,
    })
    here.ask()
    expect((await told.promise) as NodeJS.ErrnoException).to.have.property('code', 'EADDRINUSE')
    here.ask()
    await here.stop()
    holder.close()
  })

  it('leads to the sender only, and to one peer for each answer', () => {
    const at = (ip: string, port: number | string, peer = PEER) => `dnsaddr=/ip4/${ip}/tcp/${port}/p2p/${peer}`
    const from = '10.0.0.7'
    const good = { peer: PEER, addresses: [`/ip4/${from}/tcp/4801/p2p/${PEER}`] }
    expect(parseAnswer(answer([at(from, 4801), at('10.0.0.8', 22), at(from, 4801)]), from)).to.deep.equal(good)
    expect(parseAnswer(answer([at(from, 4801), at(from, 4802, OTHER)]), from)).to.deep.equal(good)
    expect(parseAnswer(answer([at('10.0.0.8', 4801)]), from)).to.equal(undefined)
    expect(parseAnswer(answer([at(from, 0), at(from, 65_536), at(from, '22/ws')]), from)).to.equal(undefined)
    expect(parseAnswer(answer([`dnsaddr=/dns4/victim/tcp/80/p2p/${PEER}`, 'x', '']), from)).to.equal(undefined)
    expect(parseAnswer(answer([at(from, 4801)], '_p2p._udp.local'), from)).to.equal(undefined)
    expect(parseAnswer({}, from)).to.equal(undefined)
    const many = Array.from({ length: 10_000 }, (_, i) => at(from, i + 1))
    expect(parseAnswer(answer(many), from)?.addresses).to.have.lengthOf(4)
  })

  it('of an answer by unicast counts as any other, and never as ourselves', async () => {
    const port = await freeUdpPort()
    const only = lan(port, PEER)
    only.here.ask()
    await listener(port).then(mdns => new Promise<void>(resolve => mdns.once('response', () => resolve())))
    await send(answer([`dnsaddr=/ip4/${HERE}/tcp/1/p2p/${PEER}`]), port)
    expect(only.found).to.deep.equal([])
  })
})

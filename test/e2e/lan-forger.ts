// Answers multicast DNS for 10,000 peers that do not exist, and counts who dials them.
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import multicastDns from 'multicast-dns'
import { LAN_SERVICE } from '../../src/discovery/lan.ts'

const COUNT = 10_000
const address = process.argv[2] as string
let dials = 0
const server = createServer(socket => {
  dials++
  socket.on('error', () => {}).destroy()
})
await new Promise<void>(resolve => server.listen(0, address, resolve))
const { port } = server.address() as { port: number }

const mdns = multicastDns({ interface: address, bind: '0.0.0.0' })
await new Promise<void>(resolve => mdns.once('ready', () => resolve()))
const begun = performance.now()
const name = `forger.${LAN_SERVICE}`
for (let i = 0; i < COUNT; i++) {
  const peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  const data = [`dnsaddr=/ip4/${address}/tcp/${port}/p2p/${peer}`, `dnsaddr=/ip4/10.77.0.99/tcp/${port}/p2p/${peer}`]
  const packet = {
    answers: [{ name: LAN_SERVICE, type: 'PTR' as const, ttl: 120, data: name }],
    additionals: [{ name, type: 'TXT' as const, ttl: 120, data }],
  }
  await new Promise<void>(resolve => mdns.respond(packet, () => resolve()))
  if (i % 100 === 99) await sleep(20) // no faster than a socket buffer takes them
}
await sleep(1000)
console.log(JSON.stringify({ type: 'done', dials, seconds: (performance.now() - begun) / 1000 }))
mdns.destroy()
server.close()

// Light members of a fleet, many in one process: they prove themselves, introduce themselves to one member, and say how they are after the
// time that a look takes. node bench/fleet-members.ts FLEET-FILE ADDRESS COUNT [connected]
import { setTimeout as sleep } from 'node:timers/promises'
import { FleetKeys } from '../src/core/fleet.ts'
import { type HostStatus, MAX_SLOWEST } from '../src/core/host-status.ts'
import { dhtService } from '../src/discovery/dht.ts'
import { MessageChannel } from '../src/net/channel.ts'
import { serveFleet } from '../src/net/fleet-stream.ts'
import { type Host, startHost } from '../src/net/host.ts'
import { serveStatus } from '../src/net/status-stream.ts'
import { readFleetFile } from '../src/store/fleet-file.ts'
import { encodeFleetRequest } from '../src/wire/codec-fleet.ts'
import { LIMITS } from '../src/wire/limits.ts'
import { FLEET_PROTOCOL } from '../src/wire/protocols.ts'

/** As a daemon looks at itself, ms. */
const LOOK_MS = 750
const AT_ONCE = 8

const [file, address, count, stays] = process.argv.slice(2) as [string, string, string, string | undefined]
const keys = new FleetKeys(await readFleetFile(file))
const asker = address.split('/p2p/')[1] as string
const download = (at: number) => ({
  url: `https://models.example.org/team/model-${at}/resolve/main/model-0000${at}-of-00010.safetensors`,
  ...{ bytes: 3_000_000_000 + at, length: 5_000_000_000, rate: 20_000_000 + at, cause: 'peers' as const },
})
const STATUS: HostStatus = {
  ...{ version: '0.1.0', role: 'member', uptime: 86_400, load: { lag: 3, busy: 40 } },
  ...{ rates: { down: 200_000_000, up: 150_000_000 }, limits: { down: 250_000_000 }, contents: 40, downloads: 10, hidden: 0 },
  disk: { used: 400_000_000_000, quota: 500_000_000_000, free: 300_000_000_000, isInTrouble: false },
  slowest: Array.from({ length: MAX_SLOWEST }, (_, at) => download(at)),
}

async function member(): Promise<Host> {
  const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'], services: { dht: dhtService(false) } })
  const answer = (peer: string) => [{ proof: keys.proof(host.id, peer, Date.now()), members: [], view: undefined }]
  await serveFleet(host, { admits: () => true, answer })
  const look = async () => {
    await sleep(LOOK_MS)
    return STATUS
  }
  await serveStatus(host, { admits: () => true, answer: look })
  await host.connect([address])
  const channel = new MessageChannel(await host.openStream(asker, FLEET_PROTOCOL), LIMITS.message)
  const record = { peer: host.id, addresses: host.addresses, role: 'member', state: 'alive', stamp: Date.now() } as const
  const proof = keys.proof(host.id, asker, Date.now()) as Uint8Array
  channel.post(encodeFleetRequest({ proof, news: [record], subject: undefined, all: false, view: undefined }))
  await channel.close()
  while ((await channel.read()) !== undefined);
  if (stays !== 'connected') for (const { remotePeer } of host.libp2p.getConnections()) await host.libp2p.hangUp(remotePeer)
  return host
}

for (let made = 0; made < Number(count); made += AT_ONCE) {
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, Number(count) - made) }, member))
}
console.log('ready')

// Strangers at a member of a fleet: they get nothing, learn nothing, and those that were members once are strangers, too.
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { FleetKeys, type FleetSecret } from '../../src/core/fleet.ts'
import { dhtService } from '../../src/discovery/dht.ts'
import { serveFleet } from '../../src/net/fleet-stream.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import { newFleetSecret, writeFleetFile } from '../../src/store/fleet-file.ts'
import { decodeFleetRequest, encodeFleetRequest, type FleetRequest } from '../../src/wire/codec-fleet.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import * as protocols from '../../src/wire/protocols.ts'
import { passTime, restoreClock } from '../clock.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { type Observed, World } from '../world/world.ts'

describe('node/fleet: hostile', () => {
  let world: World
  let file: string
  let secret: Uint8Array
  let member: Observed

  before(async () => {
    world = await World.open()
    file = join(world.dir, 'fleet.json')
    secret = newFleetSecret()
    await writeFleetFile(file, [{ secret }])
    member = await world.node({ fleet: file, home: world.path(), bootstrap: [] })
    const origin = await world.origin(content('fleet', PIECE))
    await member.node.download(`${origin.url}/file`, world.path())
  })
  after(async () => {
    restoreClock()
    await world.close()
  })

  async function strangerHost(): Promise<Host> {
    const host = await startHost({ listen: [LOOPBACK], services: { dht: dhtService(true) } })
    world.atEnd(() => host.stop())
    return host
  }

  /** What a stranger gets for a message on a stream: the status that it ends with, and bytes. */
  async function attempt(host: Host, protocol: string, message: Uint8Array): Promise<{ status: string; bytes: number }> {
    await host.connect([member.address])
    const stream = await host.openStream(member.id, protocol)
    let bytes = 0
    stream.addEventListener('message', ({ data }) => {
      bytes += data.byteLength
    })
    await sendMessage(stream, message).catch(() => {})
    return { status: await ended(stream), bytes }
  }

  const refused = { status: 'reset', bytes: 0 }
  const request = (proof: Uint8Array, changes: Partial<FleetRequest> = {}) =>
    encodeFleetRequest({ proof, news: [], subject: undefined, all: true, view: undefined, ...changes })
  const proofOf = (secrets: readonly FleetSecret[], from: string) =>
    new FleetKeys(secrets).proof(from, member.id, Date.now()) as Uint8Array

  it('a stranger gets nothing on any protocol', async () => {
    const attempts = Object.values(protocols).map(async protocol => {
      const host = await strangerHost()
      expect(await attempt(host, protocol, request(new Uint8Array(32))), protocol).to.deep.equal(refused)
    })
    await Promise.all(attempts)
  })

  it('proofs of others, of another secret, or none at all, and oversize requests get nothing', async () => {
    const host = await strangerHost()
    const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).toString()
    const messages = [
      request(proofOf([{ secret }], other)),
      request(proofOf([{ secret: newFleetSecret() }], host.id)),
      // the proof has to be the first field
      Uint8Array.from([0x20, 1, ...request(proofOf([{ secret }], host.id))]),
      new Uint8Array(LIMITS.fleetRequest + 1),
    ]
    for (const message of messages) expect(await attempt(host, protocols.FLEET_PROTOCOL, message)).to.deep.equal(refused)
  })

  it('a flood of wrong proofs leaves a member at the service of the others', async () => {
    const host = await strangerHost()
    const ends = Array.from({ length: 200 }, () => attempt(host, protocols.FLEET_PROTOCOL, request(new Uint8Array(32))))
    for (const { bytes } of await Promise.all(ends)) expect(bytes).to.equal(0)
    const honest = await world.node({ fleet: file, home: world.path(), bootstrap: [member.address] })
    await sees(member, honest.id)
    await honest.node.stop()
  })

  it('a stranger that a member dials gets a proof that is of use to nobody else, and no names', async () => {
    const host = await strangerHost()
    const got: FleetRequest[] = []
    await host.handle(protocols.FLEET_PROTOCOL, async stream => {
      stream.addEventListener('message', ({ data }) => {
        const bytes = data.subarray()
        got.push(decodeFleetRequest(bytes.subarray((bytes[0] as number) < 0x80 ? 1 : 2)))
        stream.abort(new Error('no'))
      })
    })
    const victim = await world.node({ fleet: file, home: world.path(), bootstrap: [member.address, host.addresses[0] as string] })
    await sees(victim, member.id)
    await until(() => got.length > 0 && victim.events.some(({ code }) => code === 'fleet-stranger'), 'it is known for a stranger')
    for (const { news, subject, view } of got) {
      expect(news.every(({ peer }) => peer === victim.id)).to.equal(true)
      expect([subject, view]).to.deep.equal([undefined, undefined])
    }
    expect(await attempt(host, protocols.FLEET_PROTOCOL, request(got[0]?.proof as Uint8Array))).to.deep.equal(refused)
    await victim.node.stop()
  })

  it('one that knew a secret that has run out is cut off, and forgotten', async () => {
    const rotating = join(world.dir, 'rotating.json')
    const old = newFleetSecret()
    await writeFleetFile(rotating, [{ secret: old }])
    const first = await world.node({ fleet: rotating, home: world.path(), bootstrap: [] })
    const host = await strangerHost()
    const keys = new FleetKeys([{ secret: old }])
    await serveFleet(host, {
      admits: () => true,
      answer: peer => [{ proof: keys.proof(host.id, peer, 0), members: [], view: undefined }],
    })
    await host.connect([first.address])
    const record = { peer: host.id, addresses: host.addresses, role: 'member', state: 'alive', stamp: 1 } as const
    const stream = await host.openStream(first.id, protocols.FLEET_PROTOCOL)
    await sendMessage(stream, request(keys.proof(host.id, first.id, 0) as Uint8Array, { news: [record] }))
    await sees(first, host.id)
    const now = Date.now()
    await writeFleetFile(
      rotating,
      [
        { secret: newFleetSecret(), from: now },
        { secret: old, until: now + 40_000 },
      ],
      {
        mayReplace: true,
      },
    )
    expect(host.isConnected(first.id)).to.equal(true)
    passTime(40_000)
    // the file is looked at every 10 s
    await until(() => !host.isConnected(first.id), 'the connection ends')
    await sees(first, host.id, false)
  })

  async function sees({ node }: Observed, peer: string, isSeen = true): Promise<void> {
    const knows = async () => (await node.status()).fleet?.members.some(other => other.peer === peer) === true
    while ((await knows()) !== isSeen) await new Promise(resolve => setTimeout(resolve, 20))
  }
})

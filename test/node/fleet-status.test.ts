// Members that are asked how they are doing: what honest ones say, and what strangers and hostile members get.
import { join } from 'node:path'
import { expect } from 'chai'
import { FleetKeys } from '../../src/core/fleet.ts'
import { dhtService } from '../../src/discovery/dht.ts'
import { serveFleet } from '../../src/net/fleet-stream.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import { askStatus } from '../../src/net/status-stream.ts'
import type { MemberReport } from '../../src/node/api/fleet-report.ts'
import { askAllMembers } from '../../src/node/fleet/status-round.ts'
import { newFleetSecret, writeFleetFile } from '../../src/store/fleet-file.ts'
import { encodeFleetRequest } from '../../src/wire/codec-fleet.ts'
import { decodeStatusReply, encodeStatusRequest } from '../../src/wire/codec-status.ts'
import { FLEET_PROTOCOL, STATUS_PROTOCOL } from '../../src/wire/protocols.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import { PEER_ID, VECTORS } from '../wire/vectors.ts'
import { LOOPBACK } from '../world/loopback.ts'
import { type Observed, World } from '../world/world.ts'

const REPLY = VECTORS.find(({ label }) => label === 'status reply')?.encode() as Uint8Array

describe('node/fleet: status', () => {
  let world: World
  let file: string
  let secret: Uint8Array
  let asker: Observed

  before(async () => {
    world = await World.open()
    file = join(world.dir, 'fleet.json')
    secret = newFleetSecret()
    await writeFleetFile(file, [{ secret }])
    asker = await world.node({ fleet: file, home: world.path(), bootstrap: [], limits: { up: '5MiB' } })
  })
  after(() => world.close())

  async function bareHost(): Promise<Host> {
    const host = await startHost({ listen: [LOOPBACK], services: { dht: dhtService(true) } })
    world.atEnd(() => host.stop())
    return host
  }

  /** A member that proves itself, and knows the status protocol only if `reply` says what it does. */
  async function scripted(reply?: (stream: Parameters<typeof sendMessage>[0]) => Promise<void>): Promise<Host> {
    const host = await bareHost()
    const keys = new FleetKeys([{ secret }])
    await serveFleet(host, {
      admits: () => true,
      answer: peer => [{ proof: keys.proof(host.id, peer, 0), members: [], view: undefined }],
    })
    if (reply !== undefined) await host.handle(STATUS_PROTOCOL, reply)
    await host.connect([asker.address])
    const stream = await host.openStream(asker.id, FLEET_PROTOCOL)
    const record = { peer: host.id, addresses: host.addresses, role: 'member', state: 'alive', stamp: 1 } as const
    const proof = keys.proof(host.id, asker.id, 0) as Uint8Array
    await sendMessage(stream, encodeFleetRequest({ proof, news: [record], subject: undefined, all: false, view: undefined }))
    while ((await asker.node.status()).fleet?.members.some(({ peer }) => peer === host.id) !== true) {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    return host
  }

  it('says of itself and of the others what they are, the silent ones with the reason', async () => {
    const other = await world.node({ fleet: file, home: world.path(), bootstrap: [asker.address], limits: { down: 1_000_000 } })
    const old = await scripted()
    const wrong = await scripted(stream => sendMessage(stream, Uint8Array.of(...REPLY, 0x0a, 1, 0x1b)))
    const long = await scripted(stream => sendMessage(stream, new Uint8Array(5000)))
    const mute = await scripted(async () => {})
    const reset = await scripted(async stream => stream.abort(new Error('no')))
    const begun = performance.now()
    const report = await asker.node.fleetStatus()
    expect(performance.now() - begun).to.be.below(15_000)
    const of = (peer: string) => report.members.find(one => one.peer === peer) as MemberReport
    expect(report).to.include({ peerId: asker.id, total: 7 })
    expect(report.members[0]).to.include({ peer: asker.id, isSelf: true, silence: undefined })
    expect(report.members[0]?.status).to.deep.include({ role: 'member', downloads: 0, slowest: [] })
    expect(report.members[0]?.status?.limits.up).to.equal(5 * 1024 * 1024)
    expect(of(other.id).status).to.deep.include({ downloads: 0, contents: 0, disk: undefined })
    expect(of(other.id).status?.limits.down).to.equal(1_000_000)
    expect(of(other.id).status?.version).to.match(/^\d+\.\d+\.\d+/)
    const reasons = [old, wrong, long, mute, reset].map(({ id }) => of(id).silence)
    expect(reasons).to.deep.equal(['older-version', 'bad-answer', 'bad-answer', 'no-answer', 'refused'])
    expect(report.members.slice(0, 2).every(({ status }) => status !== undefined)).to.equal(true)
  })

  it('answers nobody who has not proved on this connection that it is a member, named by the user or not', async () => {
    const stranger = await bareHost()
    const named = await world.node({ fleet: file, home: world.path(), bootstrap: [], trust: [stranger.id] })
    for (const target of [asker, named]) {
      await stranger.connect([target.address])
      const stream = await stranger.openStream(target.id, STATUS_PROTOCOL)
      let bytes = 0
      stream.addEventListener('message', ({ data }) => {
        bytes += data.byteLength
      })
      await sendMessage(stream, encodeStatusRequest({ downloads: 10 })).catch(() => {})
      expect([await ended(stream), bytes]).to.deep.equal(['reset', 0])
    }
  })

  it('what a member asks too long, or with nonsense, has its stream reset', async () => {
    const member = await scripted(async () => {})
    for (const bytes of [new Uint8Array(17), Uint8Array.of(8, 0), Uint8Array.of(8, 11)]) {
      const stream = await member.openStream(asker.id, STATUS_PROTOCOL)
      await sendMessage(stream, bytes).catch(() => {})
      expect(await ended(stream)).to.equal('reset')
    }
    const good = await askStatus(member, asker.id, { downloads: 1 }, AbortSignal.timeout(10_000))
    expect(good).to.include({ role: 'member' })
  })

  it('a thousand at most are asked, 48 at a time, and whom the time does not suffice for is named', async () => {
    let running = 0
    let most = 0
    const records = Array.from({ length: 1500 }, (_, i) => ({
      peer: `${PEER_ID}${i}`,
      ...({ addresses: [], role: 'member', state: 'alive', stamp: 1 } as const),
    }))
    const report = await askAllMembers({
      host: { id: PEER_ID, addresses: [], isConnected: () => false } as never,
      fleet: {
        records,
        whileConnected: async () => {
          most = Math.max(most, ++running)
          await new Promise(resolve => setTimeout(resolve, 10_000).unref())
          return undefined as never
        },
      },
      own: async () => decodeStatusReply(REPLY),
      times: { one: 30, all: 300 },
    })
    expect(report.total).to.equal(1501)
    expect(report.members).to.have.length(1000)
    expect(most).to.be.at.least(48)
    const reasons = new Set(report.members.slice(1).map(({ silence }) => silence))
    expect([...reasons].toSorted()).to.deep.equal(['not-asked', 'unreachable'])
  })

  it('a node in no fleet says what to do', async () => {
    const { node } = await world.node({ home: world.path() })
    const failure = await node.fleetStatus().catch(error => error)
    expect(failure).to.include({ code: 'bad-fleet' })
    expect(failure.hint).to.include('df fleet init')
  })
})

// The file of known peers: bounded, private, and no reason to trust or to dial anybody who is not what it says.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { dhtService } from '../../../src/discovery/dht.ts'
import { type Host, startHost } from '../../../src/net/host.ts'
import { KnownPeers } from '../../../src/node/peers/known-peers.ts'
import { addKnownPeers, KNOWN_PEERS_FILE, readKnownPeers } from '../../../src/node/peers/known-peers-file.ts'
import { type KnownPeer, MAX_KNOWN } from '../../../src/swarm/known-peers.ts'
import { LOOPBACK } from '../../world/loopback.ts'

const entry = (id: string, change: Partial<KnownPeer> = {}): KnownPeer => ({
  id,
  record: 'AAAA',
  seenAt: Date.now(),
  isLongLived: true,
  isHere: true,
  place: '127.0.0.1',
  ...change,
})

describe('node: known peers', () => {
  let home: string
  let ends: (() => Promise<void>)[]
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'df-known-'))
    ends = []
  })
  afterEach(async () => {
    for (const end of ends.toReversed()) await end()
    await rm(home, { recursive: true, force: true })
  })

  async function host(listen: readonly string[] = [LOOPBACK]): Promise<Host> {
    const started = await startHost({ listen, services: { dht: dhtService(true) } })
    ends.push(() => started.stop())
    return started
  }

  /** A host that has met the other one, and has ended since: the file is what is left. */
  async function meeting(other: Host): Promise<void> {
    const first = await startHost({ listen: [], services: { dht: dhtService(false) } })
    const known = new KnownPeers(first, home, [])
    const identified = new Promise<void>(resolve => first.libp2p.addEventListener('peer:identify', () => resolve()))
    await first.connect([other.addresses[0] as string])
    await identified
    await known.stop()
    await first.stop()
  }

  async function met(except: readonly string[] = []): Promise<string[]> {
    const newcomer = await host([])
    const known = new KnownPeers(newcomer, home, except)
    const found: string[] = []
    await known.meet(peer => found.push(peer))
    await known.stop()
    return found
  }

  it('are met again by their signed addresses, also on this host', async () => {
    const other = await host()
    await meeting(other)
    const [only, ...rest] = await readKnownPeers(home)
    expect(rest).to.deep.equal([])
    expect(only).to.include({ id: other.id, isLongLived: true, isHere: true, place: '7f000001' })
    expect(await met()).to.deep.equal([other.id])
    expect(await met([other.id]), 'a seed is dialled anyway').to.deep.equal([])
  })

  it('are not dialled when their record is forged, or another peer has signed it', async () => {
    const other = await host()
    await meeting(other)
    const [only] = (await readKnownPeers(home)) as [KnownPeer]
    const record = Buffer.from(only.record, 'base64')
    record.writeUInt8(record.readUInt8(record.length - 1) ^ 1, record.length - 1)
    await rm(join(home, KNOWN_PEERS_FILE))
    await addKnownPeers(home, [{ ...only, record: record.toString('base64') }, entry('nobody')], Date.now())
    expect(await met()).to.deep.equal([])
  })

  it('that were on another host are not looked for on this one', async () => {
    const other = await host()
    await meeting(other)
    const [only] = (await readKnownPeers(home)) as [KnownPeer]
    await addKnownPeers(home, [{ ...only, isHere: false, seenAt: only.seenAt + 1 }], Date.now())
    expect(await met()).to.deep.equal([])
  })

  it('are kept in a bounded file of the owner, which several processes may write', async () => {
    const writers = Array.from({ length: 8 }, (_, w) => Array.from({ length: 20 }, (_, i) => entry(`w${w}-${i}`)))
    await Promise.all(writers.map(peers => addKnownPeers(home, peers, Date.now())))
    for (const peers of writers) await addKnownPeers(home, peers, Date.now())
    expect(await readKnownPeers(home)).to.have.length(MAX_KNOWN)
    expect((await stat(join(home, KNOWN_PEERS_FILE))).mode & 0o777).to.equal(0o600)
    expect(await readdir(home)).to.deep.equal([KNOWN_PEERS_FILE])
  })

  it('are nobody when the file is damaged, too long, or none of ours, and it is written anew', async () => {
    const file = join(home, KNOWN_PEERS_FILE)
    const wrong = { format: 1, peers: [{ ...entry('p'), seenAt: 'now' }, 7, null, { ...entry('p'), place: 'x'.repeat(200) }] }
    for (const text of ['', '{', '[]', '{"format":2,"peers":[]}', JSON.stringify(wrong), ' '.repeat(1 << 20)]) {
      await writeFile(file, text)
      expect(await readKnownPeers(home), text.slice(0, 40)).to.deep.equal([])
      expect(await met()).to.deep.equal([])
    }
    await addKnownPeers(home, [entry('p')], Date.now())
    expect(JSON.parse(await readFile(file, 'utf8'))).to.have.nested.property('peers[0].id', 'p')
  })
})

// Who may have a content: only who was asked for the very same task, at either end of a link, and nobody by its hash alone.
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { rawCid } from '../../src/core/root.ts'
import { makeProof, makeTask } from '../../src/core/task.ts'
import { encodeDataRequest } from '../../src/wire/codec-data.ts'
import type { Hello } from '../../src/wire/codec-hello.ts'
import { DATA_PROTOCOL } from '../../src/wire/protocols.ts'
import { ended, sendMessage } from '../malicious/raw-stream.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { HANG_MS, until } from '../waiting.ts'
import { content, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import { type Observed, World } from '../world/world.ts'

const BODY = content('proof', 2 * PIECE)
const SECRET = [['authorization', 'Bearer of good news']] as const

describe('proof of the task', () => {
  let world: World
  let origin: TestOrigin
  let holder: Observed
  let cid: string

  before(async () => {
    world = await World.open()
    origin = await world.origin(BODY)
    holder = await world.seed()
    const receipt = await holder.node.download(url(), world.path(), { headers: SECRET })
    cid = receipt.cid
  })
  after(() => world.close())

  const url = () => `${origin.url}/private.bin`

  async function refusal(attacker: ScriptedPeer, change: (hello: Hello) => Hello): Promise<string> {
    const error = await attacker.say(holder.address, change).then(
      () => undefined,
      e => e,
    )
    expect(error, 'it should be refused').to.have.property('code', 'peer-refused')
    return error.message.replace('peer refused: ', '')
  }

  /** Opens a data stream and asks; resolves to what came when the other side has ended it. */
  async function bytesFrom(attacker: ScriptedPeer, address: string, hello: Hello): Promise<number> {
    const stream = await attacker.stream(address, DATA_PROTOCOL)
    let bytes = 0
    stream.addEventListener('message', event => {
      bytes += event.data.byteLength
    })
    await sendMessage(stream, encodeDataRequest(hello)).catch(() => {})
    await sendMessage(stream, encodeDataRequest({ type: 'ask', piece: 0, load: 0 })).catch(() => {})
    expect(await ended(stream)).to.be.oneOf(['reset', 'aborted'])
    return bytes
  }

  it('is what an honest peer has, who then gets every byte', async () => {
    const friend = await world.scriptedPeer(url(), {}, SECRET)
    const link = await friend.say(holder.address)
    friend.join(link)
    for (const piece of [0, 1]) link.ask(piece, PIECE, 0)
    await until(() => friend.pieces.size === 2, 'both pieces come')
    expect(hex(Buffer.concat([friend.pieces.get(0) as Uint8Array, friend.pieces.get(1) as Uint8Array]))).to.equal(hex(BODY))
  })

  const wrong: [string, (hello: Hello, attacker: ScriptedPeer) => Hello][] = [
    ['of another secret', (h, v) => ({ ...h, proof: makeProof(new Uint8Array(32), v.id, holder.id) })],
    ['made for another peer', (h, v) => ({ ...h, proof: makeProof(v.task.secret, v.id, v.id) })],
    ['made by another peer', (h, v) => ({ ...h, proof: makeProof(v.task.secret, holder.id, holder.id) })],
    ['left out', h => ({ ...h, proof: new Uint8Array() })],
  ]
  for (const [what, change] of wrong) {
    it(`${what} is refused, and no byte given`, async () => {
      const attacker = await world.scriptedPeer(url(), {}, SECRET)
      expect(await refusal(attacker, h => change(h, attacker))).to.equal('unknown-topic')
      const hello = change(attacker.hello(holder.id), attacker)
      expect(await bytesFrom(attacker, holder.address, hello)).to.equal(0)
      expect(attacker.heard).to.deep.equal([])
    })
  }

  it('is not to be had from the URL alone, without its credentials', async () => {
    const attacker = await world.scriptedPeer(url())
    expect(await refusal(attacker, h => h)).to.equal('unknown-topic')
    const { id } = makeTask({ url: url(), headers: SECRET })
    expect(await refusal(attacker, h => ({ ...h, topic: CID.parse(id).bytes }))).to.equal('unknown-topic')
  })

  it('is asked of who answers too: an impostor in the DHT learns and gets nothing', async () => {
    const task = makeTask({ url: url(), headers: SECRET })
    const impostor = await world.scriptedPeer(url(), {
      hello: h => ({ ...h, topic: CID.parse(task.id).bytes, proof: new Uint8Array(32) }),
    })
    const victim = await world.node({ bootstrap: [impostor.address], trust: [holder.id] })
    const receipt = await victim.node.download(url(), world.path(), { headers: SECRET })
    expect(receipt.fromOrigin).to.equal(BODY.length)
    await until(() => impostor.ends.length > 0, 'the victim leaves the impostor')
    expect(impostor.heard).to.deep.equal([])
    const hello = { ...impostor.hello(victim.id), topic: CID.parse(task.id).bytes }
    expect(await bytesFrom(impostor, victim.address, hello)).to.equal(0)
  })

  it('stands for private contents: neither hello nor DHT knows them by root or sha2-256', async () => {
    const attacker = await world.scriptedPeer(url())
    const names = [CID.parse(cid), rawCid(Buffer.from(hex(BODY), 'hex'))]
    for (const name of names) {
      expect(await refusal(attacker, h => ({ ...h, topic: name.bytes, proof: new Uint8Array() }))).to.equal('unknown-topic')
    }
    const { dht } = await world.asker(holder.address)
    const found = async (key: CID) => {
      const peers: string[] = []
      for await (const { peer } of dht.find(key, AbortSignal.timeout(HANG_MS))) peers.push(peer)
      return peers
    }
    const task = CID.parse(makeTask({ url: url(), headers: SECRET }).id)
    // that the task is found says that the holder has announced all that it is going to
    for (let peers: string[] = []; !peers.includes(holder.id); ) peers = await found(task)
    for (const name of names) expect(await found(name)).to.deep.equal([])
  })

  it('is not needed for public contents, which are known by root and sha2-256, and tells nothing of the task', async () => {
    const open = `${origin.url}/public.bin`
    await holder.node.download(open, world.path())
    const attacker = await world.scriptedPeer(`${origin.url}/elsewhere.bin`)
    for (const name of [CID.parse(cid), rawCid(Buffer.from(hex(BODY), 'hex'))]) {
      const link = await attacker.say(holder.address, h => ({ ...h, topic: name.bytes, proof: new Uint8Array() }))
      expect(link.hello.topic).to.deep.equal(name.bytes)
      expect(link.hello.proof).to.have.length(0)
      attacker.join(link)
      link.ask(0, PIECE, 0)
      await until(() => attacker.pieces.has(0), 'the piece comes')
      attacker.pieces.clear()
      for (const m of attacker.heard) if (m.type === 'hello') expect(m.proof).to.have.length(0)
      link.close()
      await until(() => link.isClosed, 'the link ends')
    }
  })
})

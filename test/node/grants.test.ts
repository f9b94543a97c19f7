// Private content: who may read is for the origin to say; whoever has no word of it hears nothing, from seed and peers alike.
import { createHmac } from 'node:crypto'
import { join } from 'node:path'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { type AccessTimes, type Grant, MAX_GRANT_MS } from '../../src/core/grant.ts'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid } from '../../src/core/root.ts'
import { contentId, makeTask } from '../../src/core/task.ts'
import { MAX_LOOKS } from '../../src/node/seeding/origin-authorizer.ts'
import type { Resolved, ResolveRequest } from '../../src/wire/codec-resolve.ts'
import { openGrant, sealGrant, sealHead } from '../../src/wire/envelope.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { HANG_MS, until } from '../waiting.ts'
import { Asker } from '../world/asker.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { manifestOf } from '../world/manifest.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('private', 3 * PIECE - 5)
const bearer = (name: string) => [['authorization', `Bearer ${name}`]] as const
/** Long enough for a busy machine to use a grant, short enough to see one end. */
const SHORT: AccessTimes = { proof: 300, grant: 5000, skew: 0 }

describe('private content', () => {
  let world: World
  let origin: TestOrigin
  let url: string

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })
  beforeEach(async () => {
    origin.readers = new Set(['Bearer alice', 'Bearer bob'])
    url = `${origin.url}/private.bin`
  })

  const topicOf = () => CID.parse(contentId(makeTask({ url, headers: bearer('nobody') }), 'etag "one"')).bytes
  const bodies = () => origin.gets.filter(g => g.status === 200 || g.status === 206)
  const wholes = () => origin.gets.filter(g => g.status === 200)

  const headersOf = (name: string) => ({ headers: bearer(name) })
  /** The first reply to a host of its own. */
  const ask = async (seed: Observed, name: string, changes: Partial<ResolveRequest> = {}) =>
    await (await Asker.start(world, seed)).ask(seed, url, { ...headersOf(name), ...changes })
  /** What the seed tells a peer that has a host already. */
  async function askAs(peer: ScriptedPeer, seed: Observed, name: string, changes: Partial<ResolveRequest> = {}) {
    await peer.host.connect([seed.address])
    const asker = new Asker(peer.host)
    world.atEnd(() => asker.leave())
    return await asker.ask(seed, url, { ...headersOf(name), ...changes })
  }

  async function refusal(attacker: ScriptedPeer, address: string, topic: Uint8Array, grant?: Uint8Array): Promise<string> {
    const error = await attacker
      .say(address, h => ({ ...h, topic, proof: new Uint8Array(), ...(grant && { grant }) }))
      .then(
        () => undefined,
        e => e,
      )
    expect(error, 'it should be refused').to.have.property('code', 'peer-refused')
    return error.message
  }

  describe('with several readers', () => {
    it('is one swarm for all credentials that the origin takes, read once', async () => {
      const seed = await world.seed()
      for (const name of ['alice', 'bob']) {
        const { node } = await world.node({ seeds: [seed.address] })
        const path = world.path()
        const receipt = await node.download(url, path, { headers: bearer(name), origin: false })
        expect(await fileHash(path)).to.equal(hex(BODY))
        expect(receipt).to.include({ fromOrigin: 0, trust: 'seed' })
      }
      expect(wholes()).to.have.length(1)
      // what the second reader cost the origin: one byte, with his own credentials
      expect(
        bodies()
          .filter(g => g.headers.authorization === 'Bearer bob')
          .map(g => g.headers.range),
      ).to.deep.equal(['bytes=0-0'])
    })

    it('is shared among peers, who check one another', async () => {
      const seed = await world.seed()
      const alice = await world.node({ seeds: [seed.address] })
      await alice.node.download(url, world.path(), { headers: bearer('alice'), origin: false })
      const bob = await world.scriptedPeer(url)
      const resolved = (await askAs(bob, seed, 'bob')) as Resolved
      const link = await bob.say(alice.address, h => ({
        ...h,
        topic: resolved.topic,
        proof: new Uint8Array(),
        grant: resolved.grant as Uint8Array,
      }))
      const answered = await openGrant(link.hello.grant as Uint8Array)
      expect(answered.grant.peer).to.equal(alice.id)
      expect(answered.signer).to.equal(seed.id)
      bob.join(link)
      link.ask(0, PIECE, 0)
      await until(() => bob.pieces.size === 1, 'the piece comes')
    })

    it('keeps versions by weaker names apart: a date and a length are not enough to share', async () => {
      origin.etag = undefined
      const seed = await world.seed()
      const reply = (await ask(seed, 'alice')) as Resolved
      expect(reply.type).to.equal('resolved')
      expect(reply.grant).to.equal(undefined)
      expect(CID.decode(reply.topic).toString()).to.equal(makeTask({ url, headers: bearer('alice') }).id)
    })
  })

  describe('its key in the DHT', () => {
    const keyOf = async (seed: Observed, name: string) => CID.decode(((await ask(seed, name)) as Resolved).dhtKey as Uint8Array)

    it('is the same for all readers at one seed, after a restart too, and another one at another seed', async () => {
      const options = { home: join(world.dir, 'seed'), persistentIdentity: true }
      const seed = await world.seed(options)
      const key = await keyOf(seed, 'alice')
      expect(`${await keyOf(seed, 'bob')}`).to.equal(`${key}`)
      expect(`${await keyOf(await world.seed(), 'alice')}`).to.not.equal(`${key}`)
      await seed.node.stop()
      expect(`${await keyOf(await world.seed(options), 'alice')}`).to.equal(`${key}`)
    })

    it('leads to who shares it; whatever can be made without the seed’s secret leads to nobody', async () => {
      const seed = await world.seed()
      const alice = await world.node({ seeds: [seed.address] })
      await alice.node.download(url, world.path(), { headers: bearer('alice'), origin: false })
      const { dht } = await world.asker(seed.address)
      const found = async (key: CID) => {
        const peers: string[] = []
        for await (const { peer } of dht.find(key, AbortSignal.timeout(HANG_MS))) peers.push(peer)
        return peers
      }
      const key = await keyOf(seed, 'alice')
      for (let peers: string[] = []; !peers.includes(alice.id); ) peers = await found(key)
      // what a stranger may know: URL, credentials, version, topic, the seed's peer id
      const id = contentId(makeTask({ url, headers: bearer('alice') }), 'etag "one"')
      const known = [makeTask({ url }), makeTask({ url, headers: bearer('alice') })].map(task => task.id)
      const secrets = ['', seed.id, id, url, ...known, sha256(Buffer.from('dragonfly/dht-key/1\0'))]
      const guesses = [
        ...[id, ...known].map(text => CID.parse(text)),
        ...[id, ...known].map(text => rawCid(sha256(Buffer.from(text)))),
        ...secrets.map(secret => rawCid(createHmac('sha256', secret).update(id).digest())),
      ]
      for (const guess of guesses) expect(await found(guess), `${guess}`).to.deep.equal([])
    })
  })

  describe('for a reader whom the origin refuses', () => {
    it("is the origin's answer, though the seed has it all", async () => {
      const seed = await world.seed()
      await ask(seed, 'alice')
      for (const headers of [bearer('mallory'), [['x-key', 'none']] as const]) {
        const { node } = await world.node({ seeds: [seed.address] })
        const error = await node.download(url, world.path(), { headers }).catch(e => e)
        expect(error).to.include({ code: 'origin-forbidden', status: 401 })
      }
    })

    it('asks the origin about each anew, whatever it said about others', async () => {
      const seed = await world.seed()
      expect(await ask(seed, 'alice')).to.have.property('type', 'resolved')
      expect(await ask(seed, 'mallory')).to.include({ type: 'failed', status: 401 })
      expect(await ask(seed, 'mallory', { renews: topicOf() })).to.include({ type: 'failed', status: 401 })
    })
  })

  describe('for a peer that knows the topic', () => {
    const now = () => Date.now()
    let seed: Observed
    let alice: Observed
    let attacker: ScriptedPeer
    let seedKey: PrivateKey
    let topic: Uint8Array

    beforeEach(async () => {
      seedKey = await generateKeyPair('Ed25519')
      seed = await world.seed()
      alice = await world.node({ seeds: [seed.address], trust: [await idOf(seedKey)] })
      await alice.node.download(url, world.path(), { headers: bearer('alice'), origin: false })
      attacker = await world.scriptedPeer(url, {}, bearer('mallory'))
      topic = topicOf()
    })

    const good = (): Grant => ({ peer: attacker.id, topic, expires: now() + 60_000 })

    it('opens with a grant of a trusted seed, so that what follows fails for its own reason', async () => {
      const grant = await sealGrant(good(), seedKey)
      const link = await attacker.say(alice.address, h => ({ ...h, topic, proof: new Uint8Array(), grant }))
      expect(link.hello.version).to.equal('etag "one"')
    })

    const bad: [string, () => Promise<Uint8Array | undefined>][] = [
      ['no grant', async () => undefined],
      ['noise', async () => new Uint8Array(200).fill(7)],
      ['a grant of its own', () => sealGrant(good(), attacker.host.privateKey)],
      ['a grant of a stranger', async () => await sealGrant(good(), await generateKeyPair('Ed25519'))],
      ['the grant of another peer', () => sealGrant({ ...good(), peer: seed.id }, seedKey)],
      ['a grant for another content', () => sealGrant({ ...good(), topic: CID.parse(attacker.task.id).bytes }, seedKey)],
      ['a grant that has run out', () => sealGrant({ ...good(), expires: now() - 3 * 60_000 }, seedKey)],
      ['a grant for ever', () => sealGrant({ ...good(), expires: now() + 2 * MAX_GRANT_MS }, seedKey)],
      ['a signature for something else', () => sealHead(manifestOf(attacker.task, BODY).head(), seedKey)],
      ['a forged one', async () => flipped(await sealGrant(good(), seedKey))],
    ]
    for (const [what, grant] of bad) {
      it(`and shows ${what}: as if there were nothing, at peer and seed`, async () => {
        const nowhere = CID.parse(makeTask({ url: 'http://nobody.test/' }).id).bytes
        for (const holder of [alice, seed]) {
          const unknown = await refusal(attacker, holder.address, nowhere, await grant())
          expect(await refusal(attacker, holder.address, topic, await grant())).to.equal(unknown)
          expect(unknown).to.equal('peer refused: unknown-topic')
        }
        expect(attacker.pieces.size).to.equal(0)
      })
    }

    it('and the task id of a reader: who was let in by a grant lets in nobody by a proof', async () => {
      const same = await world.scriptedPeer(url, {}, bearer('alice'))
      const error = await same.say(alice.address).catch(e => e)
      expect(error.message).to.equal('peer refused: unknown-topic')
    })
  })

  describe('for a reader who loses access', () => {
    it('ends: no new grant, links are cut when the old one is over, at peer and seed', async () => {
      const seed = await world.seed({ access: SHORT })
      const alice = await world.node({ seeds: [seed.address], access: SHORT })
      await alice.node.download(url, world.path(), { headers: bearer('alice'), origin: false })
      const bob = await world.scriptedPeer(url)
      const { topic, grant } = (await askAs(bob, seed, 'bob')) as Resolved
      const links = []
      for (const holder of [alice, seed]) {
        links.push(await bob.say(holder.address, h => ({ ...h, topic, proof: new Uint8Array(), grant: grant as Uint8Array })))
      }
      origin.readers?.delete('Bearer bob')
      await until(() => bob.ends.length === links.length, 'both links are cut')
      expect(await askAs(bob, seed, 'bob', { renews: topic })).to.include({
        type: 'failed',
        code: 'origin-forbidden',
        status: 401,
      })
      for (const holder of [alice, seed]) {
        expect(await refusal(bob, holder.address, topic, grant)).to.equal('peer refused: unknown-topic')
      }
    })

    it('goes on for one who keeps it, long after the first grant is over', async () => {
      const seed = await world.seed({ access: SHORT })
      const alice = await world.node({ seeds: [seed.address], access: SHORT })
      await alice.node.download(url, world.path(), { headers: bearer('alice'), origin: false })
      const bob = await world.scriptedPeer(url)
      /** When the grant that she shows runs out. */
      const expiry = async () => {
        const { topic, grant } = (await askAs(bob, seed, 'bob')) as Resolved
        const link = await bob.say(alice.address, h => ({ ...h, topic, proof: new Uint8Array(), grant: grant as Uint8Array }))
        link.close()
        return (await openGrant(link.hello.grant as Uint8Array)).grant.expires
      }
      const first = await expiry()
      const renewals = () => origin.gets.filter(g => g.headers.authorization === 'Bearer alice').length
      const before = renewals()
      await until(() => renewals() >= before + 3 && Date.now() > first, 'she has renewed it, and the first one is over')
      expect(await expiry()).to.be.above(first)
    })
  })

  it('costs the origin few requests when 200 ask at once with one credential', async () => {
    const seed = await world.seed()
    const askers = await Promise.all(Array.from({ length: 20 }, () => Asker.start(world, seed)))
    const each = askers.flatMap(asker => Array.from({ length: 10 }, () => asker.ask(seed, url, headersOf('alice'))))
    const replies = await Promise.all(each)
    for (const reply of replies) expect(reply).to.have.property('type', 'resolved')
    const grants = await Promise.all(replies.map(reply => openGrant((reply as Resolved).grant as Uint8Array)))
    expect(new Set(grants.map(({ grant }) => grant.peer)).size).to.equal(askers.length)
    expect(origin.asked).to.be.at.most(6)
  })

  it('asks one origin a few questions at a time, and another one meanwhile', async () => {
    const names = Array.from({ length: 3 * MAX_LOOKS }, (_, i) => `reader ${i}`)
    origin.readers = new Set(names.map(name => `Bearer ${name}`))
    const seed = await world.seed()
    const asker = await Asker.start(world, seed)
    origin.mute()
    const replies = Promise.all(names.map(name => asker.ask(seed, url, headersOf(name))))
    await until(() => origin.asked >= MAX_LOOKS, 'the first questions come')
    // asked after all the others, and answered: another origin waits for none of them
    const other = await world.origin(BODY)
    expect(await asker.ask(seed, `${other.url}/f`, headersOf('anybody'))).to.have.property('type', 'resolved')
    expect(origin.asked).to.equal(MAX_LOOKS)
    origin.release()
    for (const reply of await replies) expect(reply).to.have.property('type', 'resolved')
    expect(wholes()).to.have.length(1)
  })
})

async function idOf(key: PrivateKey): Promise<string> {
  const { peerIdFromPrivateKey } = await import('@libp2p/peer-id')
  return peerIdFromPrivateKey(key).toString()
}

function flipped(bytes: Uint8Array): Uint8Array {
  const forged = bytes.slice()
  forged[forged.length - 1] = (forged.at(-1) as number) ^ 1
  return forged
}

// What a peer says costs little until it may count: counted by what is verified and what the swarm is told, not by time.
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { Bitfield } from '../../src/core/bitfield.ts'
import { ACCESS_TIMES } from '../../src/core/grant.ts'
import { sha256 } from '../../src/core/piece.ts'
import { contentId, makeTask } from '../../src/core/task.ts'
import type { Link } from '../../src/net/link.ts'
import { GrantBook, shownGrant } from '../../src/node/peers/grant-book.ts'
import { MAX_STRANGERS_HEADS } from '../../src/node/session/peer-handlers.ts'
import { sealGrant, sealHead } from '../../src/wire/envelope.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import { LoneSession } from '../world/lone-session.ts'
import { digestsOf, manifestOf } from '../world/manifest.ts'
import { World } from '../world/world.ts'

const URL = 'http://origin.test/file.bin'
const BODY = content('cheap', 3 * PIECE)
const FLOOD = 50

const idOf = (key: PrivateKey) => peerIdFromPrivateKey(key).toString()

/** An envelope whose last bit is wrong, and with it the signature. */
function forged(envelope: Uint8Array): Uint8Array {
  const bytes = envelope.slice()
  bytes.set([(bytes.at(-1) as number) ^ 1], bytes.byteLength - 1)
  return bytes
}

describe('cheap checks come first', () => {
  let world: World
  let seed: PrivateKey
  let stranger: PrivateKey
  let lone: LoneSession
  let link: Link
  let queue = 0

  before(async () => {
    seed = await generateKeyPair('Ed25519')
    stranger = await generateKeyPair('secp256k1')
  })
  beforeEach(async () => {
    world = await World.open()
  })
  afterEach(() => world.close())

  /** A task, and a peer that is linked to it. `wanted`: the digest that was given. */
  const begin = async (wanted?: Uint8Array) => {
    lone = await LoneSession.start(world, URL, [idOf(seed)], undefined, wanted)
    const peer = await world.scriptedPeer(URL)
    link = await peer.say(lone.address)
  }
  const theirs = () => [...lone.active.links.values()][0]
  /** Resolves when all that the peer has said is taken. */
  const heard = async () => {
    link.send({ type: 'have', pieces: [], queue: ++queue })
    await until(() => theirs()?.queue === queue, 'all that was said is heard')
  }
  const head = () => manifestOf(lone.active.task, BODY).head()

  it("a stranger's head is not verified", async () => {
    await begin()
    const envelope = forged(await sealHead(head(), stranger))
    for (let i = 0; i < FLOOD; i++) link.send({ type: 'head', envelope })
    await heard()
    expect([link.isClosed, lone.active.manifest]).to.deep.equal([false, undefined])
  })

  it("a forged head in a seed's name is verified once, and ends the link", async () => {
    await begin()
    const envelope = forged(await sealHead(head(), seed))
    for (let i = 0; i < FLOOD; i++) link.send({ type: 'head', envelope })
    await until(() => link.isClosed, 'the link ends')
    expect(lone.active.manifest).to.equal(undefined)
  })

  it("strangers' heads are verified where a digest was given, but a few for each link", async () => {
    await begin(sha256(BODY))
    const manifest = manifestOf(lone.active.task, BODY)
    link.send({ type: 'part', from: 0, digests: Buffer.concat(digestsOf(manifest)) })
    const envelope = await sealHead(manifest.head(), stranger)
    for (let i = 0; i < MAX_STRANGERS_HEADS; i++) link.send({ type: 'head', envelope })
    await heard()
    expect(link.isClosed).to.equal(false)
    link.send({ type: 'head', envelope: forged(envelope) })
    await until(() => link.isClosed, 'the link ends')
  })

  it('a bitfield is told to the swarm once, and only as far as there can be pieces', async () => {
    await begin()
    const { info } = manifestOf(lone.active.task, BODY)
    await lone.active.adopt({ ...info, length: BODY.length }, 'origin')
    let told = 0
    lone.active.observers.add({
      told: event => {
        if (event.type === 'have') told += event.pieces.length
        if (event.type === 'bitfield') told += event.have.count
      },
    })
    link.send({ ...link.ourHello, version: info.version })
    await until(() => theirs()?.isNeighbour === true, 'it is a neighbour')
    const have = Bitfield.full(LIMITS.pieces)
    for (let i = 0; i < 5; i++) {
      link.send({ type: 'pieces', have, queue: 0 })
      await heard()
    }
    link.send({ type: 'have', pieces: [2, 3, 1_000_000], queue: 0 })
    await heard()
    // the last message names one piece that exists
    expect([told, theirs()?.have.size]).to.deep.equal([3 + 1, 3])
  })
})

describe('grants that are of no use', () => {
  const seedKey = generateKeyPair('Ed25519')
  const HOUR = 3_600_000
  const peer = 'peer'

  const setUp = async () => {
    const seed = await seedKey
    const task = makeTask({ url: URL, headers: [['authorization', 'x']] })
    const trusted = new Set([idOf(seed)])
    const known = { trusted, isTrusted: (other: string) => trusted.has(other), access: ACCESS_TIMES }
    const book = new GrantBook({ ...known, network: undefined, servesOthers: false }, contentId(task, 'etag "one"'), 'etag "one"')
    const other = await generateKeyPair('Ed25519')
    const id = idOf(other)
    const grant = (changes: object = {}) => ({ peer: id, topic: book.topic, expires: Date.now() + HOUR / 6, ...changes })
    return { seed, known, book, id, grant }
  }

  it('are not verified in a hello, whoever it names, and a forged one shows nothing', async () => {
    const { seed, known, book, id, grant } = await setUp()
    const good = await sealGrant(grant(), seed)
    const show = (envelope: Uint8Array, who = id) => shownGrant(known, who, { grant: envelope, topic: book.topic })
    expect((await show(good))?.signer).to.equal(idOf(seed))
    expect(await show(forged(good))).to.equal(undefined)
    expect(await show(good, peer)).to.equal(undefined)
    expect(await show(await sealGrant(grant(), await generateKeyPair('secp256k1')))).to.equal(undefined)
  })

  it('are not verified on a link: of strangers, or no newer than the last one', async () => {
    const { seed, book, id, grant } = await setUp()
    const outcome = async (envelope: Uint8Array) =>
      await book.renew(id, envelope).then(
        () => 'no look',
        error => error.code,
      )
    const first = await sealGrant(grant(), seed)
    expect(await outcome(forged(await sealGrant(grant(), await generateKeyPair('secp256k1'))))).to.equal('no look')
    expect(await outcome(forged(first))).to.equal('protocol')
    expect(await outcome(first)).to.equal('no look')
    // the same again, and an older one: forged, and nobody notices
    expect(await outcome(forged(first))).to.equal('no look')
    expect(await outcome(forged(await sealGrant(grant({ expires: Date.now() + 1000 }), seed)))).to.equal('no look')
    expect(await outcome(forged(await sealGrant(grant({ expires: Date.now() + HOUR / 5 }), seed)))).to.equal('protocol')
  })
})

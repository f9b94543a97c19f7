// How the manifest of an active task spreads: signed and sent as it grows, asked for when it lags behind, cut off when it makes no sense.
import { expect } from 'chai'
import { splitDigests } from '../../../src/core/piece.ts'
import { makeTask } from '../../../src/core/task.ts'
import type { Link } from '../../../src/net/link.ts'
import { openHead, sealHead } from '../../../src/wire/envelope.ts'
import { tellManifest } from '../../malicious/forges-manifest.ts'
import type { ScriptedPeer } from '../../malicious/scripted-peer.ts'
import { until } from '../../waiting.ts'
import { content, PIECE } from '../../world/content.ts'
import { LoneSession } from '../../world/lone-session.ts'
import { digestsOf, full, manifestOf } from '../../world/manifest.ts'
import { World } from '../../world/world.ts'

const URL = 'http://origin.test/file.bin'
const COUNT = 4
const BODY = content('manifest', COUNT * PIECE - 9)
const MANIFEST = manifestOf(makeTask({ url: URL }), BODY)

async function* bytes(from: number, to: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(BODY.subarray(from * PIECE, to * PIECE))
}

const heads = (peer: ScriptedPeer) => peer.heard.filter(message => message.type === 'head')
const hellos = (peer: ScriptedPeer) => peer.heard.filter(message => message.type === 'hello')
const digests = (peer: ScriptedPeer) =>
  peer.heard.flatMap(message => (message.type === 'part' ? splitDigests(message.digests) : []))

describe('the sync of a manifest', () => {
  let world: World
  let lone: LoneSession
  let peer: ScriptedPeer
  let link: Link

  /** `isTrusted`: whether the peer's signature counts. */
  async function meet(isTrusted: boolean) {
    world = await World.open()
    peer = await world.scriptedPeer(URL)
    lone = await LoneSession.start(world, URL, isTrusted ? [peer.id] : [])
  }
  afterEach(() => world.close())

  describe('that we read', () => {
    beforeEach(async () => {
      await meet(false)
      await lone.active.adopt(MANIFEST.info, 'origin')
      link = await peer.say(lone.address, hello => ({ ...hello, version: MANIFEST.info.version }))
    })

    it('goes out signed, what is new each time and nothing twice, the seal last', async () => {
      await lone.active.ingest(bytes(0, 1), 0)
      await until(() => heads(peer).length === 1, 'the first piece is told')
      await lone.active.ingest(bytes(1, COUNT), 1)
      await until(() => digests(peer).length === COUNT, 'all pieces are told')
      await lone.active.seal(BODY.length, MANIFEST.seal?.root ?? '')
      const opened = () => Promise.all(heads(peer).map(({ envelope }) => openHead(envelope)))
      let last = (await opened()).at(-1)
      while (last?.head.seal === undefined) {
        await until(() => heads(peer).length > 1, 'more heads')
        await new Promise(resolve => setImmediate(resolve))
        last = (await opened()).at(-1)
      }
      expect(last.signer).to.equal(lone.network.host.id)
      expect(last.head).to.deep.include({ count: COUNT, seal: MANIFEST.seal })
      expect(digests(peer)).to.deep.equal(digestsOf(MANIFEST))
    })

    it('is told whole to who comes late', async () => {
      await lone.active.ingest(bytes(0, COUNT), 0)
      await lone.active.seal(BODY.length, MANIFEST.seal?.root ?? '')
      const late = await world.scriptedPeer(URL)
      await late.say(lone.address, hello => ({ ...hello, version: MANIFEST.info.version }))
      await until(() => digests(late).length === COUNT && heads(late).length > 0, 'all of it is told')
      expect(digests(late)).to.deep.equal(digestsOf(MANIFEST))
    })
  })

  describe('that a trusted peer tells', () => {
    beforeEach(async () => {
      await meet(true)
      link = await peer.say(lone.address)
    })

    it('is taken', async () => {
      await tellManifest(link, peer, MANIFEST)
      await until(() => lone.active.manifest?.seal !== undefined, 'the manifest is here')
      expect(lone.active.manifest?.chain).to.deep.equal(MANIFEST.chain)
      expect([lone.active.trust, lone.active.signer]).to.deep.equal(['seed', peer.id])
    })

    it('is asked for once more when its digests are missing, and then the link ends', async () => {
      const envelope = await sealHead(MANIFEST.head(), peer.host.privateKey)
      const before = hellos(peer).length
      link.send({ type: 'head', envelope })
      await until(() => hellos(peer).length > before + 1, 'where it stands is said again')
      expect(hellos(peer).at(-1)).to.include({ version: MANIFEST.info.version, manifestCount: 0 })
      link.send({ type: 'head', envelope })
      await until(() => link.isClosed, 'the link ends')
      expect(lone.said.some(line => line.includes('head without its digests'))).to.equal(true)
    })

    it('ends the link when its digests do not lead to the signed head', async () => {
      const others = digestsOf(manifestOf(peer.task, content('others', BODY.length)))
      await tellManifest(link, peer, MANIFEST, h => h, others)
      await until(() => link.isClosed, 'the link ends')
      expect(lone.active.manifest?.count ?? 0).to.equal(0)
    })

    it('is asked for when that peer has pieces beyond it', async () => {
      await lone.active.adopt(MANIFEST.info, 'seed', { signer: peer.id })
      link.send({ ...peer.hello(link.peer, MANIFEST.info.version), manifestCount: COUNT })
      link.send({ type: 'pieces', have: full(COUNT), queue: 0 })
      const before = hellos(peer).length
      await until(() => hellos(peer).length > before, 'where we stand is said')
      expect(hellos(peer).at(-1)).to.include({ manifestCount: 0 })
    })
  })

  it('of a stranger is not taken', async () => {
    await meet(false)
    link = await peer.say(lone.address)
    await tellManifest(link, peer, MANIFEST)
    const witness = await world.scriptedPeer(URL)
    await witness.say(lone.address)
    await until(() => lone.active.links.size === 2, 'the one after it was heard')
    expect(lone.active.manifest).to.equal(undefined)
  })
})

// Hosts without any seed or fleet that read one origin: where it states the digest of the content, one reads and the others take from it.
import { expect } from 'chai'
import type { Seal } from '../../src/core/manifest.ts'
import type { GetOptions } from '../../src/node/api/get-options.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'
import { OWN_READ_MS } from '../../src/swarm/shared-read.ts'
import { tellManifest } from '../malicious/forges-manifest.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { failure } from '../origin/fixtures.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { manifestOf } from '../world/manifest.ts'
import type { TestOrigin } from '../world/origin.ts'
import { type Observed, World } from '../world/world.ts'

const COUNT = 24
const BODY = content('shared read', COUNT * PIECE - 5)
const LIE = content('a lie', BODY.length)

function digestField(bytes: Buffer): string {
  return `sha-256=:${Buffer.from(hex(bytes), 'hex').toString('base64')}:`
}

describe('hosts without a seed that read an origin which states the digest', () => {
  let world: World
  let origin: TestOrigin

  beforeEach(async () => {
    world = await World.open()
    origin = await world.origin(BODY)
    origin.headers = { 'repr-digest': digestField(BODY) }
  })
  afterEach(() => world.close())

  const url = () => `${origin.url}/file.bin`
  const fromOrigin = (receipts: readonly Receipt[]) => receipts.reduce((sum, r) => sum + r.fromOrigin, 0)

  /** Begins a download; the origin stops after `pieces` until what is returned is called. */
  async function begin(host: Observed, pieces: number, options: GetOptions = {}) {
    origin.hold(pieces * PIECE)
    const path = world.path()
    const gets = origin.gets.length
    let bytes = 0
    const onProgress = (p: { bytes: number }) => {
      bytes = p.bytes
    }
    const receipt = host.node.download(url(), path, { ...options, onProgress })
    receipt.catch(() => {})
    await until(() => origin.gets.length > gets && bytes >= pieces * PIECE, 'it has read so far')
    const release = origin.letPass()
    return { receipt, path, release, bytes: () => bytes }
  }

  it('take the rest from the one that is ahead', async () => {
    const first = await world.node()
    const one = await begin(first, COUNT / 2)
    const others = [await world.node({ bootstrap: [first.address] }), await world.node({ bootstrap: [first.address] })]
    const late = []
    for (const other of others) late.push(await begin(other, 1))
    for (const other of late) await until(() => other.bytes() >= (COUNT / 2) * PIECE, 'it takes what the first one has')
    one.release()
    const receipts = await Promise.all([one, ...late].map(({ receipt }) => receipt))
    for (const { path } of [one, ...late]) expect(await fileHash(path)).to.equal(hex(BODY))
    expect(fromOrigin(receipts) / BODY.length).to.be.at.most(1.1)
    expect(origin.gets).to.have.length(3)
    expect(receipts[0]).to.include({ trust: 'origin', originDigest: 'repr-digest' })
    for (const receipt of receipts.slice(1)) expect(receipt).to.include({ trust: 'digest', originDigest: 'repr-digest' })
  })

  it('read it themselves when what a stranger signed is wrong; he is banned, and the file is right', async () => {
    const liar = await world.scriptedPeer(url())
    const victim = await world.node()
    const one = await begin(victim, 1)
    await lie(liar, victim)
    await until(() => one.bytes() > 2 * PIECE, 'the liar is believed')
    one.release()
    const receipt = await one.receipt
    expect(await fileHash(one.path)).to.equal(hex(BODY))
    expect(receipt).to.include({ trust: 'origin', originDigest: 'repr-digest' })
    // one piece before, and the whole
    expect(origin.gets).to.have.length(2)
    const [banned] = victim.said(/^banned/)
    expect(banned).to.include(liar.id).and.to.include('signed other digests')
  })

  it('do so for a digest that was given, too', async () => {
    origin.headers = {}
    const liar = await world.scriptedPeer(url())
    const victim = await world.node()
    const one = await begin(victim, 1, { digest: origin.digest })
    await lie(liar, victim)
    await until(() => one.bytes() > 2 * PIECE, 'the liar is believed')
    one.release()
    await one.receipt
    expect(await fileHash(one.path)).to.equal(hex(BODY))
    expect(victim.said(/^banned/)[0]).to.include(liar.id)
  })

  it('find out a stranger who promises the end and gives nothing', async () => {
    const liar = await world.scriptedPeer(url())
    const victim = await world.node()
    const one = await begin(victim, 1)
    await lie(liar, victim, false)
    await until(() => liar.asks.length > 0, 'the liar is asked')
    one.release()
    await one.receipt
    expect(await fileHash(one.path)).to.equal(hex(BODY))
    expect(victim.said(/^banned/)[0]).to.include(liar.id)
  })

  it('read the rest by range when the one that is ahead leaves', async () => {
    const first = await world.node()
    const one = await begin(first, COUNT / 2)
    const second = await world.node({ bootstrap: [first.address] })
    const other = await begin(second, 1)
    await until(() => other.bytes() >= (COUNT / 2) * PIECE, 'it takes what the first one has')
    await first.node.stop()
    await failure(one.receipt, 'aborted')
    one.release()
    const receipt = await other.receipt
    expect(await fileHash(other.path)).to.equal(hex(BODY))
    expect(receipt).to.include({ trust: 'digest', originDigest: 'repr-digest', fromPeers: (COUNT / 2 - 1) * PIECE })
    for (const { status } of origin.gets.slice(2)) expect(status).to.equal(206)
  })

  it('ban nobody when it is the digest of the origin that is wrong', async () => {
    origin.headers = { 'repr-digest': digestField(LIE) }
    const first = await world.node()
    const one = await begin(first, COUNT / 2)
    const second = await world.node({ bootstrap: [first.address] })
    const other = await begin(second, 1)
    await until(() => other.bytes() >= (COUNT / 2) * PIECE, 'it takes what the first one has')
    one.release()
    for (const { receipt } of [one, other]) {
      const error = await failure(receipt, 'digest-mismatch')
      expect(error.message).to.contain('repr-digest').and.to.contain(hex(BODY))
    }
    for (const host of [first, second]) expect(host.said(/^banned/)).to.deep.equal([])
  })

  it('show a stream nothing of it before the whole is proven', async () => {
    const first = await world.node()
    const one = await begin(first, COUNT / 2)
    const second = await world.node({ bootstrap: [first.address] })
    const other = await begin(second, 1)
    await until(() => other.bytes() >= (COUNT / 2) * PIECE, 'it takes what the first one has')
    const stream = second.node.get(url())
    const parts: Uint8Array[] = []
    const reading = (async () => {
      for await (const part of stream) parts.push(part)
    })()
    await until(() => parts.length > 0, 'what it has read itself is shown')
    await until(() => one.bytes() === (COUNT / 2) * PIECE, 'the first one has no more')
    expect(Buffer.concat(parts).byteLength).to.equal(PIECE)
    one.release()
    await Promise.all([one.receipt, other.receipt, reading])
    expect(hex(Buffer.concat(parts))).to.equal(hex(BODY))
  })

  it('take nothing for a stream, which cannot take anything back', async () => {
    const first = await world.node()
    const one = await begin(first, COUNT / 2)
    origin.hold(PIECE)
    const second = await world.node({ bootstrap: [first.address] })
    let bytes = 0
    const stream = second.node.get(url(), {
      onProgress: p => {
        bytes = p.bytes
      },
    })
    const reading = (async () => {
      for await (const part of stream) void part
    })()
    await until(() => bytes > 0 && second.events.some(({ code }) => code === 'link-opened'), 'it reads, and is linked')
    one.release()
    await one.receipt
    const begun = performance.now()
    // longer than an own read lasts before it is ended: only what does not happen shows it
    await until(() => performance.now() > begun + 1.5 * OWN_READ_MS, 'time passes')
    expect(bytes).to.equal(PIECE)
    origin.release()
    await reading
    expect(await stream.receipt).to.include({ trust: 'origin', fromOrigin: BODY.length })
  })

  it('take nothing where the origin states none', async () => {
    origin.headers = {}
    const first = await world.node()
    const one = await begin(first, COUNT / 2)
    const second = await world.node({ bootstrap: [first.address] })
    const other = await begin(second, 1)
    await until(() => second.events.some(({ code }) => code === 'link-opened'), 'they are linked')
    one.release()
    other.release()
    const receipts = await Promise.all([one.receipt, other.receipt])
    expect(receipts.map(r => r.trust)).to.deep.equal(['origin', 'origin'])
  })

  /** Signs the right version with other bytes, all but the first piece, and gives these. */
  async function lie(liar: ScriptedPeer, victim: Observed, gives = true) {
    const bytes = Buffer.concat([BODY.subarray(0, PIECE), LIE.subarray(PIECE)])
    liar.behaviour.ask = async (piece, link) => {
      if (gives) await link.give(piece, bytes.subarray(piece * PIECE, (piece + 1) * PIECE))
    }
    const link = await liar.meet(victim.address)
    await until(() => liar.version !== '', 'the version is known')
    const whole = manifestOf(liar.task, bytes, { version: liar.version })
    const seal = { ...(whole.seal as Seal), sha256: Buffer.from(hex(BODY), 'hex') }
    const told = () => tellManifest(link, liar, whole, head => ({ ...head, seal }))
    liar.behaviour.message = async message => {
      if (message.type === 'hello') await told()
    }
    await told()
  }
})

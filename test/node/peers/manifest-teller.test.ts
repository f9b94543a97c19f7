// A long manifest on a real stream, whose other end reads when it likes.
import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { Manifest } from '../../../src/core/manifest.ts'
import { PIECE_DIGEST_LENGTH, splitDigests } from '../../../src/core/piece.ts'
import { MessageChannel } from '../../../src/net/channel.ts'
import { Link } from '../../../src/net/link.ts'
import { StrangersRoom } from '../../../src/net/memory-budget.ts'
import { ManifestTeller } from '../../../src/node/peers/manifest-teller.ts'
import { type ControlMessage, decodeControl } from '../../../src/wire/codec-control.ts'
import { LIMITS } from '../../../src/wire/limits.ts'
import { TwoNodes } from '../../net/stream-pair.ts'
import { until } from '../../waiting.ts'

/** 4 MiB of digests: four times what waits for a slow reader. */
const COUNT = 1 << 17
const INFO = { task: 'task', version: 'etag "one"', pieceLength: 1 << 18, length: undefined, fileName: '' }
const HELLO = {
  type: 'hello' as const,
  topic: new Uint8Array(4),
  proof: new Uint8Array(),
  version: '',
  manifestCount: 0,
  links: 0,
}
const ENVELOPE = randomBytes(100)

describe('node/peers/manifest-teller', () => {
  let nodes: TwoNodes
  let control: MessageChannel
  let theirs: MessageChannel
  let link: Link
  let manifest: Manifest

  before(() => {
    manifest = new Manifest(INFO)
    for (let i = 0; i < COUNT; i++) manifest.append(randomBytes(32))
  })
  beforeEach(async () => {
    nodes = await TwoNodes.start()
    const pair = await nodes.open()
    control = new MessageChannel(pair.ours)
    theirs = new MessageChannel(pair.theirs)
    const openData = () => Promise.reject(new Error('no data'))
    const { hearsay } = new StrangersRoom()
    link = new Link({ peer: 'p', topic: 't', isDialer: true, control, hello: HELLO, ourHello: HELLO, hearsay, openData })
  })
  afterEach(() => nodes.stop())

  async function read(): Promise<ControlMessage> {
    return decodeControl((await theirs.read()) as Uint8Array) as ControlMessage
  }

  /** Reads parts up to a head; where they begin, and how many digests they hold. */
  async function manifestRead(): Promise<{ from: number; count: number }> {
    let [from, count] = [-1, 0]
    for (let message = await read(); message.type !== 'head'; message = await read()) {
      if (message.type !== 'part') throw new Error(`a ${message.type} between the parts`)
      if (from === -1) from = message.from
      expect(message.from).to.equal(from + count)
      for (const [i, digest] of splitDigests(message.digests).entries())
        if (!Buffer.from(manifest.digest(message.from + i) as Uint8Array).equals(digest)) throw new Error('another digest')
      count += message.digests.byteLength / PIECE_DIGEST_LENGTH
    }
    return { from, count }
  }

  it('waits for a slow reader, with room left for what does not wait', async () => {
    const teller = new ManifestTeller(link, 0)
    teller.tell(manifest, { envelope: ENVELOPE, count: COUNT, isSealed: true })
    await until(() => control.queued > LIMITS.sendQueue / 2, 'the stream is full')
    expect(control.queued).to.be.below(LIMITS.sendQueue - LIMITS.message / 2)
    expect(link.isClosed).to.equal(false)
    expect(await manifestRead()).to.deep.equal({ from: 0, count: COUNT })
    link.send({ type: 'have', pieces: [1], queue: 0 })
    expect(await read()).to.have.property('type', 'have')
  })

  it('begins again where the reader says that it stands, after the head that is under way', async () => {
    const teller = new ManifestTeller(link, 100)
    const all = { envelope: ENVELOPE, count: COUNT, isSealed: false }
    teller.tell(manifest, all)
    teller.tell(manifest, { ...all, isSealed: true })
    await until(() => control.queued > LIMITS.sendQueue / 2, 'the stream is full')
    teller.standsAt(COUNT - 5)
    teller.tell(manifest, { ...all, isSealed: true })
    expect(await manifestRead()).to.deep.equal({ from: 100, count: COUNT - 100 })
    expect(await manifestRead()).to.deep.equal({ from: COUNT - 5, count: 5 })
  })

  it('says nothing twice, and stops with the link', async () => {
    const teller = new ManifestTeller(link, 0)
    const some = { envelope: ENVELOPE, count: 10, isSealed: false }
    teller.tell(manifest, some)
    teller.tell(manifest, some)
    teller.has(20, false)
    teller.tell(manifest, { ...some, count: 25 })
    expect(await manifestRead()).to.deep.equal({ from: 0, count: 10 })
    expect(await manifestRead()).to.deep.equal({ from: 20, count: 5 })
    teller.tell(manifest, { ...some, count: COUNT })
    link.close()
    await until(() => link.isClosed, 'the link is closed')
  })
})

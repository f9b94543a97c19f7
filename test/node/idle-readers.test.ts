// Peers that ask for pieces and never read them, at a real seed: honest ones get theirs meanwhile.
import { expect } from 'chai'
import { encodeDataRequest } from '../../src/wire/codec-data.ts'
import { DATA_PROTOCOL } from '../../src/wire/protocols.ts'
import { sendMessage } from '../malicious/raw-stream.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'

const COUNT = 24
const BODY = content('idle readers', COUNT * PIECE)

describe('node: six peers that never read', () => {
  let world: World
  before(async () => {
    world = await World.open()
  })
  after(() => world.close())

  it('do not keep a seed from serving others', async () => {
    const origin = await world.origin(BODY)
    const url = `${origin.url}/file.bin`
    const seed = await world.seed()
    await seed.node.download(url, world.path())
    for (let i = 0; i < 6; i++) {
      const idle = await world.scriptedPeer(url)
      const link = await idle.say(seed.address)
      idle.join(link)
      const stream = await idle.stream(seed.address, DATA_PROTOCOL)
      // what comes is left where it is
      stream.pause()
      await sendMessage(stream, encodeDataRequest(idle.hello(link.peer)))
      for (let piece = i; piece < COUNT; piece += 2) await sendMessage(stream, encodeDataRequest({ type: 'ask', piece, load: 0 }))
      await until(() => stream.readBufferLength > 0, 'the first bytes come, and are not read')
    }
    const path = world.path()
    const honest = await world.node({ seeds: [seed.address] })
    const receipt = await honest.node.download(url, path, { origin: false })
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(receipt.fromSeeds).to.equal(BODY.length)
  })
})

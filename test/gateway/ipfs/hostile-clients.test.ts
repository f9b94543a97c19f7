// Clients of IPFS that want more than they may have, or more than there is room for.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as dagPb from '@ipld/dag-pb'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { parseSharedUrl } from '../../../src/core/shared-url.ts'
import type { Service } from '../../../src/daemon/service.ts'
import { LOOPBACK } from '../../world/loopback.ts'
import { World } from '../../world/world.ts'
import { ask, startMirrorOf } from '../registry/mirror-lab.ts'

const MIB = 1024 * 1024
const PIECE = 256 * 1024
const cidOf = async (bytes: Uint8Array, code = 0x55) => CID.createV1(code, await sha256.digest(bytes))

describe('hostile clients of IPFS', () => {
  let world: World
  let url: string
  let service: Service

  beforeEach(async () => {
    world = await World.open()
    ;({ url, service } = await startMirrorOf(world, { ipfs: true }, { listen: [LOOPBACK], store: world.path(), lan: false }))
  })
  afterEach(() => world.close())

  const statusOf = async (cid: CID | string, format = 'raw') => (await ask(`${url}/ipfs/${cid}?format=${format}`)).status
  const share = async (bytes: Buffer): Promise<string> => {
    const file = world.path()
    await writeFile(file, bytes)
    return parseSharedUrl((await service.node.share(file)).url).root
  }

  it('take no piece for a node: a content cannot be made whose CAR has no end', async () => {
    const pieces: Buffer[] = []
    let last = await cidOf(Buffer.from('none'))
    for (let i = 0; i < 8; i++) {
      const Links = Array.from({ length: 4000 }, () => ({ Name: '', Tsize: 0, Hash: last }))
      const node = (size: number) => dagPb.encode({ Data: randomBytes(size), Links })
      const piece = Buffer.from(node(PIECE - node(100_000).length + 100_000))
      expect(piece.length).to.equal(PIECE)
      pieces.push(piece)
      last = await cidOf(piece, 0x70)
    }
    const origin = await world.origin(Buffer.concat(pieces))
    const { cid } = await service.node.download(`${origin.url}/file.bin`, world.path())
    expect(await statusOf(cid, 'car')).to.equal(200)
    expect(await statusOf(CID.createV1(0x55, last.multihash))).to.equal(200)
    for (const format of ['raw', 'car']) expect(await statusOf(last, format)).to.equal(404)
  })

  it('have the pieces of a shared file by their own names only while somebody reads it by its CID', async () => {
    const bytes = randomBytes(2 * MIB)
    const root = await share(bytes)
    const leaf = await cidOf(bytes.subarray(0, PIECE))
    expect(await statusOf(leaf)).to.equal(404)
    expect(await statusOf(root)).to.equal(200)
    expect(await statusOf(leaf)).to.equal(200)
    const now = performance.now.bind(performance)
    performance.now = () => now() + 660_000
    try {
      expect(await statusOf(leaf)).to.equal(404)
      expect(await statusOf(root)).to.equal(200)
      expect(await statusOf(leaf)).to.equal(200)
    } finally {
      performance.now = now
    }
  })

  it('find every shared file, however many there are', async () => {
    const roots: string[] = []
    for (let i = 0; i < 130; i++) roots.push(await share(randomBytes(500 + i)))
    for (const root of roots) expect(await statusOf(root)).to.equal(200)
  })

  it('hold no more memory than all may, and keep nobody from reading', async () => {
    const origin = await world.origin(randomBytes(64 * MIB))
    const { cid } = await service.node.download(`${origin.url}/file.bin`, world.path())
    const root = (await ask(`${url}/ipfs/${cid}?format=raw`)).body
    const leaves = dagPb.decode(root).Links.map(({ Hash }) => Hash)
    const { port } = new URL(url)
    let closed = 0
    const sockets: Socket[] = Array.from({ length: 100 }, (_, i) => {
      const socket = connect(Number(port), '127.0.0.1').pause()
      socket.on('error', () => {}).on('close', () => closed++)
      const lines = Array.from({ length: 40 }, (_, k) => `GET /ipfs/${leaves[(i * 40 + k) % leaves.length]}?format=raw HTTP/1.1`)
      socket.write(lines.map(line => `${line}\r\nhost: 127.0.0.1\r\n\r\n`).join(''))
      return socket
    })
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    for (let second = 0; second < 3; second++) {
      await sleep(1000)
      expect(process.memoryUsage().arrayBuffers).to.be.below(400 * MIB)
    }
    const begun = performance.now()
    expect((await ask(`${url}/ipfs/${cid}?format=car`)).body.length).to.be.above(64 * MIB)
    expect(performance.now() - begun).to.be.below(10_000)
    for (const socket of sockets) socket.destroy()
  })
})

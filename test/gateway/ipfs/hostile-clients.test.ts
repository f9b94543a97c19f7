// Clients of IPFS that want more than they may have, or more than there is room for.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as dagPb from '@ipld/dag-pb'
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { parseSharedUrl } from '../../../src/core/shared-url.ts'
import type { Service } from '../../../src/daemon/service.ts'
import { Unread } from '../../../src/gateway/ipfs/unread.ts'
import { LOOPBACK } from '../../world/loopback.ts'
import { World } from '../../world/world.ts'
import { ask, startMirrorOf } from '../registry/mirror-lab.ts'

const MIB = 1024 * 1024
const PIECE = 128 * 1024
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
      const Links = Array.from({ length: 2000 }, () => ({ Name: '', Tsize: 0, Hash: last }))
      const node = (size: number) => dagPb.encode({ Data: randomBytes(size), Links })
      const piece = Buffer.from(node(PIECE - node(50_000).length + 50_000))
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

  it('who take nothing make room for others, those first that have waited for longest', async () => {
    const body = randomBytes(24 * MIB)
    const unread = new Unread(2.5 * body.length)
    const left: string[] = []
    const server = createServer((request, response) => {
      const { url = '' } = request
      response.once('close', () => void (response.writableFinished || left.push(url)))
      if (url.startsWith('/whole')) return unread.end(response, body)
      const gone = new AbortController()
      response.once('close', () => gone.abort())
      void unread.write(response, body, gone.signal).then(
        () => response.end(),
        () => {},
      )
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const sockets: Socket[] = []
    const hang = async (path: string) => {
      const socket = connect(port, '127.0.0.1').pause()
      sockets.push(socket.on('error', () => {}))
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
      await sleep(100)
    }
    await hang('/whole1')
    await hang('/parts1')
    expect(left).to.deep.equal([])
    // who reads holds nothing for long
    for (const path of ['/whole', '/parts'])
      expect((await ask(`http://127.0.0.1:${port}${path}`)).body.equals(body)).to.equal(true)
    await hang('/whole2')
    await hang('/parts2')
    await hang('/whole3')
    expect(left).to.deep.equal(['/whole1', '/parts1', '/whole2'])
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
})

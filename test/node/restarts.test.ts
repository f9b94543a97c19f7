// Origins whose every answer breaks off and names another version: all attempts of a download together have the tries of one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'

const BODY = content('replicas', 40 * PIECE + 5)
/** As many reads as `curl --retry 5` makes, and one whole read at last; each asks once for its rest. */
const MAX_REQUESTS = 2 * (6 + 1)

describe('an origin whose every answer breaks off, under another ETag each time', () => {
  let world: World
  let requests: number

  beforeEach(async () => {
    world = await World.open()
    requests = 0
  })
  afterEach(() => world.close())

  /** `pieces`: so many the nth answer gives before it breaks off; undefined: all. `body`: of the nth answer. */
  async function origin(pieces: (nth: number) => number | undefined, body = (_nth: number) => BODY): Promise<string> {
    const server = createServer((_request: IncomingMessage, response: ServerResponse) => {
      const nth = ++requests
      const bytes = body(nth)
      const given = pieces(nth)
      response.writeHead(200, { etag: `"${nth}"`, 'content-length': bytes.length })
      if (given === undefined) return response.end(bytes)
      response.write(bytes.subarray(0, given * PIECE), () => setImmediate(() => response.destroy()))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    world.atEnd(async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`
  }

  async function fails(url: string): Promise<string> {
    const { node } = await world.node()
    const error: unknown = await node.download(url, world.path()).catch((e: unknown) => e)
    return (error as { code: string }).code
  }

  it('is given up after as many reads as curl makes, and one, if the bytes are the same', async () => {
    expect(await fails(await origin(() => 2))).to.equal('origin-changed')
    expect(requests).to.be.within(2 * 6, MAX_REQUESTS)
  })

  it('and if they differ', async () => {
    const url = await origin(
      () => 2,
      nth => content(`version ${nth}`, 4 * PIECE + 5),
    )
    expect(await fails(url)).to.equal('origin-changed')
    expect(requests).to.be.within(6, MAX_REQUESTS)
  })

  it('is no failure where an answer of another version is whole, and no longer than a piece', async () => {
    const small = (nth: number) => content(`version ${nth}`, 1000 + nth)
    const cutShort = 0
    const { node } = await world.node()
    const path = world.path()
    await node.download(await origin(nth => (nth < 5 ? cutShort : undefined), small), path)
    expect(await fileHash(path)).to.equal(hex(small(5)))
  })

  it('is read on while each answer comes further', async () => {
    const url = await origin(nth => (nth < 15 ? 2 * nth : undefined))
    const { node } = await world.node()
    const path = world.path()
    await node.download(url, path)
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(requests).to.be.at.least(15)
  })
})

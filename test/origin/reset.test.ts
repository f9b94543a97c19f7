// A body that nothing but the end of its connection ends: a reset is no end, or half a file would be taken for the whole.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { content } from './hostile-origin.ts'

const BYTES = content(300_000)
const HEADS = ['HTTP/1.0 200 OK\r\n', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 OK\r\nConnection: close\r\n']

describe('origin: a connection that is reset', () => {
  afterEach(cleanUp)

  /** Resets the first `resets` answers in the middle. */
  async function resetting(head: string, resets: number): Promise<{ url: string; stop: () => Promise<unknown> }> {
    let nth = 0
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(`${head}ETag: "a"\r\n\r\n`)
        if (++nth > resets) return void socket.end(BYTES)
        socket.write(BYTES.subarray(0, 100_000), () => setImmediate(() => socket.resetAndDestroy()))
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}/f`, stop: () => new Promise(resolve => server.close(resolve)) }
  }

  for (const head of HEADS)
    it(`is asked again: ${JSON.stringify(head)}`, async () => {
      const { url, stop } = await resetting(head, 2)
      expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
      await stop()
    })

  it('is an error when it always is', async () => {
    const { url, stop } = await resetting(HEADS[0] as string, Infinity)
    await failure(impatient({ attempts: 2 }).open({ url, headers: [] }).then(readAll), 'origin-truncated')
    await stop()
  })
})

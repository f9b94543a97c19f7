import { once } from 'node:events'
import { expect } from 'chai'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { content, honest, hostileOrigin, muteVillain } from './hostile-origin.ts'

const BYTES = content(5_000_000)

describe('origin: abort, cancel, stop', () => {
  afterEach(cleanUp)

  it('aborts while connecting', async () => {
    const url = (await muteVillain()).url.replace('http:', 'https:')
    const controller = new AbortController()
    const opening = impatient({ connectTimeoutMs: 60_000 }).open({ url, headers: [] }, { signal: controller.signal })
    setImmediate(() => controller.abort())
    await failure(opening, 'aborted')
  })

  it('aborts while waiting for the answer', async () => {
    const controller = new AbortController()
    const silent = await hostileOrigin(() => {
      setImmediate(() => controller.abort())
      return { silent: true }
    })
    await failure(impatient().open({ url: silent.url, headers: [] }, { signal: controller.signal }), 'aborted')
    await silent.idle()
  })

  it('aborts while waiting for a retry', async () => {
    const { url } = await hostileOrigin(() => ({ status: 503 }))
    const controller = new AbortController()
    const origin = impatient({ backoffMs: 3_600_000, onRetry: () => setImmediate(() => controller.abort()) })
    await failure(origin.open({ url, headers: [] }, { signal: controller.signal }), 'aborted')
  })

  it('aborts in the middle of the body', async () => {
    const stalling = await hostileOrigin(() => ({ body: BYTES, headers: { etag: '"a"' }, stallAfter: 1000 }))
    const controller = new AbortController()
    const read = await impatient({ onRetry: () => expect.fail('retried') }).open(
      { url: stalling.url, headers: [] },
      { signal: controller.signal },
    )
    const reading = async () => {
      for await (const _ of read) setImmediate(() => controller.abort())
    }
    await failure(reading(), 'aborted')
    await stalling.idle()
  })

  it('aborts a range, and tells a timeout as one', async () => {
    const { url } = await hostileOrigin(r => ({ ...honest(r, BYTES, { etag: '"a"' }), stallAfter: 10 }))
    const call = impatient().range({ url, headers: [] }, 'etag "a"', { start: 0, end: 99 }, BYTES.length, {
      signal: AbortSignal.timeout(20),
    })
    await failure(call, 'timeout')
  })

  it('asks nobody with a signal that has fired', async () => {
    const origin = await hostileOrigin(() => ({ body: 'x' }))
    await failure(impatient().open({ url: origin.url, headers: [] }, { signal: AbortSignal.abort() }), 'aborted')
    expect(origin.connections).to.equal(0)
  })

  it('leaves nothing at the signal', async () => {
    const { url } = await hostileOrigin(r => honest(r, BYTES, { etag: '"a"' }))
    const { signal } = new AbortController()
    let listeners = 0
    const { addEventListener: add, removeEventListener: remove } = signal
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove.apply(signal, args)
    }
    const origin = impatient()
    const read = await origin.open({ url, headers: [] }, { signal })
    expect(listeners).to.equal(1)
    await readAll(read)
    await (await origin.open({ url, headers: [] }, { signal })).cancel()
    await origin.range({ url, headers: [] }, 'etag "a"', { start: 0, end: 9 }, undefined, { signal })
    await failure(origin.range({ url, headers: [] }, 'etag "b"', { start: 0, end: 9 }, undefined, { signal }), 'origin-changed')
    expect(listeners).to.equal(0)
  })

  it('cancel frees the connection, before and during the iteration, twice', async () => {
    const origin = await hostileOrigin(() => ({ body: BYTES, stallAfter: 100_000 }))
    const client = impatient()
    const unread = await client.open({ url: origin.url, headers: [] })
    await unread.cancel()
    await unread.cancel()
    await failure(readAll(unread), 'aborted')
    const read = await client.open({ url: origin.url, headers: [] })
    const reading = async () => {
      for await (const _ of read) setImmediate(() => void read.cancel())
    }
    await failure(reading(), 'aborted')
    await origin.idle()
  })

  it('leaving the loop frees the connection', async () => {
    const origin = await hostileOrigin(() => ({ body: BYTES }))
    for await (const chunk of await impatient().open({ url: origin.url, headers: [] })) {
      expect(chunk.length).to.be.above(0)
      break
    }
    await origin.idle()
  })

  it('stop ends everything, twice', async () => {
    const origin = await hostileOrigin(() => ({ body: BYTES, headers: { etag: '"a"' }, stallAfter: 10 }))
    const client = impatient({ onRetry: () => expect.fail('retried') })
    const reading = failure(readAll(await client.open({ url: origin.url, headers: [] })), 'aborted')
    await client.stop()
    await client.stop()
    await reading
    await origin.idle()
    await failure(client.open({ url: origin.url, headers: [] }), 'aborted')
  })

  it('reads no faster than it is asked, and a slow reader is no stalled origin', async () => {
    let sent = 0
    const big = content(64 * 1024 * 1024)
    const origin = await hostileOrigin(() => ({ body: big }))
    const read = await impatient({ idleTimeoutMs: 10 }).open({ url: origin.url, headers: [] })
    const socket = origin.requests[0]?.socket
    // The origin's side is full: it has to wait for us.
    while (socket !== undefined && socket.bytesWritten !== sent) {
      sent = socket.bytesWritten
      await new Promise(setImmediate)
    }
    expect(socket?.writableLength).to.be.above(0)
    expectBytes((await readAll(read)).subarray(0, 100), big.subarray(0, 100))
    if (socket !== undefined && !socket.destroyed) {
      socket.destroy()
      await once(socket, 'close')
    }
  })
})

// The origin of the demo: serves one file of random bytes over HTTP at a limited rate, and counts the bytes it sends.
import { createHash, randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const TICK_MS = 50
const RANGE = /^bytes=(\d+)-(\d*)$/

export interface DemoOrigin {
  url: string
  sha256: string
  /** GET requests answered, and bytes of the file sent so far. */
  served: { reads: number; bytes: number }
  close(): void
}

/** Serves `size` bytes on loopback, at `rate` bytes per second for each connection. */
export async function startOrigin(size: number, rate: number): Promise<DemoOrigin> {
  const file = Buffer.alloc(size)
  for (let at = 0; at < size; at += 2 ** 24) randomFillSync(file, at, Math.min(2 ** 24, size - at))
  const sha256 = createHash('sha256').update(file).digest('hex')
  const served = { reads: 0, bytes: 0 }

  const server = createServer(async ({ method, headers }, response) => {
    const [, from = '0', to = ''] = RANGE.exec(headers.range ?? '') ?? []
    const start = Math.min(Number(from), size)
    const end = to === '' ? size : Math.min(Number(to) + 1, size)
    response.writeHead(headers.range === undefined ? 200 : 206, {
      'accept-ranges': 'bytes',
      'content-length': end - start,
      etag: `"${sha256.slice(0, 16)}"`,
      ...(headers.range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    })
    if (method === 'HEAD') return response.end()
    served.reads++
    await send(response, file.subarray(start, end))
    return response.end()
  }).listen(0, '127.0.0.1')

  async function send(response: ServerResponse, bytes: Buffer): Promise<void> {
    const began = performance.now()
    for (let at = 0; at < bytes.byteLength && !response.destroyed; ) {
      const due = Math.ceil(((performance.now() - began + TICK_MS) / 1000) * rate)
      const chunk = bytes.subarray(at, due)
      at += chunk.byteLength
      served.bytes += chunk.byteLength
      response.write(chunk)
      await sleep(TICK_MS)
    }
  }

  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/demo.bin`
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { url, sha256, served, close }
}

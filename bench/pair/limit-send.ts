// The sender of the limit: what plain Node can do for the same work. Reads a file and sends it in frames of 256 KiB over TLS 1.3, once for each connection.
import { readFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, type TLSSocket } from 'node:tls'

const HEADER_BYTES = 12
const PIECE_BYTES = 1024 * 1024
const FRAME_BYTES = 256 * 1024
/** Pieces that are read or being sent at a time. */
const AHEAD = 3

const [name = '', key = '', certificate = ''] = process.argv.slice(2)
const file = await open(name)
const { size } = await file.stat()
const options = {
  key: readFileSync(key),
  cert: readFileSync(certificate),
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  noDelay: true,
} as const

const server = createServer(options, socket => {
  socket.on('error', () => {})
  send(socket).catch(error => socket.destroy(error))
})
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ type: 'ready', ...(server.address() as object) })}\n`),
)

async function send(socket: TLSSocket): Promise<void> {
  const free: Buffer[] = Array.from({ length: AHEAD }, () => Buffer.allocUnsafeSlow(PIECE_BYTES))
  let freed: (() => void) | undefined
  for (let at = 0; at < size; at += PIECE_BYTES) {
    while (free.length === 0) {
      await new Promise<void>(resolve => {
        freed = resolve
      })
    }
    const piece = free.pop() as Buffer
    const length = Math.min(PIECE_BYTES, size - at)
    await file.read(piece, 0, length, at)
    socket.cork()
    for (let from = 0; from < length; from += FRAME_BYTES) {
      const frame = piece.subarray(from, Math.min(length, from + FRAME_BYTES))
      const header = Buffer.alloc(HEADER_BYTES)
      header.writeUInt32BE(frame.length, HEADER_BYTES - 4)
      socket.write(header)
      const isLast = from + FRAME_BYTES >= length
      socket.write(frame, () => {
        if (!isLast) return
        free.push(piece)
        freed?.()
      })
    }
    socket.uncork()
  }
  socket.end()
}

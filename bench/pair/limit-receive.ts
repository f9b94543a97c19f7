// The receiver of the limit: TLS 1.3 into one reused buffer, frames into pieces of 1 MiB, sha2-256 of every piece, pieces into a file.
import { hash } from 'node:crypto'
import { openSync, write } from 'node:fs'
import type { TcpNetConnectOpts } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'

const HEADER_BYTES = 12
const PIECE_BYTES = 1024 * 1024
const READ_BYTES = 256 * 1024
/** Pieces that are being written; reading stops at the first and goes on at the second. */
const MAX_WRITING = 8
const FEW_WRITING = 4

const [port, output = ''] = process.argv.slice(2)
const file = openSync(output, 'w')
const header = Buffer.alloc(HEADER_BYTES)
const pool: Buffer[] = []
let headerLength = 0
/** Bytes of the frame that are still to come. */
let left = 0
let piece: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES)
let length = 0
let offset = 0
let writing = 0
let isPaused = false

const options: ConnectionOptions & Pick<TcpNetConnectOpts, 'onread'> = {
  port: Number(port),
  host: '127.0.0.1',
  // a certificate of its own, made for one run
  rejectUnauthorized: false,
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  onread: {
    buffer: Buffer.allocUnsafeSlow(READ_BYTES),
    callback: (count, buffer) => {
      take(buffer, count)
      return true
    },
  },
}
const socket = connect(options)
socket.on('end', flush)
socket.on('error', error => {
  throw error
})

function take(bytes: Uint8Array, count: number): void {
  for (let at = 0; at < count; ) {
    if (left === 0) {
      const part = Math.min(HEADER_BYTES - headerLength, count - at)
      header.set(bytes.subarray(at, at + part), headerLength)
      headerLength += part
      at += part
      if (headerLength < HEADER_BYTES) continue
      left = header.readUInt32BE(HEADER_BYTES - 4)
      headerLength = 0
      continue
    }
    const part = Math.min(left, count - at, PIECE_BYTES - length)
    piece.set(bytes.subarray(at, at + part), length)
    length += part
    at += part
    left -= part
    if (length === PIECE_BYTES) flush()
  }
}

function flush(): void {
  if (length === 0) return
  const full = piece
  hash('sha256', full.subarray(0, length), 'buffer')
  writing++
  write(file, full, 0, length, offset, error => {
    if (error !== null) throw error
    writing--
    pool.push(full)
    if (!isPaused || writing >= FEW_WRITING) return
    isPaused = false
    socket.resume()
  })
  offset += length
  piece = pool.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
  length = 0
  if (writing < MAX_WRITING || isPaused) return
  isPaused = true
  socket.pause()
}

// Makes large incompressible files for the origin.
import { createHash, randomFillSync } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import path from 'node:path'

const BLOCK = 4 * 1024 * 1024

/** Writes `length` random bytes to a file, in blocks, so that a file of any size costs little memory. */
export async function randomFile(file: string, length: number): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const handle = await open(file, 'w')
  try {
    const block = Buffer.alloc(BLOCK)
    for (let left = length; left > 0; left -= BLOCK) await handle.write(randomFillSync(block), 0, Math.min(left, BLOCK))
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** sha256 of a file, hex. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  return hash.digest('hex')
}

/** `1GiB`, `64MiB`, `4096`: bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+)\s*(|[KMG]i?B?)$/i.exec(text)
  if (match === null) throw new Error(`not a size: ${text} (write 64MiB, 1GiB)`)
  const power = ['', 'K', 'M', 'G'].indexOf((match[2] ?? '').slice(0, 1).toUpperCase())
  return Number(match[1]) * 1024 ** power
}

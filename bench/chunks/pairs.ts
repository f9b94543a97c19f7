// Makes pairs of versions that are like those that people have: container layers, checkpoints, package indexes.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { appendFile, cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { MiB } from '../report.ts'

export interface Pair {
  name: string
  old: Buffer
  new: Buffer
}

/** Numbers in 0 … 1 that are the same in each run. */
function numbers(seed: string): () => number {
  let block = createHash('sha256').update(seed).digest()
  let at = 0
  return () => {
    if (at === 32) {
      block = createHash('sha256').update(block).digest()
      at = 0
    }
    at += 4
    return block.readUInt32BE(at - 4) / 2 ** 32
  }
}

/** Two builds of one layer: of the project's own packages, of which some change, appear and go. */
export async function layers(work: string, packages: string, bytes: number): Promise<[Pair, Pair]> {
  const tree = path.join(work, 'tree')
  await mkdir(tree, { recursive: true })
  let size = 0
  for (const name of (await readdir(packages)).toSorted()) {
    if (size >= bytes || name.startsWith('.')) continue
    await cp(path.join(packages, name), path.join(tree, name), { recursive: true, dereference: true })
    size += await sizeOf(path.join(tree, name))
  }
  const tar = () =>
    execFileSync('tar', ['-c', '--sort=name', '--mtime=@1700000000', '--owner=0', '--group=0', '-C', work, 'tree'], {
      maxBuffer: 512 * MiB,
    })
  const old = tar()
  const next = numbers('layers')
  const files = (await readdir(tree, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  for (const { parentPath, name } of files.toSorted((a, b) => (a.parentPath + a.name < b.parentPath + b.name ? -1 : 1))) {
    const chance = next()
    const file = path.join(parentPath, name)
    if (chance < 0.01) await appendFile(file, '// another build\n')
    else if (chance < 0.012) await rm(file)
    else if (chance < 0.014) await writeFile(`${file}.new`, await readFile(file))
  }
  const built = tar()
  return [
    { name: 'container layer, tar', old, new: built },
    { name: 'container layer, tar.gz', old: gzipSync(old), new: gzipSync(built) },
  ]
}

async function sizeOf(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(path.join(parentPath, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Two checkpoints, as safetensors: a header, then tensors of 32-bit floats, of which one in twenty is another one. */
export function checkpoints(bytes: number): Pair {
  const length = MiB
  const count = bytes / length
  const next = numbers('checkpoints')
  const tensors = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `layers.${i}.weight`,
      { dtype: 'F32', shape: [512, 512], data_offsets: [i * length, (i + 1) * length] },
    ]),
  )
  const json = Buffer.from(JSON.stringify(tensors))
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(json.length))
  const before = Array.from({ length: count }, () => tensor(length, next))
  const after = before.map((one, i) => (i % 20 === 7 ? tensor(length, next) : one))
  return { name: 'checkpoint', old: Buffer.concat([head, json, ...before]), new: Buffer.concat([head, json, ...after]) }
}

/** About normal: the sum of three. */
function tensor(bytes: number, next: () => number): Buffer {
  const floats = new Float32Array(bytes / 4)
  for (let i = 0; i < floats.length; i++) floats[i] = (next() + next() + next() - 1.5) * 0.04
  return Buffer.from(floats.buffer)
}

const LISTS = '/var/lib/apt/lists'

/** Two states of Debian's index: one package in a hundred has another version, one in five hundred is new. */
export async function indexes(): Promise<Pair> {
  const text = await packages()
  const next = numbers('indexes')
  const digest = () => createHash('sha256').update(`${next()}`).digest('hex')
  const after: string[] = []
  for (const stanza of text.split('\n\n')) {
    const chance = next()
    const changed = stanza
      .replace(/^Version: (.*)$/m, 'Version: $1+deb12u1')
      .replace(/^Size: .*$/m, `Size: ${Math.floor(next() * 1e6)}`)
      .replace(/^SHA256: .*$/m, `SHA256: ${digest()}`)
      .replace(/^MD5sum: .*$/m, `MD5sum: ${digest().slice(0, 32)}`)
    after.push(chance < 0.01 ? changed : stanza)
    if (chance > 0.998) after.push(changed.replace(/^Package: /m, 'Package: new-'))
  }
  return { name: 'package index', old: Buffer.from(text), new: Buffer.from(after.join('\n\n')) }
}

/** As apt has it; where it has none, one that looks like it. */
async function packages(): Promise<string> {
  const found = existsSync(LISTS) ? await readdir(LISTS) : []
  const sizes = await Promise.all(
    found
      .filter(name => /_Packages(\.lz4)?$/.test(name))
      .map(async name => ({ name, size: (await stat(path.join(LISTS, name))).size })),
  )
  const largest = sizes.toSorted((a, b) => b.size - a.size)[0]?.name
  if (largest !== undefined) {
    const file = path.join(LISTS, largest)
    return largest.endsWith('.lz4')
      ? execFileSync('lz4', ['-dc', file], { maxBuffer: 512 * MiB }).toString()
      : await readFile(file, 'utf8')
  }
  const next = numbers('packages')
  return Array.from({ length: 40_000 }, (_, i) => {
    const digest = createHash('sha256').update(`${next()}`).digest('hex')
    const words = Array.from({ length: 60 }, () => Math.floor(next() * 1e4).toString(36)).join(' ')
    return `Package: package-${i}\nVersion: 1.${i % 7}-1\nSize: ${Math.floor(next() * 1e6)}\nMD5sum: ${digest.slice(32)}\nDescription: ${words}\nSHA256: ${digest}`
  }).join('\n\n')
}

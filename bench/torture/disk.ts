// Folders of a round: small disks, and bytes that go bad while nobody looks.
import { spawnSync } from 'node:child_process'
import { mkdir, open, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { sha256Hex } from './content.ts'
import type { Found } from './judge.ts'

/** Whether a disk of a few KiB can be mounted here. */
export async function canMount(folder: string): Promise<boolean> {
  const isMounted = process.getuid?.() === 0 && (await mountSmall(folder, 64 * 1024))
  if (isMounted) unmount(folder)
  return isMounted
}

export async function mountSmall(folder: string, bytes: number): Promise<boolean> {
  await mkdir(folder, { recursive: true })
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]).status === 0
}

export function unmount(folder: string): void {
  spawnSync('umount', ['-l', folder])
}

/** Turns bits of up to `count` bytes of each data file in a store; `places` are shares of the file, 0 to 1. Resolves to how many. */
export async function flipBytes(store: string, places: readonly number[]): Promise<number> {
  const entries = await readdir(path.join(store, 'entries')).catch(() => [])
  let flipped = 0
  for (const entry of entries) {
    const file = await open(path.join(store, 'entries', entry, 'data'), 'r+').catch(() => undefined)
    if (file === undefined) continue
    const { size } = await file.stat()
    for (const place of size > 0 ? places : []) {
      const at = Math.min(size - 1, Math.floor(place * size))
      const byte = Buffer.alloc(1)
      await file.read(byte, 0, 1, at)
      await file.write(Buffer.from([(byte[0] as number) ^ 0x10]), 0, 1, at)
      flipped++
    }
    await file.close()
  }
  return flipped
}

/** What is at an output path that has a folder to itself. */
export async function look(output: string): Promise<Found> {
  const names = await readdir(path.dirname(output))
  const leftovers = names.filter(name => name !== path.basename(output))
  return { sha256: names.length > leftovers.length ? sha256Hex(await readFile(output)) : undefined, leftovers }
}

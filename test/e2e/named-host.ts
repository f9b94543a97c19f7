// Names that only one process knows: a mount namespace with an /etc/hosts of its own.
import { writeFile } from 'node:fs/promises'
import type { Lab } from './lab.ts'

/** Words before a program: for it, and what it starts, these names are 127.0.0.1. Needs root. */
export async function knowing(lab: Lab, ...names: string[]): Promise<string[]> {
  const file = lab.path('hosts')
  await writeFile(file, `127.0.0.1 localhost ${names.join(' ')}\n`)
  return ['unshare', '-m', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', file]
}

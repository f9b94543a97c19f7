// Looks whether other users can read a host's identity or write to its home folder, mends the modes, and says so.
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import type { EventFacts } from './api/events.ts'
import { IDENTITY_FILE } from './identity.ts'

const GROUP_OR_EVERYBODY = 0o077
const EVERYBODY = 0o007
const EVERYBODY_READS = 0o004
const EVERYBODY_WRITES = 0o002
const STICKY = 0o1000

/**
 * Closes the identity to other users, and a home folder that everybody may write to for all but its owner: whoever may write there can put another
 * identity in the place of ours. Rejects with `store-error` when the identity is no file.
 */
export async function closeHome(home: string, emit: (facts: EventFacts) => void): Promise<void> {
  const me = process.geteuid?.()
  // modes mean nothing there
  if (me === undefined) return
  const { mode, uid } = await stat(home)
  if ((mode & EVERYBODY_WRITES) !== 0 && (mode & STICKY) === 0) emit(await close(home, mode, mode & 0o7755))
  else if ((mode & EVERYBODY_READS) !== 0 && uid === me) emit({ code: 'home-readable', path: home, mode: octal(mode) })
  const file = join(home, IDENTITY_FILE)
  const found = await stat(file).catch(() => undefined)
  if (found === undefined) return
  if (!found.isFile()) {
    throw new DragonflyError('store-error', `cannot read the identity in ${file}: it is no file`, {
      hint: 'move it away to get a new peer id',
    })
  }
  // one that was mounted for us, as the secrets of Kubernetes are, we read as its group
  if ((found.mode & (found.uid === me ? GROUP_OR_EVERYBODY : EVERYBODY)) !== 0) emit(await close(file, found.mode, 0o600))
}

async function close(path: string, before: number, after: number): Promise<EventFacts> {
  const mended = await chmod(path, after).then(
    async () => ((await stat(path)).mode & 0o777) === (after & 0o777),
    () => false,
  )
  return { code: 'home-exposed', path, mode: octal(before), mended }
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0')
}

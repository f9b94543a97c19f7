// The file that makes a host a member of a fleet: its secrets, which are shown to nobody.
import { randomBytes } from 'node:crypto'
import { open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DragonflyError, fromSystemError } from '../core/errors.ts'
import { FLEET_SECRET_BYTES, type FleetSecret, MAX_FLEET_SECRETS } from '../core/fleet.ts'

/** In the home folder. */
export const FLEET_FILE = 'fleet.json'
/** Three secrets with their times take 400. */
const MAX_BYTES = 4096

export function newFleetSecret(): Uint8Array {
  return new Uint8Array(randomBytes(FLEET_SECRET_BYTES))
}

/** Rejects with `bad-fleet` for what is no fleet file, or one that others may read. */
export async function readFleetFile(file: string): Promise<FleetSecret[]> {
  const text = await readPrivate(file)
  try {
    return parse(JSON.parse(text))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    // what JSON.parse says may quote the secret
    throw bad(file, error instanceof SyntaxError ? 'not JSON' : why)
  }
}

async function readPrivate(file: string): Promise<string> {
  let handle: Awaited<ReturnType<typeof open>> | undefined
  try {
    handle = await open(file, 'r')
    const { mode, size, uid } = await handle.stat()
    if (process.platform !== 'win32' && (mode & forbidden(uid)) !== 0) {
      throw bad(file, `other users may read it (mode ${(mode & 0o777).toString(8)})`, `chmod 600 ${file}`)
    }
    if (size > MAX_BYTES) throw bad(file, `longer than ${MAX_BYTES} bytes`)
    return await handle.readFile('utf8')
  } catch (error) {
    if (error instanceof DragonflyError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw bad(file, 'there is no such file')
    throw fromSystemError(error, 'bad-fleet', `cannot read the fleet file ${file}`)
  } finally {
    await handle?.close()
  }
}

/**
 * Rights that nobody may have at a file of this owner. The administrator may give a file of his own to a group that this process is in, as for the
 * keys of other servers: so Kubernetes mounts a secret for a user that is not root (`fsGroup`).
 */
function forbidden(owner: number): number {
  return owner === 0 && process.geteuid?.() !== 0 ? 0o037 : 0o077
}

function parse(value: unknown): FleetSecret[] {
  const { fleet, secrets } = (typeof value === 'object' && value !== null ? value : {}) as { fleet?: unknown; secrets?: unknown }
  if (fleet !== 1 || !Array.isArray(secrets)) throw new Error('it does not say {"fleet": 1, "secrets": […]}')
  if (secrets.length === 0 || secrets.length > MAX_FLEET_SECRETS) throw new Error(`not 1 to ${MAX_FLEET_SECRETS} secrets`)
  return secrets.map(parseSecret)
}

function parseSecret(value: unknown): FleetSecret {
  const { secret, from, until } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : Buffer.alloc(0)
  if (bytes.byteLength !== FLEET_SECRET_BYTES) throw new Error(`a secret that is not ${FLEET_SECRET_BYTES} bytes in base64url`)
  return { secret: new Uint8Array(bytes), from: parseTime(from), until: parseTime(until) }
}

function parseTime(value: unknown): number | undefined {
  if (value === undefined) return undefined
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw new Error('a time that is not like 2026-11-28T12:00:00Z')
  return time
}

/**
 * Writes a fleet file that only its owner can read, whole or not at all. `mayReplace`: one that is there gives way; otherwise it rejects
 * with `bad-fleet`. Other troubles are `store-error`.
 */
export async function writeFleetFile(
  file: string,
  secrets: readonly FleetSecret[],
  { mayReplace = false }: { mayReplace?: boolean } = {},
): Promise<void> {
  const text = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString())
  const entries = secrets.map(({ secret, from, until }) => ({
    secret: Buffer.from(secret).toString('base64url'),
    from: text(from),
    until: text(until),
  }))
  const temporary = `${file}.${process.pid}.new`
  try {
    if (!mayReplace && (await isThere(file))) throw bad(file, 'there is one already', 'to change the secret, run df fleet rotate')
    await makeFolder(path.dirname(file))
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify({ fleet: 1, secrets: entries }, undefined, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    if (error instanceof DragonflyError) throw error
    throw fromSystemError(error, 'store-error', `cannot write the fleet file ${file}`)
  }
}

async function makeFolder(folder: string): Promise<void> {
  const { makePath } = await import('./make-path.ts')
  await makePath(folder, 0o700)
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  )
}

function bad(file: string, why: string, hint = 'df fleet init makes one; copy it to each host of the fleet'): DragonflyError {
  return new DragonflyError('bad-fleet', `the fleet file ${file}: ${why}`, { hint })
}

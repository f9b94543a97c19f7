// The token of the local API on a loopback port: every program of the host can connect there, not only those of the owner.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'

/** In the home folder, readable by its owner. */
const FILE = 'api-token'
const BYTES = 32

/** Names by which a loopback port may be asked: a web page that rebinds its own name to 127.0.0.1 sends that name. */
const HOSTS = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i

/** Whether the Host header is one by which a loopback port may be asked. */
export function isNamedAsLoopback(host = ''): boolean {
  return HOSTS.test(host)
}

/** The token of a home folder, made when there is none. Rejects with `store-error`. */
export async function readToken(home: string): Promise<string> {
  const file = join(home, FILE)
  try {
    const kept = await readFile(file, 'utf8').catch(() => '')
    if (/^[\w-]{43}$/.test(kept.trim())) return kept.trim()
    const token = randomBytes(BYTES).toString('base64url')
    await writeFile(file, `${token}\n`, { mode: 0o600 })
    return token
  } catch (error) {
    throw fromSystemError(error, 'store-error', `cannot write ${file}`)
  }
}

/** Refuses every request without `Authorization: Bearer TOKEN`, and those for another host. */
export function requireToken(app: FastifyInstance, token: string): void {
  const wanted = Buffer.from(`Bearer ${token}`)
  app.addHook('onRequest', async request => {
    const given = Buffer.from(request.headers.authorization ?? '')
    const isRight = given.byteLength === wanted.byteLength && timingSafeEqual(given, wanted)
    if (!isRight || !isNamedAsLoopback(request.headers.host)) {
      throw new DragonflyError('peer-refused', 'this API needs a token', {
        hint: `send Authorization: Bearer with the content of ${FILE} in the home folder of the daemon`,
      })
    }
  })
}

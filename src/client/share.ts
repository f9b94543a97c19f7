// Has a daemon share files of its own user, say what it shares, and end it.
import { resolve } from 'node:path'
import { DragonflyError } from '../core/errors.ts'
import type { ActiveShare, SharedContent, ShareOptions } from '../node/api/shared-content.ts'
import { type Connection, errorOf } from './connection.ts'

interface Asked extends ShareOptions {
  file: string
  /** Whether the daemon runs as this user. */
  isOwn: boolean
}

type Line =
  | ({ type: 'shared' } & SharedContent)
  | ({ type: 'error' } & Parameters<typeof errorOf>[0])
  | { type: 'progress'; bytes: number; length: number }

/** Rejects as `node.share` does, and with `no-daemon` for a daemon that is another user's, or older. */
export async function shareBy(connection: Connection, { version }: { version: string }, asked: Asked): Promise<SharedContent> {
  const { file, name, watch, signal, onProgress, isOwn } = asked
  if (!isOwn) throw new DragonflyError('no-daemon', "the daemon that runs here is another user's, and does not read your files")
  const body = { file: resolve(file), ...(name !== undefined && { name }), ...(watch === true && { watch }) }
  try {
    for await (const line of connection.lines('POST', '/v1/shares', { body, signal })) {
      const said = line as Line
      if (said.type === 'error') throw errorOf(said)
      if (said.type === 'progress') {
        onProgress?.(said)
        continue
      }
      const { type: _type, ...shared } = said
      return shared
    }
  } catch (error) {
    if (!(error instanceof DragonflyError) || error.code !== 'not-found') throw error
    throw new DragonflyError('no-daemon', `the daemon that runs here (version ${version}) cannot share`)
  }
  throw new DragonflyError('no-daemon', 'the daemon has gone', { retryable: true })
}

/** Rejects with `no-daemon` for a daemon that is another user's, or older. */
export async function sharesOf(connection: Connection, { version }: { version: string }): Promise<ActiveShare[]> {
  try {
    return ((await connection.ask('GET', '/v1/shares')) as { shares: ActiveShare[] }).shares
  } catch (error) {
    if (!(error instanceof DragonflyError) || error.code !== 'not-found') throw error
    throw new DragonflyError('no-daemon', `the daemon that runs here (version ${version}) shares nothing of yours`, {
      hint: 'it is of an older version, or of another user',
    })
  }
}

/** Rejects as `node.unshare` does, too. */
export async function unshareBy(connection: Connection, hello: { version: string }, pathOrUrl: string): Promise<ActiveShare> {
  // one that cannot do it says so
  await sharesOf(connection, hello)
  const of = /^dragonfly:/i.test(pathOrUrl) ? pathOrUrl : resolve(pathOrUrl)
  return (await connection.ask('POST', '/v1/shares/end', { of })) as ActiveShare
}

/** Throws `bad-option`. */
export function refuseBlocks(): never {
  throw new DragonflyError('bad-option', 'a daemon gives blocks by its gateway', {
    hint: 'df daemon start --gateway 127.0.0.1:65001 --ipfs',
  })
}

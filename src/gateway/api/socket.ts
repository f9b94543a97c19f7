// The control socket: other programs of the same user download through a running daemon or seed and control it.
import { chmod, mkdir, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'
import { controlPath } from '../../core/control-path.ts'
import type { Service } from '../../daemon/service.ts'

/** Longest path of a Unix socket, bytes (sun_path of unix(7), macOS's with the zero at its end). */
const MAX_SOCKET_PATH = 103

/** The socket of a home folder, being served. */
export interface Control {
  /** Of the socket or named pipe. */
  readonly path: string
  /** Hangs up and removes the socket. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Serves the local API on the socket of `home` (made when absent), to its owner alone. A socket that a dead process left is
 * replaced. Rejects with `store-locked` when another daemon or seed serves it, `listen-failed` otherwise.
 */
export async function serveControl(service: Service, home: string): Promise<Control> {
  const path = controlPath(home)
  const { makeApiServer } = await import('./server.ts')
  const app = await makeApiServer(service)
  await app.ready()
  try {
    if (process.platform !== 'win32') await clearWay(path)
    await listen(app.server, path)
  } catch (error) {
    await app.close()
    if (error instanceof DragonflyError) throw error
    throw fromSystemError(error, 'listen-failed', `cannot serve the control socket ${path}`)
  }
  let closed: Promise<void> | undefined
  return {
    path,
    close: () => {
      // idle keep-alive connections would keep it open
      closed ??= app.close().then(() => {})
      return closed
    },
  }
}

/** Whoever can write to the folder could put a socket of his own in its place. */
async function clearWay(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new DragonflyError('listen-failed', `the path of the control socket is too long: ${path}`, {
      hint: `choose a DRAGONFLY_HOME of at most ${MAX_SOCKET_PATH - '/control.sock'.length} bytes`,
    })
  }
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { mode } = await stat(folder)
  if ((mode & 0o022) !== 0) {
    throw new DragonflyError('listen-failed', `no control socket, because others may write to ${folder}`, {
      hint: `chmod go-w ${folder}`,
    })
  }
  if (await isServed(path)) {
    throw new DragonflyError('store-locked', `another daemon or seed serves ${path}`, {
      hint: 'use another DRAGONFLY_HOME for a second one',
    })
  }
  await rm(path, { force: true })
}

async function isServed(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path)
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

/** Never for a moment anybody else's: bind(2) happens in the call of `listen`. */
async function listen(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  const before = process.umask(0o177)
  try {
    server.listen(path, resolve)
  } finally {
    process.umask(before)
  }
  await promise
  server.off('error', reject)
  if (process.platform !== 'win32') await chmod(path, 0o600)
}

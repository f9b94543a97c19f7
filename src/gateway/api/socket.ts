// The control socket: other programs of the same user download through a running daemon or seed and control it.
import { chmod, chown, rm, stat } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { controlPath } from '../../core/control-path.ts'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'
import type { Service } from '../../daemon/service.ts'
import { makePath } from '../../store/make-path.ts'
import { readToken } from './token.ts'

/** Longest path of a Unix socket, bytes (sun_path of unix(7), macOS's with the zero at its end). */
const MAX_SOCKET_PATH = 103

/** Where the local API is served besides the socket of the home folder. */
export interface ControlOptions {
  /**
   * A second socket, for the members of a group: they may download, and see nothing of one another. One that is made here, or one
   * that a service manager listens on, by its file descriptor.
   */
  shared?:
    | {
        path: string
        /** Group id. */
        gid: number
      }
    | { fd: number }
  /** A loopback port, for whoever knows the token. */
  port?: {
    /** `127.0.0.1` or `::1`. */
    host: string
    /** 0: any free one. */
    port: number
  }
}

/** The local API, being served. */
export interface Control {
  /** Of the socket or named pipe. */
  readonly path: string
  /** URL of the loopback port, if there is one. */
  readonly url: string | undefined
  /** Hangs up and removes the sockets. Safe to call twice. */
  close(): Promise<void>
}

/**
 * Serves the local API on the socket of `home` (made when absent), to its owner alone. A socket that a dead process left is
 * replaced. Rejects with `store-locked` when another daemon or seed serves it, `listen-failed` otherwise.
 */
export async function serveControl(service: Service, home: string, options: ControlOptions = {}): Promise<Control> {
  const path = controlPath(home)
  const { makeApiServer } = await import('./server.ts')
  const apps: FastifyInstance[] = []
  const serve = async (make: Promise<FastifyInstance>, start: (app: FastifyInstance) => Promise<void>) => {
    const app = await make
    apps.push(app)
    await app.ready()
    await start(app)
  }
  let closed: Promise<void> | undefined
  const close = async () => {
    // idle keep-alive connections would keep it open
    closed ??= Promise.all(apps.map(app => app.close())).then(() => {})
    await closed
  }
  let url: string | undefined
  try {
    await serve(makeApiServer(service), app => serveSocket(app.server, path))
    const { shared, port } = options
    if (shared !== undefined) {
      await serve(makeApiServer(service, { scope: 'downloads' }), app =>
        'fd' in shared ? serveHandedOver(app.server, shared.fd) : serveSocket(app.server, shared.path, shared.gid),
      )
    }
    if (port !== undefined) {
      const token = await readToken(home)
      await serve(makeApiServer(service, { token }), async app => {
        url = await app.listen(port)
      })
    }
  } catch (error) {
    await close()
    if (error instanceof DragonflyError) throw error
    throw fromSystemError(error, 'listen-failed', 'cannot serve the local API')
  }
  return { path, url, close }
}

async function serveSocket(server: Server, path: string, gid?: number): Promise<void> {
  if (process.platform !== 'win32') await clearWay(path, gid === undefined ? 0o700 : 0o755)
  try {
    await listen(server, path, gid)
  } catch (error) {
    throw fromSystemError(error, 'listen-failed', `cannot serve the control socket ${path}`)
  }
}

/** The service manager made the socket, and says who may connect. It keeps it when this process ends. */
async function serveHandedOver(server: Server, fd: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ fd }, resolve)
  try {
    await promise
  } catch (error) {
    throw fromSystemError(error, 'listen-failed', 'cannot serve the socket of the service manager')
  }
  server.off('error', reject)
}

/** Whoever can write to the folder could put a socket of his own in its place. */
async function clearWay(path: string, folderMode: number): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
    throw new DragonflyError('listen-failed', `the path of the control socket is too long: ${path}`, {
      hint: `choose a DRAGONFLY_HOME of at most ${MAX_SOCKET_PATH - '/control.sock'.length} bytes`,
    })
  }
  const folder = dirname(path)
  await makePath(folder, folderMode)
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
async function listen(server: Server, path: string, gid?: number): Promise<void> {
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
  if (process.platform === 'win32') return
  if (gid !== undefined) await chown(path, process.getuid?.() ?? 0, gid)
  await chmod(path, gid === undefined ? 0o600 : 0o660)
}

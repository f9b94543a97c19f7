// Finds the daemon of a host: that of the home folder, else the one of the whole host.
import { stat } from 'node:fs/promises'
import { DragonflyError } from '../core/errors.ts'
import { isTracing } from '../core/tracing.ts'
import { Connection, isAbsence } from './connection.ts'
import { DaemonClient } from './daemon-client.ts'
import type { Hello } from './hello.ts'

/** Version of the local API that is spoken here; see `Service`. */
export const API_VERSION = 1

/** The socket of the daemon of the whole host, as its service file has it. */
export const HOST_SOCKET = '/run/dragonfly/df.sock'

/** The daemon behind one socket. Rejects with `no-daemon` when none runs there or it speaks another version. */
export async function openDaemon(socketPath: string): Promise<DaemonClient> {
  const connection = new Connection(socketPath)
  try {
    const hello = (await connection.ask('GET', '/v1/hello')) as Hello
    if (hello.api !== API_VERSION) throw otherVersion(hello.version)
    const client = new DaemonClient(connection, hello, await isOwn(socketPath))
    return isTracing() ? (await import('../node/api/traced-downloads.ts')).traceDownloads(client) : client
  } catch (error) {
    connection.close()
    // a seed of an earlier version has no such resource
    if (error instanceof DragonflyError && error.code === 'not-found') throw otherVersion('an older version')
    throw error
  }
}

/** The first of these sockets behind which a daemon runs; undefined: none. Rejects when one runs that cannot be talked to. */
export async function findDaemon(sockets: readonly string[]): Promise<DaemonClient | undefined> {
  for (const socket of sockets) {
    // without an HTTP client, which takes 5 ms to load
    if (await isMissing(socket)) continue
    try {
      return await openDaemon(socket)
    } catch (error) {
      if (!isAbsence(error)) throw error
    }
  }
  return undefined
}

/** A named pipe of Windows is looked for by connecting to it. */
async function isMissing(socketPath: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  return await stat(socketPath).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ENOENT',
  )
}

/** Whether the socket is this user's own. A named pipe of Windows has no owner that Node tells of. */
async function isOwn(socketPath: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  return await stat(socketPath).then(
    ({ uid }) => uid === process.getuid?.(),
    () => false,
  )
}

function otherVersion(version: string): DragonflyError {
  return new DragonflyError('no-daemon', `the daemon that runs here is of another version (${version})`, {
    hint: 'restart it: df daemon stop, df daemon start',
  })
}

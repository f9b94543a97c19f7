// The home folder of a host: identity, store and configuration.
import { homedir } from 'node:os'
import { join } from 'node:path'
import { DragonflyError } from '../core/errors.ts'

const NAME = 'dragonfly'

/** Where the platform keeps a program's data; undefined where there is no home folder at all. */
function platformFolder(): string | undefined {
  const { XDG_DATA_HOME, LOCALAPPDATA } = process.env
  if (process.platform !== 'win32' && process.platform !== 'darwin' && XDG_DATA_HOME) return join(XDG_DATA_HOME, NAME)
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, NAME, 'Data')
  try {
    const home = homedir()
    if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', NAME)
    if (process.platform === 'win32') return join(home, 'AppData', 'Local', NAME, 'Data')
    return join(home, '.local', 'share', NAME)
  } catch {
    return undefined
  }
}

/**
 * $DRAGONFLY_HOME, else the platform's folder for data (XDG, Library/Application Support, %LOCALAPPDATA%). Throws `store-error`
 * when there is none, as for a user id without a name and without HOME.
 */
export function dragonflyHome(): string {
  const { DRAGONFLY_HOME } = process.env
  if (DRAGONFLY_HOME !== undefined && DRAGONFLY_HOME !== '') return DRAGONFLY_HOME
  const folder = platformFolder()
  if (folder !== undefined) return folder
  throw new DragonflyError('store-error', 'this user has no home folder: it has no name, and HOME is not set', {
    hint: 'set HOME, or DRAGONFLY_HOME',
  })
}

/** As `dragonflyHome`; undefined when there is none. */
export function homeIfAny(): string | undefined {
  try {
    return dragonflyHome()
  } catch {
    return undefined
  }
}

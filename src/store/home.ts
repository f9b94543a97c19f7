// The home folder of a host: identity, store and configuration.
import { DragonflyError } from '../core/errors.ts'

/** Undefined where there is no home folder at all: env-paths asks for it when it is loaded, and the system then knows of none. */
const platformFolder: string | undefined = await import('env-paths').then(
  ({ default: envPaths }) => envPaths('dragonfly', { suffix: '' }).data,
  () => undefined,
)

/**
 * $DRAGONFLY_HOME, else the platform's folder for data (XDG, Library/Application Support, %LOCALAPPDATA%). Throws `store-error`
 * when there is none, as for a user id without a name and without HOME.
 */
export function dragonflyHome(): string {
  const { DRAGONFLY_HOME } = process.env
  if (DRAGONFLY_HOME !== undefined && DRAGONFLY_HOME !== '') return DRAGONFLY_HOME
  if (platformFolder !== undefined) return platformFolder
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

// Where a host keeps what outlives a process: identity, store, configuration.
import envPaths from 'env-paths'

/** $DRAGONFLY_HOME, else the platform's folder for data (XDG, Library/Application Support, %LOCALAPPDATA%). */
export function dragonflyHome(): string {
  const { DRAGONFLY_HOME } = process.env
  if (DRAGONFLY_HOME !== undefined && DRAGONFLY_HOME !== '') return DRAGONFLY_HOME
  return envPaths('dragonfly', { suffix: '' }).data
}

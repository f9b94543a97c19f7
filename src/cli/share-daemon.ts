// df share --list and --stop: what the daemon of this user shares.
import type { ActiveShare } from '../index.ts'
import { bytes } from './figures.ts'
import { jsonLine } from './json-lines.ts'

interface ListFlags {
  list?: true
  stop?: string[]
  json?: true
}

/** Rejects with `no-daemon`, or with `not-found` for the first that is not shared. */
export async function listOrStop({ stop = [], list, json }: ListFlags): Promise<void> {
  const { controlPath, dragonflyHome, openDaemon } = await import('../client/index.ts')
  await using daemon = await openDaemon(controlPath(dragonflyHome()))
  if (list === true) for (const share of await daemon.shares()) tell(share, json)
  for (const one of stop) {
    const share = await daemon.unshare(one)
    process.stdout.write(json === true ? jsonLine('unshared', { ...share }) : `not shared any more: ${share.path}\n`)
  }
}

function tell(share: ActiveShare, json: true | undefined): void {
  const { path, url, latest, files, bytes: length } = share
  if (json === true) return void process.stdout.write(jsonLine('share', { ...share }))
  const size = `${files} ${files === 1 ? 'file' : 'files'}, ${bytes(length)}`
  process.stdout.write(
    `${path}  (${size})\n${[latest, url]
      .filter(Boolean)
      .map(line => `  ${line}\n`)
      .join('')}`,
  )
}

/** Rejects with `no-daemon`. */
export async function refuseToWatch(name: string): Promise<never> {
  const { DragonflyError } = await import('../client/index.ts')
  throw new DragonflyError('no-daemon', 'no daemon of this user runs that could watch a folder', {
    hint: `${name} daemon start --detach; or ${name} seed start --share DIR`,
  })
}

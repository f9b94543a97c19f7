// df fleet init, rotate, status: the fleet file of this host, and the members that it knows.
import path from 'node:path'
import { describe, failureLine } from './errors.ts'
import { OK } from './exit-codes.ts'
import type { FleetCommand, FleetFlags } from './fleet-flags.ts'
import { errorLine, jsonLine } from './json-lines.ts'

const DEFAULT_GRACE_MS = 7 * 86_400_000

/** Resolves to the exit code; whatever went wrong was told. */
export async function fleet(command: FleetCommand, flags: FleetFlags, name: string): Promise<number> {
  try {
    if (command.do === 'init') await init(command.file, flags, name)
    else if (command.do === 'rotate') await rotate(command.file, flags)
    else await status(flags)
    return OK
  } catch (error) {
    if (process.env.DEBUG) console.error(error)
    const failure = describe(error)
    if (flags.json === true) process.stdout.write(errorLine(failure))
    else process.stderr.write(`${failureLine(name, failure)}\n`)
    return failure.exitCode
  }
}

async function fileOf(named: string | undefined): Promise<string> {
  if (named !== undefined) return path.resolve(named)
  const { dragonflyHome, FLEET_FILE } = await import('../client/index.ts')
  return path.join(dragonflyHome(), FLEET_FILE)
}

async function init(named: string | undefined, { json }: FleetFlags, name: string): Promise<void> {
  const { newFleetSecret, writeFleetFile } = await import('../client/index.ts')
  const file = await fileOf(named)
  await writeFleetFile(file, [{ secret: newFleetSecret() }])
  const next = named === undefined ? `${name} daemon start` : `${name} daemon start --fleet ${file}`
  process.stdout.write(
    json === true
      ? jsonLine('fleet', { file })
      : `fleet file ${file}\n\nCopy it to every host of the fleet, and start there:\n  ${next}\n`,
  )
}

async function rotate(named: string | undefined, { json, grace = DEFAULT_GRACE_MS }: FleetFlags): Promise<void> {
  const { newFleetSecret, readFleetFile, rotated, writeFleetFile } = await import('../client/index.ts')
  const file = await fileOf(named)
  const secrets = rotated(await readFleetFile(file), newFleetSecret(), { now: Date.now(), grace })
  await writeFleetFile(file, secrets, { mayReplace: true })
  const [newest, oldest] = [secrets[0], secrets.at(-1)]
  const from = new Date(newest?.from ?? 0).toISOString()
  const until = new Date(oldest?.until ?? 0).toISOString()
  process.stdout.write(
    json === true
      ? jsonLine('rotated', { file, from, until })
      : `fleet file ${file}\n\nCopy it to every host before ${from}. The old secret counts until ${until}.\n`,
  )
}

async function status({ json }: FleetFlags): Promise<void> {
  const { controlPath, dragonflyHome, openDaemon } = await import('../client/index.ts')
  await using running = await openDaemon(controlPath(dragonflyHome()))
  const report = await running.fleetStatus()
  if (json !== true) {
    const { fleetTable } = await import('./fleet-table.ts')
    process.stdout.write(`${fleetTable(report).join('\n')}\n`)
    return
  }
  const { members, total, seconds, slowest, peerId } = report
  for (const { status, isSelf, ...member } of members) {
    process.stdout.write(jsonLine('member', { ...member, ...status, self: isSelf }))
  }
  const answered = members.filter(member => member.status !== undefined).length
  process.stdout.write(jsonLine('fleetSummary', { members: total, answered, seconds, slowest, peerId }))
}

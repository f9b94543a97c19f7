// df gateway setup and check: the configuration of container engines.
import path from 'node:path'
import { OK, UNEXPECTED } from './exit-codes.ts'
import { type Engine, type GatewayCommand, type GatewayCommandFlags, gatewayUrl } from './gateway-command.ts'
import { jsonLine } from './json-lines.ts'
import { checkEngines, checkGateway, checkPull, type Finding } from './setup/check.ts'
import { planOf } from './setup/engine-plan.ts'
import { type Change, planned, undo, write } from './setup/files.ts'
import type { EnginePlan, SetupRequest } from './setup/plan.ts'
import { changeLines } from './setup/render-change.ts'
import { tellFailure } from './tell-failure.ts'

/** Resolves to the exit code; whatever went wrong was told. */
export async function gateway(
  command: Exclude<GatewayCommand, { do: 'ca' }>,
  flags: GatewayCommandFlags,
  name: string,
): Promise<number> {
  try {
    const request = requestOf(command, flags)
    if (command.do === 'check') return await check(command.engine, request, flags, name)
    await setup(command.engine, request, flags, name)
    return OK
  } catch (error) {
    return tellFailure(error, flags, name)
  }
}

function requestOf(
  command: GatewayCommand,
  { gateway, registry = [], root = '/', proxy, undo }: GatewayCommandFlags,
): SetupRequest {
  return {
    gateway: gatewayUrl(gateway),
    registries: [...new Set(registry)],
    root: path.resolve(root),
    proxy: proxy === true,
    undo: undo === true,
    check: command.do === 'check',
  }
}

async function setup(engine: Engine, request: SetupRequest, flags: GatewayCommandFlags, name: string): Promise<void> {
  const { root } = request
  const plan = await planOf(engine, request)
  const changes = request.undo ? await undo(root, plan) : await planned(root, plan)
  if (flags.write === true) await write(root, changes)
  const isDone = flags.write === true || request.undo
  if (flags.json === true) printJson(plan, changes, isDone)
  else printText(plan, changes, isDone, `${name} gateway setup ${engine}`)
}

function printJson({ notes, restart }: EnginePlan, changes: readonly Change[], written: boolean): void {
  for (const { path, purpose, action, after, backup } of changes) {
    const about = { path, purpose, action, written: written && action !== 'unchanged' }
    process.stdout.write(
      jsonLine('configFile', {
        ...about,
        ...(after !== undefined && { text: after }),
        ...(backup !== undefined && { backup }),
      }),
    )
  }
  process.stdout.write(jsonLine('setUp', { notes, ...(hasChanged(changes) && restart !== undefined && { restart }) }))
}

function printText({ notes, restart }: EnginePlan, changes: readonly Change[], isDone: boolean, command: string): void {
  const lines = changes.flatMap(change => changeLines(change, isDone))
  if (!hasChanged(changes)) lines.push(isDone ? 'nothing to change' : 'nothing to change: the engine is set up')
  else {
    if (restart !== undefined) lines.push(`${isDone ? 'now' : 'then'} run: ${restart}`)
    if (!isDone) lines.push(`nothing was written; to write it: ${command} --write, with the same flags`)
  }
  lines.push(...notes.map(note => `note: ${note}`))
  process.stdout.write(lines.map(line => `${line}\n`).join(''))
}

function hasChanged(changes: readonly Change[]): boolean {
  return changes.some(({ action }) => action !== 'unchanged')
}

async function check(
  engine: Engine | undefined,
  request: SetupRequest,
  { json, image }: GatewayCommandFlags,
  name: string,
): Promise<number> {
  let isWell = true
  const tell = ({ ok, message, hint }: Finding) => {
    isWell &&= ok
    const text = `${ok ? 'ok     ' : 'MISSING'} ${message}${hint === undefined ? '' : `; ${hint}`}\n`
    process.stdout.write(json === true ? jsonLine('finding', { ok, message, ...(hint !== undefined && { hint }) }) : text)
  }
  for (const finding of await checkGateway(request.gateway)) tell(finding)
  for (const finding of await checkEngines(engine, request, name)) tell(finding)
  if (image !== undefined) tell(await checkPull(engine, image, request))
  if (json === true) process.stdout.write(jsonLine('checked', { ok: isWell }))
  return isWell ? OK : UNEXPECTED
}

// df seed start: runs a seed until SIGINT or SIGTERM.
import path from 'node:path'
import type { Control, NodeEvent } from '../index.ts'
import { readSettings } from './config.ts'
import { describe, failureLine } from './errors.ts'
import { OK } from './exit-codes.ts'
import { Interrupt } from './interrupt.ts'
import { errorLine, jsonLine } from './json-lines.ts'
import { type LimitFlags, limitsOfFlags } from './limit-flags.ts'
import { eventFields, makeLog } from './log.ts'
import { isAtLeast, type LogFlags } from './log-levels.ts'
import { originLimitsOf } from './origin-limits.ts'

/** Where seeds listen unless told otherwise. */
export const SEED_LISTEN = ['/ip4/0.0.0.0/tcp/4801', '/ip6/::/tcp/4801']

/** Flags of `df seed start` as commander leaves them. */
export interface SeedFlags extends LogFlags, LimitFlags {
  listen?: string[]
  announce?: string[]
  seed?: string[]
  bootstrap?: string[]
  trust?: string[]
  allowOrigin?: string[]
  store?: string
  /** Milliseconds. */
  expire?: number
  originLimit?: number
  originConnections?: number
  /** Bytes, or a share. */
  quota?: number | { share: number }
  json?: true
}

/** Resolves to the exit code once the seed was told to stop, or could not start; whatever went wrong was told. */
export async function startSeed(flags: SeedFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  try {
    await run(flags, name, interrupt)
    return OK
  } catch (error) {
    if (process.env.DEBUG) console.error(error)
    const failure = describe(error)
    if (flags.json === true) process.stdout.write(errorLine(failure))
    else process.stderr.write(`${failureLine(name, failure)}\n`)
    return failure.exitCode
  }
}

async function run(flags: SeedFlags, name: string, interrupt: Interrupt): Promise<void> {
  const { causeOf, createNode, dragonflyHome, eventOf, serveControl } = await import('../index.ts')
  const onEvent = await listener(flags, name)
  const home = dragonflyHome()
  const named = {
    ...(flags.seed && { seeds: flags.seed }),
    ...(flags.bootstrap && { bootstrap: flags.bootstrap }),
    ...(flags.trust && { trust: flags.trust }),
    ...originLimitsOf(flags),
    limits: limitsOfFlags(flags),
    ...(flags.announce && { announce: flags.announce }),
    ...(flags.allowOrigin && { allowOrigins: flags.allowOrigin }),
  }
  const node = await createNode({
    ...(await readSettings(named, process.env, home)),
    listen: flags.listen ?? SEED_LISTEN,
    ...(flags.store !== undefined && { store: path.resolve(flags.store) }),
    ...(flags.expire !== undefined && { expire: flags.expire }),
    ...(flags.quota !== undefined && { quota: flags.quota }),
    home,
    persistentIdentity: true,
    onEvent,
  })
  let control: Control | undefined
  try {
    await node.seed()
    control = await serveControl(node, home).catch(error => {
      // it is a seed all the same
      onEvent(eventOf({ code: 'control-unavailable', ...causeOf(error) }))
      return undefined
    })
    if (interrupt.signal.aborted) return
    const { peerId, addresses } = node
    process.stdout.write(flags.json === true ? jsonLine('ready', { peerId, addresses }) : readyText(addresses, name))
    await interrupt.wait()
  } finally {
    await control?.close()
    await node.stop()
  }
}

/** What a person copies: every address, and a command that uses the one that other hosts can most likely reach. */
export function readyText(addresses: readonly string[], name: string): string {
  const best = addresses.find(address => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address)) ?? addresses[0]
  const hint = best === undefined ? [] : ['', 'On other hosts:', `  ${name} get --seed ${best} URL`]
  return `${['seed ready', ...addresses, ...hint].join('\n')}\n`
}

/** NDJSON for who wants that, beside a log if one was asked for; else the log. */
async function listener(flags: SeedFlags, name: string): Promise<(event: NodeEvent) => void> {
  const json = flags.json === true
  const log = await makeLog({ name, flags, usual: json ? undefined : 'info' }, process.stderr)
  return event => {
    if (json && isAtLeast(event.level, 'info')) printJson(eventFields(event))
    log.write(event)
  }
}

function printJson(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

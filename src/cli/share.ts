// df share: makes contents of files and folders, prints their addresses, and serves them unless the daemon of this host does.
import path from 'node:path'
import type { DragonflyNode, NodeEvent, SharedContent } from '../index.ts'
import { readSettings } from './config.ts'
import { chooseDaemon } from './daemon-choice.ts'
import { OK } from './exit-codes.ts'
import { bytes } from './figures.ts'
import type { GetFlags } from './get-flags.ts'
import { Interrupt } from './interrupt.ts'
import { jsonLine } from './json-lines.ts'
import { type LimitFlags, limitsOfFlags } from './limit-flags.ts'
import { eventFields, makeLog } from './log.ts'
import { isAtLeast, type LogFlags } from './log-levels.ts'
import { originLimitsOf } from './origin-limits.ts'
import { flushed } from './stdout.ts'
import { tellFailure } from './tell-failure.ts'

/** As commander leaves them. */
export interface ShareFlags extends LogFlags, LimitFlags {
  name?: string
  listen?: string[]
  announce?: string[]
  bootstrap?: string[]
  seed?: string[]
  fleet?: string
  store?: string
  lan: boolean
  daemon: boolean
  json?: true
  list?: true
  stop?: string[]
  watch?: true
}

/** How often it looks who takes what, ms. */
const LOOK_MS = 1000

/** Resolves to the exit code; whatever went wrong was told. */
export async function share(paths: readonly string[], flags: ShareFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  try {
    if (flags.list === true || flags.stop !== undefined) {
      await (await import('./share-daemon.ts')).listOrStop(flags)
      return OK
    }
    const daemon = await daemonFor(flags)
    if (daemon !== undefined) {
      try {
        if (await shareAll(daemon, paths, flags, interrupt.signal, isNoDaemon)) return OK
      } finally {
        await daemon.stop()
      }
    }
    if (flags.watch === true) await (await import('./share-daemon.ts')).refuseToWatch(name)
    await serve(paths, flags, name, interrupt)
    return OK
  } catch (error) {
    const code = tellFailure(error, flags, name)
    return interrupt.exitCode ?? code
  }
}

/** That of this host, if it asks and believes whom the flags name. */
async function daemonFor(flags: ShareFlags): Promise<DragonflyNode | undefined> {
  const isOwn = !flags.lan || Object.values(limitsOfFlags(flags) ?? {}).some(limit => limit !== undefined)
  return isOwn ? undefined : await chooseDaemon({ ...flags, linger: 0 } as unknown as GetFlags)
}

function isNoDaemon(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'no-daemon'
}

/** Resolves to false where the node cannot, and nothing is shared. */
async function shareAll(
  node: Pick<DragonflyNode, 'share'>,
  paths: readonly string[],
  flags: ShareFlags,
  signal: AbortSignal,
  cannot: (error: unknown) => boolean,
): Promise<boolean> {
  for (const [i, file] of paths.entries()) {
    try {
      const meter = new Reading(flags)
      const named = { ...(flags.name !== undefined && { name: flags.name }), ...(flags.watch === true && { watch: true }) }
      const shared = await node.share(file, { signal, onProgress: meter.tell, ...named }).finally(() => meter.end())
      tell(shared, flags)
    } catch (error) {
      if (i === 0 && cannot(error)) return false
      throw error
    }
  }
  await flushed(process.stdout)
  return true
}

/** On a terminal: how far a large file is read. */
class Reading {
  readonly #isShown: boolean
  #shownAt = performance.now()
  #hasShown = false

  constructor({ json }: ShareFlags) {
    this.#isShown = json !== true && process.stderr.isTTY === true
  }

  readonly tell = (read: { bytes: number; length: number }): void => {
    if (!this.#isShown || performance.now() - this.#shownAt < LOOK_MS) return
    this.#shownAt = performance.now()
    this.#hasShown = true
    process.stderr.write(`\r\x1b[Kreading ${bytes(read.bytes)} of ${bytes(read.length)}`)
  }

  end(): void {
    if (this.#hasShown) process.stderr.write('\r\x1b[K')
  }
}

function tell(shared: SharedContent, { json }: ShareFlags): void {
  process.stdout.write(json === true ? jsonLine('shared', { ...shared }) : `${shared.url}\n`)
}

async function serve(paths: readonly string[], flags: ShareFlags, name: string, interrupt: Interrupt): Promise<void> {
  const { createNode, homeIfAny } = await import('../index.ts')
  const home = homeIfAny()
  const settings = await readSettings(namedBy(flags), process.env, home)
  const { seeds, bootstrap, announce, fleet, connections, limits } = settings
  const node = await createNode({
    ...{ seeds, bootstrap, announce, dhtServer: true, lan: flags.lan },
    ...(fleet !== undefined && { fleet }),
    ...(connections !== undefined && { connections }),
    ...originLimitsOf(settings),
    ...(limits && { limits }),
    ...(flags.listen && { listen: flags.listen }),
    ...(flags.store !== undefined && { store: path.resolve(flags.store) }),
    ...(home !== undefined && { home }),
    // what is shared goes only when the disk itself is short
    quota: Number.MAX_SAFE_INTEGER,
    onEvent: await listener(flags, name),
  })
  try {
    await shareAll(node, paths, flags, interrupt.signal, () => false)
    if (flags.json === true) process.stdout.write(jsonLine('sharing', { peerId: node.peerId, addresses: node.addresses }))
    else process.stderr.write(readyText(node, name))
    await watch(node, flags, interrupt)
  } finally {
    await node.stop()
  }
}

/** What a person needs besides the address. */
function readyText({ addresses }: Pick<DragonflyNode, 'addresses'>, name: string): string {
  const best = addresses.find(address => !/^\/(ip4\/127\.|ip6\/::1\/)/.test(address)) ?? addresses[0]
  const way = best === undefined ? '' : `; beyond the local network: ${name} get --bootstrap ${best} ADDRESS`
  return `shared until Ctrl-C${way}\n`
}

/** Tells who takes it, until a signal. */
async function watch(node: DragonflyNode, { json }: ShareFlags, interrupt: Interrupt): Promise<void> {
  let before = 0
  while (!interrupt.signal.aborted) {
    await interrupt.wait(LOOK_MS)
    const { totals, contents, rates } = await node.live()
    if (totals.sent === before) continue
    before = totals.sent
    const peers = new Set(contents.flatMap(({ links }) => links.map(({ peer }) => peer))).size
    if (json === true) process.stdout.write(jsonLine('sent', { bytes: totals.sent, peers, rate: rates.up }))
    else
      process.stderr.write(
        `sent ${bytes(totals.sent)}, ${bytes(rates.up)}/s now${peers === 0 ? '' : `, to ${peers} peer${peers === 1 ? '' : 's'}`}\n`,
      )
  }
}

function namedBy(flags: ShareFlags) {
  return {
    ...(flags.seed && { seeds: flags.seed }),
    ...(flags.bootstrap && { bootstrap: flags.bootstrap }),
    ...(flags.fleet !== undefined && { fleet: path.resolve(flags.fleet) }),
    ...(flags.announce && { announce: flags.announce }),
    limits: limitsOfFlags(flags),
  }
}

async function listener(flags: ShareFlags, name: string): Promise<(event: NodeEvent) => void> {
  const json = flags.json === true
  const log = await makeLog({ name, flags, usual: json ? undefined : 'warn' }, process.stderr)
  return event => {
    if (json && isAtLeast(event.level, 'info')) process.stdout.write(`${JSON.stringify(eventFields(event))}\n`)
    log.write(event)
  }
}

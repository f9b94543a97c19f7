// df top: what the daemon or seed of this host is doing, in a terminal.
import { clearScreenDown, cursorTo } from 'node:readline'
import type { DaemonClient } from '../client/index.ts'
import type { DaemonLive } from '../index.ts'
import { OK } from './exit-codes.ts'
import { Interrupt } from './interrupt.ts'
import { jsonLine } from './json-lines.ts'
import { paint } from './paint.ts'
import { tellFailure } from './tell-failure.ts'
import { topLines } from './top-lines.ts'

/** Flags as commander leaves them. */
export interface TopFlags {
  once?: true
  json?: true
}

const EVERY_MS = 1000
/** The alternate screen keeps what was on the terminal before (xterm's private modes). */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const CTRL_C = '\x03'

/** Resolves to the exit code; whatever went wrong was told. */
export async function top(flags: TopFlags, name: string): Promise<number> {
  using interrupt = new Interrupt()
  try {
    await using daemon = await running()
    if (flags.json === true) await tell(daemon, flags, interrupt)
    else if (flags.once === true || process.stdout.isTTY !== true) await showOnce(daemon, interrupt)
    else await follow(daemon, interrupt)
    return OK
  } catch (error) {
    return interrupt.signal.aborted ? OK : tellFailure(error, flags, name)
  }
}

/** The one of the home folder, else that of the host. */
async function running(): Promise<DaemonClient> {
  const { controlPath, findDaemon, homeIfAny, HOST_SOCKET, openDaemon } = await import('../client/index.ts')
  const home = homeIfAny()
  const own = home === undefined ? [] : [controlPath(home)]
  return (await findDaemon([...own, HOST_SOCKET])) ?? (await openDaemon(own[0] ?? HOST_SOCKET))
}

/** A rate needs two looks. */
async function twice(daemon: DaemonClient, interrupt: Interrupt): Promise<DaemonLive> {
  await daemon.live()
  await interrupt.wait(EVERY_MS)
  return await daemon.live()
}

async function showOnce(daemon: DaemonClient, interrupt: Interrupt): Promise<void> {
  const live = await twice(daemon, interrupt)
  const { columns } = process.stdout
  process.stdout.write(`${topLines(live, { columns }).join('\n')}\n`)
}

async function tell(daemon: DaemonClient, { once }: TopFlags, interrupt: Interrupt): Promise<void> {
  if (once === true) return void process.stdout.write(jsonLine('live', { ...(await twice(daemon, interrupt)) }))
  while (!interrupt.signal.aborted && process.stdout.writable) {
    const line = jsonLine('live', { ...(await daemon.live()) })
    // whoever does not read gets no more until it does
    if (process.stdout.writableLength === 0) process.stdout.write(line)
    await interrupt.wait(EVERY_MS)
  }
}

async function follow(daemon: DaemonClient, interrupt: Interrupt): Promise<void> {
  const { stdin, stdout } = process
  let last: DaemonLive | undefined
  const draw = () => {
    if (last === undefined) return
    const { columns, rows } = stdout
    const lines = topLines(last, { columns, rows }, (colour, text) => paint(colour, text, stdout))
    cursorTo(stdout, 0, 0)
    stdout.write(lines.map(line => `${line}\x1b[K`).join('\n'))
    clearScreenDown(stdout)
  }
  const onKey = (key: Buffer) => {
    if (/[qQ]/.test(key.toString()) || key.includes(CTRL_C)) interrupt.end()
  }
  stdout.write(ENTER)
  stdout.on('resize', draw)
  if (stdin.isTTY) stdin.setRawMode(true).on('data', onKey).resume()
  try {
    while (!interrupt.signal.aborted) {
      last = await daemon.live()
      draw()
      await interrupt.wait(EVERY_MS)
    }
  } finally {
    stdout.off('resize', draw)
    if (stdin.isTTY) stdin.off('data', onKey).setRawMode(false).pause()
    stdout.write(LEAVE)
  }
}

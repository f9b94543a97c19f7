// The flag that serves the live page, and its variable and config key.
import { isIP } from 'node:net'
import path from 'node:path'
import type { Command } from 'commander'
import { readConfig } from './config.ts'
import { UsageError } from './errors.ts'
import type { Loopback } from './loopback.ts'
import { parsed } from './options.ts'

/** As commander leaves it; `true`: without an address. */
export interface WebFlags {
  web?: Loopback | true
}

/** Where the page is served unless told otherwise. */
const DEFAULT: Loopback = { host: '127.0.0.1', port: 65_002 }

export function addWebFlag(command: Command): Command {
  return command.addOption(
    parsed('--web [host:port]', 'serve the live page here, for a browser (default: 127.0.0.1:65002)', parseWeb),
  )
}

/** `127.0.0.1:65002`, `[::]:65002`, `seed1.example:65002`, or the port alone, which is one of 127.0.0.1. Throws a UsageError. */
export function parseWeb(text: string): Loopback {
  const [, name = DEFAULT.host, digits = ''] = /^(?:(.+):)?(\d{1,5})$/.exec(text) ?? []
  const host = name === 'localhost' ? DEFAULT.host : name.replace(/^\[(.*)\]$/, '$1')
  const port = Number(digits)
  if (digits === '' || port > 65_535 || (isIP(host) === 0 && !/^[a-z0-9]([a-z0-9.-]{0,252})$/i.test(host)))
    throw new UsageError(`not an address with a port: ${text.slice(0, 100)}`, 'write 127.0.0.1:65002')
  return { host, port }
}

/** Where the page is to be served, as a flag, DRAGONFLY_WEB or the config file of a home says; undefined: nowhere. */
export async function readWeb({ web }: WebFlags, env: NodeJS.ProcessEnv, home: string): Promise<Loopback | undefined> {
  if (web !== undefined) return web === true ? DEFAULT : web
  const named = env.DRAGONFLY_WEB || undefined
  if (named !== undefined) return addressOf(named, 'DRAGONFLY_WEB')
  const file = path.join(home, 'config.json')
  const { web: written } = await readConfig(file)
  return written === undefined ? undefined : addressOf(written, `${file}: web`)
}

function addressOf(text: string, where: string): Loopback {
  try {
    return parseWeb(text)
  } catch (error) {
    const { message, hint } = error as UsageError
    throw new UsageError(`${where}: ${message}`, hint)
  }
}

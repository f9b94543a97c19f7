// Events on standard error for who sets DEBUG=dragonfly:*, with the logger and the namespaces that libp2p has.
import type { Logger } from '@libp2p/logger'
import type { NodeEvent } from '../api/events.ts'

/** A part of DEBUG that may be about us: `dragonfly:…`, or `*`. */
const OURS = /(^|[\s,])(dragonfly|\*)/

/** What a terminal would obey: part of a message may come from outside. */
const CONTROL = /\p{Cc}|\p{Bidi_Control}/gu

/** Resolves to who writes events, each under `dragonfly:CODE`; undefined when DEBUG does not ask for it. */
export async function debugLog(debug = process.env.DEBUG): Promise<((event: NodeEvent) => void) | undefined> {
  if (debug === undefined || !OURS.test(debug)) return undefined
  const { logger } = await import('@libp2p/logger')
  const loggers = new Map<string, Logger>()
  return ({ code, message }) => {
    const log = loggers.get(code) ?? logger(`dragonfly:${code}`)
    loggers.set(code, log)
    log('%s', message.replace(CONTROL, ' '))
  }
}

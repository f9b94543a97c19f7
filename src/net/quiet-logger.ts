// libp2p's loggers when nobody reads them. Its own make one with its name, a colour and three more functions for every connection and
// every stream, and ask each time whether stderr is a terminal: 1 ms of CPU a client.
import type { ComponentLogger, Logger } from '@libp2p/interface'

/** Undefined, and libp2p makes its own, where DEBUG asks for what it says. */
export function quietLogger(debug: string | undefined = process.env.DEBUG): ComponentLogger | undefined {
  return debug === undefined || debug === '' ? { forComponent: () => SILENT } : undefined
}

const silent = (): void => {}
const SILENT: Logger = Object.assign(silent, { error: silent, trace: silent, enabled: false, newScope: () => SILENT })

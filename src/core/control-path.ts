// The path of the control socket of a home folder.
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'

/** A Unix socket in the home folder; on Windows a named pipe, whose name says which home. */
export function controlPath(home: string): string {
  const whole = resolve(home)
  if (process.platform !== 'win32') return join(whole, 'control.sock')
  return `\\\\.\\pipe\\dragonfly-${createHash('sha256').update(whole.toLowerCase()).digest('hex').slice(0, 32)}`
}

// Refuses options with unknown names, so that a misspelt option is not silently ignored.
import { DragonflyError } from './errors.ts'

/** What a compiled check found. */
export interface Fault {
  message: string
  hint?: string
}

/** Throws `bad-option` for a fault. `where` names the call: `createNode`. */
export function refuseFault(fault: Fault | undefined, where: string): void {
  if (fault === undefined) return
  const { message, hint } = fault
  throw new DragonflyError('bad-option', `${where}: ${message}`, hint === undefined ? {} : { hint })
}

// Options of a call, looked at by name: one that is not known is an error, since what it asks for would silently not happen.
import { DragonflyError } from './errors.ts'

/** The names of all options of `T`: one too many or too few does not compile. */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: true }

const MAX_SHOWN = 50

/** Throws `bad-option` for anything that is not an object, and for a name that is not known. `where` names the call: `createNode`. */
export function refuseUnknown(options: unknown, known: Readonly<Record<string, true>>, where: string): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new DragonflyError('bad-option', `${where}: the options are not an object`)
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue
    throw new DragonflyError('bad-option', `${where}: unknown option ${JSON.stringify(name.slice(0, MAX_SHOWN))}`, {
      hint: `known are ${Object.keys(known).join(', ')}`,
    })
  }
}

// Ranges that are parts of one transfer of the whole: it is read once for all of them, and not once for each.
import type { GetOptions } from './api/get-options.ts'

/** No option of the public API: only a gateway of the same process sets it. */
const IS_TRANSFER: unique symbol = Symbol('part of a transfer')

type Marked = GetOptions & { [IS_TRANSFER]?: true }

/** The same options, for a range whose content is wanted whole. The rest is fetched while such a range is being read. */
export function ofTransfer<T extends GetOptions>(options: T): T {
  return { ...options, [IS_TRANSFER]: true }
}

export function isTransfer({ [IS_TRANSFER]: isMarked }: Marked): boolean {
  return isMarked === true
}

// For who has just heard from the origin which version is current: it is not asked again, and a part of a transfer fetches the whole.
import type { GetOptions } from './api/get-options.ts'
import { UNCHANGING } from './sources/cached.ts'
import type { Want } from './tasks/held.ts'

/** No option of the public API: only a gateway of the same process sets it. */
const HEARD: unique symbol = Symbol('heard version')

export interface HeardVersion {
  /** Strong: what is here of this version is used without asking. The caller checks that it got this one, and else wants it revalidated. */
  etag: string
  /** The range is one of many that make up the whole: it is read once for all of them, and not once for each. */
  isTransfer: boolean
}

type Marked = GetOptions & { [HEARD]?: HeardVersion }

export function heard<T extends GetOptions>(options: T, version: HeardVersion): T {
  return { ...options, [HEARD]: version }
}

export function isTransfer({ [HEARD]: version }: Marked): boolean {
  return version?.isTransfer === true
}

/** What it changes in the wish for an active task. */
export function wantHeard({ revalidate, [HEARD]: version }: Marked): Pick<Want, 'etag' | 'cached'> {
  return version === undefined || revalidate === true ? {} : { etag: version.etag, cached: UNCHANGING }
}

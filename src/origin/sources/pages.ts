// Reads a list page by page. Whatever a store says, it ends.
import { lies } from '../failures.ts'

/** Of one list: 10 million keys of S3. */
const MAX_PAGES = 10_000
/** Pages in a row without a single file; S3 has some where much was deleted. */
const MAX_EMPTY_PAGES = 100

export interface Page<T> {
  files: T[]
  /** Where the next page is, in the words of the store. */
  next: string | undefined
}

/** `where`: URL of the list, for messages. Throws what `read` throws, and `origin-lies` for a list without an end. */
export async function* allPages<T>(where: string, read: (next: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let next: string | undefined
  let empty = 0
  for (let count = 0; ; count++) {
    if (count === MAX_PAGES) throw lies(where, `sent a list of more than ${MAX_PAGES} pages`)
    const page = await read(next)
    yield* page.files
    empty = page.files.length === 0 ? empty + 1 : 0
    if (page.next === undefined) return
    if (page.next === next || empty === MAX_EMPTY_PAGES) throw lies(where, 'sent a list without an end')
    next = page.next
  }
}

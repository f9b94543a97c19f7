// Whether a page is a whole index of a folder. What it does not show counts as gone where a tree is mirrored: half a page would remove files.
import { DragonflyError } from '../../core/errors.ts'

/** Names on one page; S3 has at most 1,000 keys on one. */
export const MAX_LINKS = 100_000
/** Elements that indexes put around their links, and whose end HTML does not allow to be left out. */
const AROUND_LINKS = new Set(['a', 'pre', 'table', 'ul', 'ol', 'dl', 'div', 'main', 'section'])
/** Not shown to people. */
const UNSEEN = new Set(['script', 'style'])
/** Others are without number. */
const WATCHED: ReadonlySet<string> = new Set([...AROUND_LINKS, ...UNSEEN])
/** Elements one in the other: the parser's work for each grows with them. */
const MAX_DEPTH = 1000
/** Characters that are looked at of what a page says. */
const MAX_SAID = 4096
/** What pages say of themselves and of the way up that are indexes. */
const OF_INDEXES = /\b(?:index|listing|contents|director(?:y|ies)|folder|parent)\b|(?:^|\s)\.\.\/?(?:\s|$)/i

/** Told of a page while it is parsed. */
export class Completeness {
  readonly #open = new Map<string, number>()
  #depth = 0
  #isMarkup = false
  #isCut = false
  #said = ''

  /** Throws `bad-option` for elements that are too deep. */
  opened(tag: string): void {
    this.#isMarkup = true
    checkDepth(++this.#depth)
    if (WATCHED.has(tag)) this.#open.set(tag, this.#times(tag) + 1)
  }

  closed(tag: string): void {
    this.#depth--
    if (WATCHED.has(tag)) this.#open.set(tag, this.#times(tag) - 1)
  }

  said(text: string): void {
    if ([...UNSEEN].some(tag => this.#times(tag) > 0)) return
    if (this.#said.length < MAX_SAID) this.#said += `${text.slice(0, MAX_SAID)} `
  }

  /** There is no more of it. */
  ended(): void {
    this.#isCut = [...AROUND_LINKS].some(tag => this.#times(tag) > 0)
  }

  /** `hasNames`: of files or folders. Returns `origin-truncated` for a part of an index. Throws `bad-option` for what is none. */
  check(hasNames: boolean): DragonflyError | undefined {
    // an empty folder says what it is, or nothing; a server in trouble has words for people
    const isIndex = hasNames || this.#said.trim() === '' || OF_INDEXES.test(this.#said)
    if (!this.#isMarkup || !isIndex) {
      throw new DragonflyError('bad-option', 'this is no index of a folder', {
        hint: 'without --recursive it is downloaded as it is',
      })
    }
    return this.#isCut ? cutOff() : undefined
  }

  #times(tag: string): number {
    return this.#open.get(tag) ?? 0
  }
}

/** Throws `bad-option`. */
export function checkDepth(depth: number): void {
  if (depth <= MAX_DEPTH) return
  throw new DragonflyError('bad-option', `elements more than ${MAX_DEPTH} deep: this is no index of a folder`)
}

export function cutOff(): DragonflyError {
  return new DragonflyError('origin-truncated', 'the index breaks off: more may be there', { hint: 'try again' })
}

export function tooManyLinks(): DragonflyError {
  return new DragonflyError('bad-option', `more than ${MAX_LINKS} names on one page; the rest was left out`, {
    hint: 'give a URL further down',
  })
}

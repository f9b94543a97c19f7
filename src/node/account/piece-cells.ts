// Pictures of pieces as text: so many cells at most, each for one or several pieces. Pure.
import { SOURCE, type Source } from './piece-account.ts'

/** Pieces of one cell that are looked at: a million pieces take no longer than 240 × 64. */
const MAX_SAMPLES = 64

/** Letter of each source; see LiveContentStatus. */
const LETTERS: Record<Source, string> = {
  [SOURCE.unseen]: 'd',
  [SOURCE.origin]: 'o',
  [SOURCE.seed]: 's',
  [SOURCE.peer]: 'p',
  [SOURCE.store]: 'd',
}

export interface OwnPieces {
  /** How many there are. */
  count: number
  has(piece: number): boolean
  sourceOf(piece: number): Source
  isAsked(piece: number): boolean
}

/** One letter a cell. */
export function ownCells(pieces: OwnPieces, most: number): string {
  let text = ''
  for (const cell of cellsOf(pieces.count, most)) {
    const seen = new Map<string, number>()
    let isWhole = true
    let isAsked = false
    for (const piece of cell) {
      if (pieces.has(piece)) {
        const letter = LETTERS[pieces.sourceOf(piece)]
        seen.set(letter, (seen.get(letter) ?? 0) + 1)
      } else {
        isWhole = false
        isAsked ||= pieces.isAsked(piece)
      }
    }
    const [letter] = [...seen].toSorted((a, b) => b[1] - a[1])[0] ?? []
    text += letter === undefined ? (isAsked ? 'a' : '.') : isWhole ? letter.toUpperCase() : letter
  }
  return text
}

/** One digit a cell; a single one when all are the same. */
export function densityCells(count: number, most: number, has: (piece: number) => boolean): string {
  let text = ''
  for (const cell of cellsOf(count, most)) {
    const here = cell.reduce((sum, piece) => sum + (has(piece) ? 1 : 0), 0)
    // 0 and 9 mean none and all
    text += here === 0 ? '0' : here === cell.length ? '9' : String(Math.max(1, Math.min(8, Math.round((here / cell.length) * 9))))
  }
  const first = text[0] ?? '0'
  return text === first.repeat(text.length) ? first : text
}

/** The pieces of each cell that are looked at. */
function* cellsOf(count: number, most: number): Generator<number[]> {
  const cells = Math.min(count, most)
  for (let i = 0; i < cells; i++) {
    const from = Math.floor((i * count) / cells)
    const to = Math.floor(((i + 1) * count) / cells)
    const samples = Math.min(MAX_SAMPLES, to - from)
    yield Array.from({ length: samples }, (_, k) => from + Math.floor((k * (to - from)) / samples))
  }
}

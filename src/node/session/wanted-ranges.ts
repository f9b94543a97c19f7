// Which bytes of a content its users here want: all of it or ranges, and the pieces in which those lie.
import type { Manifest } from '../../core/manifest.ts'
import { MAX_PIECES } from '../../core/piece.ts'
import { type RangeSpec, rangeText, rangeWithin } from '../../core/range.ts'
import type { PieceRun } from '../../swarm/events.ts'
import { Changes } from '../context/changes.ts'

type Cut = Pick<Manifest, 'length' | 'pieceLength'>

/** Pieces that are asked of nobody for the moment: from `from` on all, and these before it. */
export interface Withheld {
  from: number
  pieces: ReadonlySet<number>
}

/** Only ever grows: who has left does not narrow what is fetched for the others. */
export class WantedRanges {
  readonly #onChange: () => void
  readonly #changes = new Changes()
  /** By their text: equal ones count once. */
  readonly #ranges = new Map<string, RangeSpec>()
  #isWhole = false
  #isLeftToUsers = false
  #withheld: Withheld | undefined

  /** `onChange`: called when more is wanted, and when the origin is left to the users. */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** One more user; undefined: it wants the whole content. */
  add(range: RangeSpec | undefined): void {
    if (range === undefined) this.#isWhole = true
    else this.#ranges.set(rangeText(range), range)
    this.#changes.notify()
    this.#onChange()
  }

  /** Whether somebody wants all of it. So it is while nobody has said anything. */
  get isWhole(): boolean {
    return this.#isWhole || this.#ranges.size === 0
  }

  /** Whether nobody but the origin has the content, and each user reads its range there. Not once somebody wants the whole: that is read once. */
  get isLeftToUsers(): boolean {
    return this.#isLeftToUsers && !this.isWhole
  }

  /**
   * To be waited for before this node reads the whole content from the origin: while only ranges are wanted they are left to
   * those who want them. Resolves when somebody wants the whole; rejects with the abort.
   */
  async untilWhole(signal: AbortSignal): Promise<void> {
    if (this.isWhole) return
    this.#isLeftToUsers = true
    this.#onChange()
    while (!this.isWhole) await this.#changes.next(signal)
  }

  /** These may come from elsewhere; undefined: none. The content is not complete meanwhile, and nobody is asked for them. */
  withhold(pieces: Withheld | undefined): void {
    this.#withheld = pieces
    this.#onChange()
  }

  /** How many of `count` pieces are withheld; some of them may be here. */
  withheldOf(count: number): number {
    if (this.#withheld === undefined) return 0
    const { from, pieces } = this.#withheld
    return pieces.size + Math.max(0, count - from)
  }

  /** Wanted pieces, in order, less those that are withheld; undefined: all. Some may not be told before the length is known. */
  runs(cut: Cut): readonly PieceRun[] | undefined {
    const wanted = this.#wanted(cut)
    return this.#withheld === undefined ? wanted : without(wanted ?? [{ first: 0, end: MAX_PIECES }], this.#withheld)
  }

  #wanted(cut: Cut): readonly PieceRun[] | undefined {
    if (this.isWhole) return undefined
    const runs = [...this.#ranges.values()].map(range => runOf(range, cut)).filter(run => run !== undefined)
    return joined(runs.toSorted((a, b) => a.first - b.first))
  }

  /** Whether `runs` tells everything: nothing is withheld, and the place of what is counted from the end is known with the length only. */
  areAllPlaced({ length }: Cut): boolean {
    if (this.#withheld !== undefined) return false
    return this.isWhole || length !== undefined || ![...this.#ranges.values()].some(range => 'last' in range)
  }
}

function runOf(range: RangeSpec, { length, pieceLength }: Cut): PieceRun | undefined {
  const open = 'last' in range ? undefined : { start: range.start, end: range.end ?? Infinity }
  const bytes = length === undefined ? open : rangeWithin(range, length)
  if (bytes === undefined) return undefined
  const first = Math.floor(bytes.start / pieceLength)
  return first >= MAX_PIECES ? undefined : { first, end: Math.min(MAX_PIECES, Math.ceil(bytes.end / pieceLength)) }
}

function without(runs: readonly PieceRun[], { from, pieces }: Withheld): PieceRun[] {
  const left: PieceRun[] = []
  const cuts = [...pieces].toSorted((a, b) => a - b)
  let next = 0
  for (const { first, end } of runs) {
    const last = Math.min(end, from)
    let start = first
    while (next < cuts.length && (cuts[next] as number) < first) next++
    for (; next < cuts.length && (cuts[next] as number) < last; next++) {
      if ((cuts[next] as number) > start) left.push({ first: start, end: cuts[next] as number })
      start = (cuts[next] as number) + 1
    }
    if (start < last) left.push({ first: start, end: last })
  }
  return left
}

/** Runs in order of their first piece, those that touch made one. */
function joined(runs: readonly PieceRun[]): PieceRun[] {
  const all: PieceRun[] = []
  for (const { first, end } of runs) {
    const last = all.at(-1)
    if (last === undefined || first > last.end) all.push({ first, end })
    else last.end = Math.max(last.end, end)
  }
  return all
}

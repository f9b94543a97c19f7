// Bytes that contents take on the disk, where several may share one file.

/** What one content takes. */
export interface Occupant {
  key: string
  /** Bytes of all that belongs to it, on the disk. */
  bytes: number
  /** Which file its data are, and how many of the bytes, when others may have the same. Undefined: nobody has. */
  shared?: SharedData | undefined
}

export interface SharedData {
  /** Equal for names of one file. */
  file: string
  bytes: number
}

export function occupiedBy(entries: readonly Occupant[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0) - savedBy(entries)
}

/** Bytes that the disk has more when those of `gone` go and the others stay. */
export function freedBy(entries: readonly Occupant[], gone: ReadonlySet<string>): number {
  return occupiedBy(entries) - occupiedBy(entries.filter(({ key }) => !gone.has(key)))
}

/** Tells, as contents go one after the other, how many bytes each of them frees. */
export class Leaving {
  /** How many contents have a file. */
  readonly #holders = new Map<string, number>()

  constructor(entries: readonly Occupant[]) {
    for (const { shared } of entries) if (shared !== undefined) this.#count(shared, 1)
  }

  free({ bytes, shared }: Occupant): number {
    return shared === undefined || this.#count(shared, -1) === 0 ? bytes : bytes - shared.bytes
  }

  #count({ file }: SharedData, change: number): number {
    const holders = (this.#holders.get(file) ?? 0) + change
    this.#holders.set(file, holders)
    return holders
  }
}

function savedBy(entries: readonly Occupant[]): number {
  const seen = new Set<string>()
  let saved = 0
  for (const { shared } of entries) {
    if (shared === undefined) continue
    if (seen.has(shared.file)) saved += shared.bytes
    seen.add(shared.file)
  }
  return saved
}

// The latest reads of registries through the gateway, and where the time of each went: for who asks why a pull was slow.
import type { RegistryRead } from '../node/api/registry-read.ts'

/** How many are kept: a few images of twenty layers. */
const MAX_KEPT = 100
/** Characters of a name: whoever uses the gateway has a say in it. */
const MAX_TEXT = 200

/** One that is under way. */
export class Reading {
  readonly record: RegistryRead
  readonly #begun = performance.now()

  constructor(what: Pick<RegistryRead, 'registry' | 'repository' | 'kind' | 'reference'>) {
    const cut = (text: string) => text.slice(0, MAX_TEXT)
    this.record = {
      ...{ at: Date.now(), kind: what.kind, token: 0, bytes: 0, status: 0, isBrokenOff: false },
      ...{ registry: cut(what.registry), repository: cut(what.repository), reference: cut(what.reference) },
      ...{ firstByte: undefined, seconds: undefined, from: undefined },
    }
  }

  /** Made so that it can be handed on as it is. Milliseconds. */
  readonly waitedForToken = (ms: number): void => {
    this.record.token += Math.round(ms) / 1000
  }

  firstByte(): void {
    this.record.firstByte ??= this.#seconds()
  }

  ended(status: number, bytes: number, isBrokenOff: boolean): void {
    if (bytes > 0) this.firstByte()
    Object.assign(this.record, { status, bytes, isBrokenOff, seconds: this.#seconds() })
  }

  #seconds(): number {
    return Math.round(performance.now() - this.#begun) / 1000
  }
}

export class RegistryReads {
  readonly #latest: Reading[] = []

  /** The latest first. */
  get latest(): readonly RegistryRead[] {
    return this.#latest.map(({ record }) => record)
  }

  begin(what: ConstructorParameters<typeof Reading>[0]): Reading {
    const reading = new Reading(what)
    this.#latest.unshift(reading)
    if (this.#latest.length > MAX_KEPT) this.#latest.pop()
    return reading
  }
}

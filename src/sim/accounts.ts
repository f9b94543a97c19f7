// Counts the use of a simulated host's links.
import type { LinkUse } from '../swarm/neighbourhood-events.ts'

/** The same as src/net/link-usage.ts keeps for a real link. */
class Account {
  /** Payload bytes that came, and that went, since they were last looked at. */
  gave = 0
  took = 0
  /** Our requests that were called back or refused since the last bytes came. */
  fruitless = 0
  readonly asked = new Set<number>()
  readonly wanted = new Set<number>()
}

/** By the neighbour's id. */
export class Accounts {
  readonly #accounts = new Map<string, Account>()

  asked(neighbour: string, piece: number): void {
    this.#of(neighbour).asked.add(piece)
  }

  /** What we asked for is here. */
  came(neighbour: string, piece: number, bytes: number): void {
    const account = this.#of(neighbour)
    account.asked.delete(piece)
    account.gave += bytes
    account.fruitless = 0
  }

  /** What we asked for will not come. */
  failed(neighbour: string, piece: number): void {
    const account = this.#of(neighbour)
    if (account.asked.delete(piece)) account.fruitless++
  }

  /** The neighbour asks. */
  wanted(neighbour: string, piece: number): void {
    this.#of(neighbour).wanted.add(piece)
  }

  /** It was answered: with bytes, or with none. */
  answered(neighbour: string, piece: number, bytes: number): void {
    const account = this.#of(neighbour)
    account.wanted.delete(piece)
    account.took += bytes
  }

  /** The link has ended. */
  close(neighbour: string): void {
    this.#accounts.delete(neighbour)
  }

  /** How the link was used since this was asked the last time. */
  take(neighbour: string): Pick<LinkUse, 'gave' | 'took' | 'busy' | 'fruitless'> {
    const account = this.#of(neighbour)
    const { gave, took, fruitless, asked, wanted } = account
    account.gave = 0
    account.took = 0
    return { gave, took, fruitless, busy: asked.size + wanted.size > 0 }
  }

  #of(neighbour: string): Account {
    let account = this.#accounts.get(neighbour)
    if (account === undefined) {
      account = new Account()
      this.#accounts.set(neighbour, account)
    }
    return account
  }
}

// Keeps a Metalink of the public network from having this host read, and then serve to peers, what only hosts of its own network can reach.
import { lookup } from 'node:dns/promises'
import { DragonflyError } from '../client/index.ts'

/** Host name → IP addresses. */
export type Resolve = (host: string) => Promise<string[]>

/**
 * Rejects with `origin-refused` for a URL that leads into a private network although the Metalink came from a public address. A redirect is the
 * origin's, as with any download; and what cannot be resolved here, such as behind a proxy, is the proxy's to decide.
 */
export class Inward {
  readonly #home: string
  readonly #resolve: Resolve
  readonly #known = new Map<string, Promise<boolean>>()

  /** `home`: URL of the Metalink. */
  constructor(home: string, resolve: Resolve = addressesOf) {
    this.#home = home
    this.#resolve = resolve
  }

  async check(url: string): Promise<void> {
    // a file of this host is the user's own
    if (!/^https?:/.test(this.#home) || !(await this.#isInside(url)) || (await this.#isInside(this.#home))) return
    throw new DragonflyError('origin-refused', `the Metalink of ${hostOf(this.#home)} names a private address: ${hostOf(url)}`, {
      hint: 'if you trust it, save it with -o and name it with --metalink FILE',
    })
  }

  #isInside(url: string): Promise<boolean> {
    const host = hostOf(url)
    const known = this.#known.get(host) ?? this.#look(host)
    this.#known.set(host, known)
    return known
  }

  async #look(host: string): Promise<boolean> {
    const { classOf } = await import('../index.ts')
    const addresses = await this.#resolve(host).catch(() => [])
    return addresses.some(address => classOf(address) !== 'public')
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}

async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address)
}

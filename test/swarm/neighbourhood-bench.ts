// One neighbourhood under test: told facts at given times, asked what it decided.
import { Neighbourhood } from '../../src/swarm/neighbourhood.ts'
import type {
  LinkUse,
  NeighbourhoodAction,
  NeighbourhoodEvent,
  NeighbourhoodOptions,
} from '../../src/swarm/neighbourhood-events.ts'
import { seededRandom } from '../../src/swarm/random.ts'

/** One neighbourhood, its clock, and the peers that it is linked with. */
export class Bench {
  readonly hood: Neighbourhood
  now = 0
  actions: NeighbourhoodAction[] = []

  constructor(options: Partial<NeighbourhoodOptions> = {}) {
    this.hood = new Neighbourhood({ isSeed: false, random: seededRandom(7), ...options })
  }

  tell(event: NeighbourhoodEvent): this {
    this.actions.push(...this.hood.handle(event, this.now))
    this.hood.check()
    return this
  }

  /** Lets time pass, waking whenever it is asked for. */
  pass(ms: number): this {
    const end = this.now + ms
    for (;;) {
      const next = this.hood.nextWake(this.now)
      if (next > end) break
      this.now = next
      this.tell({ type: 'wake' })
    }
    this.now = end
    return this
  }

  heard(peers: readonly string[], from = 'dht', group?: string): this {
    return this.tell({ type: 'heard', from, peers: peers.map(peer => ({ peer, group })) })
  }

  linked(peer: string, { links = 10, group = undefined as string | undefined, kind = 'peer' as 'peer' | 'seed' } = {}): this {
    return this.tell({ type: 'linked', peer, group, kind, links })
  }

  linkedAll(peers: readonly string[], group?: string): this {
    for (const peer of peers) this.linked(peer, { group })
    return this
  }

  used(complete: boolean, uses: Record<string, Partial<LinkUse>>): this {
    const idle = { gave: 0, took: 0, busy: false, complete: false, offers: false, fruitless: 0, rtt: undefined }
    return this.tell({ type: 'used', complete, links: Object.entries(uses).map(([peer, use]) => ({ ...idle, ...use, peer })) })
  }

  /** What was decided since the last look. */
  take(): NeighbourhoodAction[] {
    return this.actions.splice(0)
  }

  dialled(): string[] {
    return this.take().flatMap(action => (action.type === 'dial' ? [action.peer] : []))
  }

  dropped(): string[] {
    return this.take().flatMap(action => (action.type === 'drop' ? [`${action.peer} ${action.why}`] : []))
  }

  /** Dials until nobody is dialled any more, each of whom links up. */
  settle(group: (peer: string) => string | undefined = () => undefined): string[] {
    const all: string[] = []
    for (let i = 0; i < 100; i++) {
      const peers = this.pass(100).dialled()
      all.push(...peers)
      for (const peer of peers) this.linked(peer, { group: group(peer) })
    }
    return all
  }
}

export function names(count: number, letter = 'p'): string[] {
  return Array.from({ length: count }, (_, i) => `${letter}${i}`)
}

export function each<T>(peers: readonly string[], value: T): Record<string, T> {
  return Object.fromEntries(peers.map(peer => [peer, value]))
}

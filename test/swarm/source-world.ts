// A model of everything around a source selector, in virtual time: seeds, peers, DHT and origin that come and go by a schedule.
import { expect } from 'chai'
import type { SourceAction, SourceEvent, SourceSelectorOptions } from '../../src/swarm/source-events.ts'
import { SourceSelector } from '../../src/swarm/source-selector.ts'

export const PIECES = 8
/** How long a piece takes from anybody, milliseconds. */
const PIECE_MS = 700
const LATENCY_MS = 20
/** A seed that waits for its origin says so every 5 s. */
const SIGN_MS = 5000
/** A look waits so long for the program of a frozen seed. */
const LIVES_MS = 60_000
/** The real reader's own retries take about so long. */
export const ORIGIN_PATIENCE_MS = 6000

/**
 * `busy`: its program lives and has no time for us; `renewed`: up, with version B; the others have A; `cut-off`: links us, tries the origin in
 * vain, and says so, each time it is asked.
 */
export type SeedState = 'up' | 'renewed' | 'cut-off' | 'waiting' | 'busy' | 'frozen' | 'dead' | 'refusing' | 'failing'
export type OriginState = 'up' | 'down' | 'no-ranges' | 'other-version' | 'gone' | 'hangs'

/** What changes when. */
export type Change =
  | { at: number; seed: number; to: SeedState }
  | { at: number; origin: OriginState }
  /** Peer `peer` comes with the first `has` pieces, or leaves. */
  | { at: number; peer: number; has: number | undefined }

export interface Setup {
  seeds: readonly SeedState[]
  origin: OriginState
  changes: readonly Change[]
  options?: Partial<SourceSelectorOptions>
  /** How long a seed that has answered takes to accept a link, milliseconds. Default 0. */
  dialMs?: number
}

export interface Outcome {
  at: number
  why: 'complete' | Extract<SourceAction, { type: 'fail' }>['why']
  reads: number
  /** Everything that was intended. */
  said: readonly { at: number; action: SourceAction }[]
}

export class SourceWorld {
  readonly selector: SourceSelector
  readonly #seeds: SeedState[]
  #origin: OriginState
  readonly #peers = new Map<number, number>()
  #now = 0
  #sequence = 0
  #queue: { at: number; sequence: number; run: () => void }[] = []
  readonly #have = new Set<number>()
  #known = 0
  /** Peers have version A. */
  #version: 'A' | 'B' | undefined
  #isSealed = false
  readonly #links = new Set<string>()
  readonly #dialMs: number
  /** The visit at a seed that is under way. */
  #visit: { seed: string; id: number } | undefined
  #isLooking = false
  #read: number | undefined
  #ranges = 0
  #range = 0
  #offersRanges = false
  #ids = 0
  #outcome: Outcome | undefined
  #reads = 0
  readonly #said: { at: number; action: SourceAction }[] = []

  constructor({ seeds, origin, changes, options = {}, dialMs = 0 }: Setup) {
    this.#dialMs = dialMs
    this.#seeds = [...seeds]
    this.#origin = origin
    const usual = { hasDht: true, mayRead: true, revalidate: false, believesOthers: true, chance: 0.5 }
    this.selector = new SourceSelector({ ...usual, ...options, seeds: seeds.map((_, i) => `s${i}`) })
    for (const change of changes) this.#at(change.at, () => this.#change(change))
  }

  /** Runs until the download is over; throws when it waits without a clock, or beyond `boundMs`. */
  run(boundMs: number): Outcome {
    this.#tell({ type: 'wake' })
    while (this.#outcome === undefined) {
      const next = this.#queue.toSorted((a, b) => a.at - b.at || a.sequence - b.sequence)[0]
      const wake = this.selector.nextWake
      const at = Math.min(next?.at ?? Infinity, wake)
      if (at > boundMs) throw new Error(`still waiting at ${boundMs}; next ${at}, ${JSON.stringify(this.#said.slice(-6))}`)
      this.#now = Math.max(this.#now, at)
      if (next !== undefined && next.at <= wake) {
        this.#queue = this.#queue.filter(item => item !== next)
        next.run()
      } else {
        this.#tell({ type: 'wake' })
        expect(this.selector.nextWake, 'a wake that leads to nothing').to.be.above(this.#now)
      }
    }
    return this.#outcome
  }

  // ---- telling and performing

  #tell(event: SourceEvent): void {
    if (this.#outcome !== undefined) return
    for (const action of this.selector.handle(event, this.#now)) this.#perform(action)
  }

  #perform(action: SourceAction): void {
    this.#said.push({ at: this.#now, action })
    switch (action.type) {
      case 'look-in-store':
        return this.#after(1, () => this.#tell({ type: 'store-searched' }))
      case 'ask-seed':
        return this.#ask(action.seed)
      case 'leave-seed': {
        const { seed } = action
        this.#visit = undefined
        const hangs = ['frozen', 'busy', 'up', 'renewed', 'cut-off', 'waiting'].includes(this.#stateOf(seed))
        return this.#after(LATENCY_MS, () => this.#tell({ type: 'seed-failed', seed, why: hangs ? 'busy' : 'unreachable' }))
      }
      case 'search-dht':
        return this.#after(300, () => {
          for (const [peer] of this.#peers) this.#link(`p${peer}`)
          this.#tell({ type: 'dht-ended' })
        })
      case 'look-at-seed':
        return this.#lookAt(action.seed)
      case 'be-patient':
        expect(action.ms).to.be.at.least(0)
        return
      case 'hear-anybody':
        return
      case 'read-origin':
        expect(this.#read, 'two reads at once').to.equal(undefined)
        expect(this.#ranges, 'a read beside ranges').to.equal(0)
        expect(this.#offersRanges, 'a read while ranges are offered').to.equal(false)
        this.#reads++
        return this.#beginRead(action.how, action.from)
      case 'stop-reading':
        expect(this.#read, 'nothing to stop').to.not.equal(undefined)
        this.#read = undefined
        // what was never told of is not begun
        if (this.#known === 0) this.#version = undefined
        return
      case 'offer-ranges':
        this.#offersRanges = true
        return this.#rangeLater()
      case 'withdraw-ranges':
        this.#offersRanges = false
        this.#ranges = 0
        return
      case 'fail':
        this.#end(action.why)
    }
  }

  #end(why: Outcome['why']): void {
    this.#outcome ??= { at: this.#now, why, reads: this.#reads, said: this.#said }
  }

  // ---- what we have

  #learn(count: number, sealed = false): void {
    this.#known = Math.max(this.#known, count)
    this.#isSealed ||= sealed
    this.#tellContent()
  }

  #gain(piece: number): void {
    this.#have.add(piece)
    this.#known = Math.max(this.#known, piece + 1)
    this.#tellContent()
  }

  #tellContent(): void {
    if (this.#version === undefined) return
    const missing = this.#known - this.#have.size
    this.#tell({ type: 'content', count: this.#known, missing, sealed: this.#isSealed })
    if (this.#isSealed && missing === 0) this.#end('complete')
  }

  // ---- seeds and peers

  #stateOf(seed: string): SeedState {
    return this.#seeds[Number(seed.slice(1))] as SeedState
  }

  #ask(seed: string): void {
    expect(this.#visit, 'two visits at once').to.equal(undefined)
    const id = this.#ids++
    this.#visit = { seed, id }
    const isOn = () => this.#visit?.id === id
    const failed = (why: 'unreachable' | 'refused' | 'trouble' | 'out-of-reach') => {
      if (!isOn()) return
      this.#visit = undefined
      if (why === 'out-of-reach') this.#unlink(seed)
      this.#tell({ type: 'seed-failed', seed, why })
    }
    let isDialling = false
    let isSpending = false
    const again = () => {
      if (!isOn()) return
      const state = this.#stateOf(seed)
      if (state === 'dead') return failed('unreachable')
      if (state === 'refusing') return failed('refused')
      if (state === 'failing') return failed('trouble')
      if (state === 'cut-off' && !isSpending) {
        isSpending = true
        this.#after(ORIGIN_PATIENCE_MS, () => {
          isSpending = false
          if (this.#stateOf(seed) === 'cut-off') failed('out-of-reach')
        })
      }
      const isUp = state === 'up' || state === 'renewed' || state === 'cut-off'
      if (isUp || state === 'waiting') this.#tell({ type: 'seed-heard', seed })
      if (isUp && !this.#links.has(seed) && !isDialling) {
        this.#tell({ type: 'seed-resolved', seed, same: this.#version === this.#versionOf(seed) })
        isDialling = this.#fits(seed)
        if (isDialling) this.#after(this.#dialMs, () => isOn() && this.#dialled(seed))
      }
      this.#after(state === 'frozen' || state === 'busy' ? 1000 : SIGN_MS, again)
    }
    this.#after(2 * LATENCY_MS, again)
  }

  #lookAt(seed: string): void {
    expect(this.#isLooking, 'two looks at once').to.equal(false)
    this.#isLooking = true
    const state = this.#stateOf(seed)
    const listens = ['up', 'renewed', 'cut-off', 'waiting', 'busy', 'frozen'].includes(state)
    const looked = (lives: boolean) => {
      this.#isLooking = false
      this.#tell({ type: 'seed-looked', seed, lives })
    }
    if (listens) this.#after(LATENCY_MS, () => this.#tell({ type: 'seed-listening', seed }))
    this.#after(state === 'frozen' ? LIVES_MS : 2 * LATENCY_MS, () => looked(listens && state !== 'frozen'))
  }

  /** The seed accepts our link, unless we are at another version by now. */
  #dialled(seed: string): void {
    if (!this.#fits(seed)) return
    this.#link(seed)
    this.#tell({ type: 'seed-dialled', seed })
    this.#version ??= this.#versionOf(seed)
    // who is cut off has the beginning
    if (this.#stateOf(seed) === 'cut-off') this.#learn(1)
    else this.#learn(PIECES, true)
  }

  #versionOf(from: string): 'A' | 'B' {
    return from.startsWith('s') && this.#stateOf(from) === 'renewed' ? 'B' : 'A'
  }

  #fits(from: string): boolean {
    return this.#version === undefined || this.#version === this.#versionOf(from)
  }

  #link(peer: string): void {
    if (this.#links.has(peer) || !this.#fits(peer)) return
    this.#links.add(peer)
    this.#tell({ type: 'linked', peer })
    this.#giveLater(peer)
  }

  #unlink(peer: string): void {
    if (this.#links.delete(peer)) this.#tell({ type: 'unlinked', peer })
  }

  /** A neighbour gives one piece after the other, as long as it has some that is missing. */
  #giveLater(from: string): void {
    this.#after(PIECE_MS, () => {
      if (!this.#links.has(from) || this.#outcome !== undefined) return
      const isSeed = from.startsWith('s')
      if (this.#fits(from) && (!isSeed || ['up', 'renewed'].includes(this.#stateOf(from)))) {
        const has = isSeed ? PIECES : (this.#peers.get(Number(from.slice(1))) ?? 0)
        const piece = Array.from({ length: Math.min(has, this.#known) }, (_, i) => i).find(i => !this.#have.has(i))
        if (piece !== undefined) this.#gain(piece)
      }
      this.#giveLater(from)
    })
  }

  #change(change: Change): void {
    if ('seed' in change) {
      const seed = `s${change.seed}`
      const before = this.#versionOf(seed)
      this.#seeds[change.seed] = change.to
      if (change.to === 'up' && this.#links.has(seed) && this.#fits(seed)) this.#learn(PIECES, true)
      // another version takes a restart
      if (change.to !== 'dead' && this.#versionOf(seed) === before) return
      this.#unlink(seed)
      if (this.#visit?.seed !== seed) return
      this.#visit = undefined
      return this.#tell({ type: 'seed-failed', seed, why: 'unreachable' })
    }
    if ('origin' in change) {
      this.#origin = change.origin
      return
    }
    if (change.has === undefined) {
      this.#peers.delete(change.peer)
      return this.#unlink(`p${change.peer}`)
    }
    this.#peers.set(change.peer, change.has)
    this.#link(`p${change.peer}`)
  }

  // ---- the origin

  #beginRead(how: 'new' | 'rest' | 'whole', from: number): void {
    const id = this.#ids++
    this.#read = id
    const fails = (why: 'no-ranges' | 'changed' | 'trouble' | 'final', ms: number) =>
      this.#after(ms, () => {
        if (this.#read !== id) return
        this.#read = undefined
        this.#tell({ type: 'origin-failed', why })
      })
    const go = (piece: number) => {
      if (this.#read !== id) return
      if (this.#origin === 'down') return fails('trouble', ORIGIN_PATIENCE_MS)
      if (this.#origin === 'gone') return fails('final', 0)
      if (this.#origin === 'hangs') return
      if (how === 'rest' && this.#origin === 'no-ranges') return fails('no-ranges', 0)
      const shown = this.#origin === 'other-version' ? 'B' : 'A'
      if (shown !== (this.#version ?? shown)) return fails('changed', 0)
      this.#version = shown
      if (piece === PIECES) {
        this.#read = undefined
        this.#tell({ type: 'origin-ended' })
        this.#learn(PIECES, true)
        return
      }
      this.#after(PIECE_MS, () => {
        if (this.#read !== id || ['down', 'gone', 'hangs'].includes(this.#origin)) return go(piece)
        this.#tell({ type: 'origin-progress' })
        this.#gain(piece)
        go(piece + 1)
      })
    }
    this.#after(2 * LATENCY_MS, () => go(from))
  }

  /** As the swarm does: a single piece, when nothing else gives it. */
  #rangeLater(): void {
    this.#after(4000, () => {
      if (!this.#offersRanges || this.#ranges > 0 || this.#outcome !== undefined) return
      const piece = Array.from({ length: this.#known }, (_, i) => i).find(i => !this.#have.has(i))
      if (piece === undefined) return this.#rangeLater()
      expect(this.#read, 'a range beside a read').to.equal(undefined)
      const id = this.#ids++
      this.#range = id
      this.#count(1)
      if (this.#origin === 'hangs') return
      this.#after(this.#origin === 'down' ? ORIGIN_PATIENCE_MS : PIECE_MS, () => {
        if (this.#range !== id || this.#ranges === 0) return
        this.#count(-1)
        const shown = this.#origin === 'other-version' ? 'B' : 'A'
        if (this.#origin === 'down') this.#tell({ type: 'range-failed' })
        else if (this.#origin === 'no-ranges' || shown !== this.#version) this.#tell({ type: 'ranges-refused' })
        else if (this.#origin === 'up' || this.#origin === 'other-version') this.#gain(piece)
        this.#rangeLater()
      })
    })
  }

  #count(change: 1 | -1): void {
    this.#ranges += change
    this.#tell({ type: 'ranges', active: this.#ranges })
  }

  #after(ms: number, run: () => void): void {
    this.#at(this.#now + ms, run)
  }

  #at(at: number, run: () => void): void {
    this.#queue.push({ at, sequence: this.#sequence++, run })
  }
}

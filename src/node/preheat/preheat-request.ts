// One errand at one seed: asks it for a task, and waits until it has all of it.
import { setTimeout as sleep } from 'node:timers/promises'
import { CID } from 'multiformats/cid'
import { DragonflyError } from '../../core/errors.ts'
import type { ManifestHead } from '../../core/manifest.ts'
import { sameBytes } from '../../core/piece.ts'
import { makeProof, type Task } from '../../core/task.ts'
import { type Exchange, LinkRefused } from '../../net/exchange.ts'
import type { Host } from '../../net/host.ts'
import { resolve } from '../../net/resolve.ts'
import { errorOf, type Resolved } from '../../wire/codec-resolve.ts'
import { digestMismatch } from '../content/stored-version.ts'
import { Changes } from '../context/changes.ts'
import { now } from '../context/node-context.ts'
import type { ManifestTrust } from '../session/manifest-trust.ts'
import { askGrant } from '../sources/grant-renewal.ts'
import type { LivenessProbe } from './liveness-probe.ts'
import { ProgressLink } from './progress-link.ts'

const CONNECT_TIMEOUT_MS = 10_000
/** A seed that has the content already says so at once. */
const LOOK_TIMEOUT_MS = 3000
/** Between two tries to link up with a seed that is busy, or has just begun anew. */
const LINK_AGAIN_MS = 500
/** A seed that says it works on the task, and lets nobody look for so long, cannot be waited for. */
const NO_LINK_MS = 30_000
const PULSE_MS = 5000
/** The seed may have to ask the origin. */
const GRANT_TIMEOUT_MS = 40_000

export interface PreheatTarget {
  task: Task
  /** sha2-256 that the whole content must have; undefined: none was given. */
  wanted: Uint8Array | undefined
  trusting: ManifestTrust
  onProgress(bytes: number, length: number | undefined): void
}

/** What the visits of one node share. */
export interface Ways {
  host: Host
  exchange: Exchange
  pulse: LivenessProbe
}

export class PreheatRequest {
  readonly #ways: Ways
  readonly #seed: { peer: string; address: string }
  readonly #errand: PreheatTarget
  readonly #changes = new Changes()
  readonly #left = new AbortController()
  readonly #signal: AbortSignal
  #link: ProgressLink | undefined
  #resolved: Resolved | undefined
  /** A newer one than that of the answer. */
  #grant: Uint8Array | undefined

  constructor(ways: Ways, seed: { peer: string; address: string }, errand: PreheatTarget, signal: AbortSignal) {
    this.#ways = ways
    this.#seed = seed
    this.#errand = errand
    this.#signal = AbortSignal.any([signal, this.#left.signal])
  }

  /** Resolves when the seed has everything; rejects with what it says, or when it cannot be reached or has gone. Once only. */
  async run(): Promise<{ bytes: number; alreadyThere: boolean }> {
    try {
      await this.#ways.host.connect([this.#seed.address], this.#within(CONNECT_TIMEOUT_MS))
      const before = await this.#wholeVersion()
      this.#inBackground(this.#ask())
      this.#inBackground(this.#feelPulse())
      while (this.#resolved === undefined) await this.#changes.next(this.#signal)
      const bytes = await this.#untilWhole(this.#resolved)
      // what is shared by grants has a topic of its own, and nobody hears of it before he has one
      const isOtherUrls = this.#resolved.grant === undefined && !sameBytes(this.#resolved.topic, this.#topic)
      return { bytes, alreadyThere: isOtherUrls || before === this.#resolved.version }
    } finally {
      this.#left.abort()
      this.#link?.close()
    }
  }

  /**
   * The version that the seed has all of; undefined: of none. Only before it is asked to fetch can it be heard what was there.
   * A seed that has just begun is left alone: it reads the origin sooner while nobody is there.
   */
  async #wholeVersion(): Promise<string | undefined> {
    try {
      const link = await this.#dial('')
      if (link.version === '') return void link.close()
      this.#link = link
      const patience = this.#within(LOOK_TIMEOUT_MS)
      while (!link.holding.isTold && !link.isOver && !patience.aborted) await this.#changes.next(patience).catch(ignoreWait)
      this.#changes.throwIfFailed()
      return link.holding.isWhole ? link.version : undefined
    } catch (error) {
      if (error instanceof LinkRefused) return undefined
      throw error
    }
  }

  // ---- asking

  async #ask(): Promise<void> {
    const { task, wanted } = this.#errand
    const request = {
      url: task.url,
      headers: task.headers,
      filter: [...task.filter],
      tag: task.tag,
      digest: wanted,
      revalidate: false,
    }
    for await (const reply of resolve(this.#ways.host, this.#seed.peer, request, this.#signal)) {
      if (reply.type === 'failed') throw errorOf(reply)
      if (reply.type !== 'resolved') continue
      this.#errand.trusting.current = { version: reply.version }
      this.#resolved = reply
      this.#changes.notify()
    }
    throw new DragonflyError('peer-refused', 'it stopped answering')
  }

  /** A seed may wait for its origin longer than for anything else; but it answers pings meanwhile. */
  async #feelPulse(): Promise<void> {
    for (;;) {
      await sleep(PULSE_MS, undefined, { signal: this.#signal })
      await this.#ways.pulse.beat(this.#seed.peer)
    }
  }

  #inBackground(work: Promise<void>): void {
    work.catch(error => {
      if (!this.#signal.aborted) this.#changes.fail(error)
    })
  }

  // ---- watching

  async #untilWhole(resolved: Resolved): Promise<number> {
    let linkedAt = now()
    for (;;) {
      const link = this.#linkAt(resolved.version)
      if (link === undefined) {
        if (now() - linkedAt > NO_LINK_MS) throw new DragonflyError('peer-refused', 'it does not tell what it has')
        await this.#linkUp(resolved)
        continue
      }
      linkedAt = now()
      const { bytes, length, isWhole } = link.holding
      this.#errand.onProgress(bytes, length ?? resolved.length)
      if (isWhole) return bytes
      await this.#changes.next(this.#signal)
    }
  }

  /** The link that stands, unless it is about another version. */
  #linkAt(version: string): ProgressLink | undefined {
    const link = this.#link
    if (link === undefined || link.isOver || link.version !== version) return undefined
    return link
  }

  async #linkUp({ topic, version, grant }: Resolved): Promise<void> {
    this.#changes.throwIfFailed()
    this.#link?.close()
    this.#link = undefined
    const link = await this.#dial(version, topic, this.#grant ?? grant).catch(async error => {
      if (!(error instanceof LinkRefused)) throw error
      if (grant !== undefined) await this.#renew(topic)
    })
    if (link?.version === version) this.#link = link
    else {
      link?.close()
      await sleep(LINK_AGAIN_MS, undefined, { signal: this.#signal })
    }
  }

  /** It may have been refused because ours has run out. */
  async #renew(topic: Uint8Array): Promise<void> {
    const patience = this.#within(GRANT_TIMEOUT_MS)
    this.#grant = await askGrant(this.#ways.host, this.#seed.peer, this.#errand.task, topic, patience)
  }

  async #dial(version: string, topic = this.#topic, grant?: Uint8Array): Promise<ProgressLink> {
    const { host, exchange } = this.#ways
    const { peer } = this.#seed
    const isOwn = sameBytes(topic, this.#topic)
    const proof = isOwn ? makeProof(this.#errand.task.secret, host.id, peer) : new Uint8Array()
    const about = { topic, proof, version, ...(grant && { grant }) }
    return await ProgressLink.dial(exchange, peer, about, this.#ears, this.#within(CONNECT_TIMEOUT_MS))
  }

  readonly #ears = {
    believes: (head: ManifestHead, signer: string): boolean => {
      const { trusting } = this.#errand
      if (trusting.isHopeless(head, signer)) throw digestMismatch()
      if (trusting.trustIn(head, signer) !== undefined) return true
      if (head.seal === undefined) return false
      throw new DragonflyError('untrusted', 'it has what somebody else has signed')
    },
    onChange: () => this.#changes.notify(),
    onHopeless: (error: unknown) => this.#changes.fail(error),
  }

  get #topic(): Uint8Array {
    return CID.parse(this.#errand.task.id).bytes
  }

  #within(ms: number): AbortSignal {
    return AbortSignal.any([this.#signal, AbortSignal.timeout(ms)])
  }
}

/** The time to wait is over, or a failure has come: who waited looks for himself. */
function ignoreWait(): void {}

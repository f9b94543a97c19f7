// A peer's downloads, one after the other, with its trouble in the middle of the first.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Actor } from './actor.ts'
import { sha256Hex } from './content.ts'
import { ProcessGone } from './crew.ts'
import { look } from './disk.ts'
import { type Circumstances, judge } from './judge.ts'
import type { Told } from './orders.ts'
import type { File } from './origin.ts'
import type { PeerPlan } from './plan.ts'
import type { World } from './world.ts'

/** A download has so long; longer than a frozen seed is waited for. */
const LIMIT_MS = 120_000
/** After so much more the harness gives up on the process. */
const MARGIN_MS = 30_000
const OLD = Buffer.from('an older file\n')

export class PeerRun {
  readonly #world: World
  readonly #peer: Actor
  readonly #plan: PeerPlan
  #tries = 0

  constructor(world: World, peer: Actor, plan: PeerPlan) {
    this.#world = world
    this.#peer = peer
    this.#plan = plan
  }

  async run(): Promise<void> {
    const { trouble, downloads, atOnce } = this.#plan
    const over = new AbortController()
    const suffering = trouble === undefined ? undefined : this.#suffer(over.signal)
    const first = atOnce ? downloads : downloads.slice(0, 1)
    const left = await Promise.all(first.map(file => this.#download(file)))
    over.abort()
    let hasSuffered = (await suffering) === true
    for (const file of [...left.filter(file => file !== undefined), ...downloads.slice(first.length)]) {
      if (trouble?.kind === 'kill' && !hasSuffered) hasSuffered = await this.#reopen(trouble)
      await this.#download(file)
    }
  }

  /** Freezes or kills in the middle of a download. Resolves when it is up again: to whether it was killed. */
  async #suffer(over: AbortSignal): Promise<boolean> {
    const { trouble } = this.#plan
    if (trouble === undefined || !(await sleep(trouble.atMs, true, { signal: over }).catch(() => false))) return false
    if (trouble.kind === 'kill') return await this.#reopen(trouble)
    await this.#peer.freeze(trouble.forMs)
    return false
  }

  async #reopen(trouble: { restartMs: number | undefined; flips: number }): Promise<true> {
    await this.#peer.kill()
    // its user tries again, always: what is torn is what was there
    await this.#peer.flip(trouble.flips)
    await sleep(trouble.restartMs ?? 0)
    await this.#peer.restart()
    return true
  }

  /** Resolves to the file when the process was killed meanwhile. */
  async #download(file: number): Promise<number | undefined> {
    const { name, digest: hasDigest, origin, replaces } = this.#plan
    const { presence, origin: theOrigin, files } = this.#world
    const output = path.join(this.#world.dir, `out-${name}-${this.#tries++}`, 'file.bin')
    await mkdir(path.dirname(output))
    if (replaces) await writeFile(output, OLD)
    presence.asksFor(name, file)
    const digest = hasDigest ? sha256Hex((files[file] as File)[0].body) : undefined
    const begun = performance.now()
    const order = { do: 'download', name, url: theOrigin.url(file), path: output, origin, limitMs: LIMIT_MS } as const
    const request = this.#peer.member.order<Told>({ ...order, digest: digest === undefined ? undefined : `sha256:${digest}` })
    const told = this.#blamed(await ended(request))
    const seconds = (performance.now() - begun) / 1000
    const facts = this.#facts(file, begun, digest, told === 'killed')
    const judgement = judge(told === 'killed' ? undefined : told, await look(output), facts)
    this.#world.judged.push({ round: this.#world.plan.round, who: name, seconds, ...judgement })
    this.#world.say(name, `file ${file}: ${judgement.verdict} after ${seconds.toFixed(2)} s ${judgement.why} ${briefly(told)}`)
    if (judgement.verdict === 'right') this.#holds(file, told)
    return told === 'killed' ? file : undefined
  }

  /** A process that ends without being killed has crashed. */
  #blamed(told: Ending): Told | 'killed' | undefined {
    if (!(told instanceof ProcessGone)) return told
    return this.#peer.isUp ? { code: 'none', message: `the process ${told.message}` } : 'killed'
  }

  #facts(file: number, begun: number, digest: string | undefined, wasKilled: boolean): Circumstances {
    const { presence, origin, plan } = this.#world
    const trusts = plan.seeds.length > 0 || plan.isFleet
    const cut = presence.wasCut(this.#plan.name, begun)
    // a member that none of those was there to name cannot be found
    const isKnown = (name: string) => plan.seeds.some(seed => seed.name === name) || this.#peer.knows.has(name)
    const hadSeed = presence.hadSeed(begun, isKnown) && !cut.others
    return {
      versions: this.#world.shown(file),
      before: this.#plan.replaces ? sha256Hex(OLD) : undefined,
      digest,
      originLies: plan.origin.requests.some(fault => fault.kind === 'wrong-length' || fault.kind === 'range-lie'),
      originReachable: origin.deadAt === undefined && ((this.#plan.origin && !cut.origin) || hadSeed),
      originChanged: origin.changedAt !== undefined,
      holder: cut.others
        ? undefined
        : presence.holder(
            file,
            begun,
            held => this.#peer.knows.has(held.name) && (digest !== undefined || (trusts && held.isSigned)),
          ),
      isLate: performance.now() - begun >= LIMIT_MS,
      smallDisk: this.#plan.store === 'small-disk',
      wasKilled,
    }
  }

  /** What it has it may give from now on, unless that is old or cannot be told from something else. */
  #holds(file: number, told: Told | 'killed' | undefined): void {
    const { plan, origin, presence } = this.#world
    if (told === undefined || told === 'killed' || !('receipt' in told)) return
    if (origin.changedAt !== undefined || plan.origin.names === 'nothing' || !this.#peer.isUp) return
    const { trust } = told.receipt
    presence.holds(this.#plan.name, file, trust === 'seed' || (trust === 'origin' && this.#peer.serves))
  }
}

type Ending = Told | ProcessGone | undefined

async function ended(request: Promise<Told>): Promise<Ending> {
  const patience = new AbortController()
  const late = sleep(LIMIT_MS + MARGIN_MS, undefined, { signal: patience.signal }).catch(() => undefined)
  try {
    return await Promise.race([request, late])
  } catch (error) {
    if (error instanceof ProcessGone) return error
    throw error
  } finally {
    patience.abort()
  }
}

function briefly(told: Told | 'killed' | undefined): string {
  if (told === undefined || told === 'killed' || !('receipt' in told)) return ''
  const { fromOrigin, fromPeers, fromSeeds, resumed, trust } = told.receipt
  return `(origin ${fromOrigin}, seeds ${fromSeeds}, peers ${fromPeers}, resumed ${resumed}, trust ${trust})`
}

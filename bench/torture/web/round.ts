// Performs one plan of an origin as the web has them: who downloads from it, alone or by seeds, killed or not, and how that ended.
import { mkdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeOptions } from '../../../src/node/api/node-options.ts'
import { ProcessGone } from '../crew.ts'
import { look } from '../disk.ts'
import { type Judgement, judge } from '../judge.ts'
import type { Told } from '../orders.ts'
import type { RoundResult } from '../round.ts'
import type { Judged } from '../world.ts'
import { commonEtag } from './answer.ts'
import { type CurlTold, curl } from './curl.ts'
import { Host, type Quarters } from './hosts.ts'
import type { WebPlan } from './plan.ts'
import { WebOrigin } from './server.ts'

/** A download has so long: several times what all retries and pauses of the longest take. */
const LIMIT_MS = 180_000
/** After so much more the harness gives up on the process. */
const MARGIN_MS = 30_000

type Ending = Told | 'killed' | undefined

/** Works in `dir`, which it removes. Never rejects. */
export async function runWebRound(plan: WebPlan, dir: string, quarters: Quarters): Promise<RoundResult> {
  const round = new WebRound(plan, dir, quarters)
  return await round.run()
}

class WebRound {
  readonly #plan: WebPlan
  readonly #dir: string
  readonly #quarters: Quarters
  readonly #origin: WebOrigin
  readonly #seeds: Host[]
  readonly #peers: Host[] = []
  readonly #judged: Judged[] = []
  readonly #log: string[] = []
  readonly #begun = performance.now()
  #tries = 0
  #isKilling: Promise<void> | undefined

  constructor(plan: WebPlan, dir: string, quarters: Quarters) {
    this.#plan = plan
    this.#dir = dir
    this.#quarters = quarters
    const pause = plan.kill && { at: plan.kill.at, call: () => this.#kill() }
    this.#origin = new WebOrigin(plan.origin, { log: line => this.#say('origin', line), pause })
    this.#seeds = Array.from({ length: plan.seeds }, (_, i) => this.#host(`seed${i}`, true, {}))
  }

  async run(): Promise<RoundResult> {
    const { ears } = this.#quarters
    ears.set(this.#key, (who, message) => this.#say(who, message))
    try {
      await mkdir(this.#dir, { recursive: true })
      await this.#origin.start()
      for (const seed of this.#seeds) await seed.start()
      await Promise.all(this.#plan.peers.map((_, i) => this.#runPeer(i)))
      await this.#isKilling
    } catch (error) {
      this.#judge('round', performance.now(), { verdict: 'failed', why: `harness: ${(error as Error).stack}` })
    } finally {
      await Promise.all(
        [...this.#seeds, ...this.#peers].map(host => host.stop().catch(error => this.#say(host.name, `${error}`))),
      )
      await this.#origin.stop()
      ears.delete(this.#key)
      await rm(this.#dir, { recursive: true, force: true, maxRetries: 3 })
    }
    const seconds = (performance.now() - this.#begun) / 1000
    return { plan: this.#plan, judged: this.#judged, log: this.#log, seconds }
  }

  #host(who: string, isSeed: boolean, options: NodeOptions): Host {
    const { kill, seeds } = this.#plan
    const isAlone = kill !== undefined && who === `${kill.whom}0`
    const network = seeds > 0 ? {} : { network: false }
    return new Host(`${this.#key}.${who}`, this.#dir, this.#quarters, { options: { ...network, ...options }, isSeed, isAlone })
  }

  /** A round may be run several times at once. */
  get #key(): string {
    return path.basename(this.#dir)
  }

  /** Whoever is to be killed, in the middle of a body. */
  async #kill(): Promise<void> {
    const { kill } = this.#plan
    const victim = kill?.whom === 'seed' ? this.#seeds[0] : this.#peers[0]
    if (victim?.isUp !== true) return
    this.#say(victim.name, 'is killed')
    await victim.kill()
    if (kill?.whom !== 'seed' || !kill.returns) return
    // the origin does not wait for that
    this.#isKilling = this.#startAgain(victim)
    this.#isKilling.catch(() => {})
  }

  async #startAgain(victim: Host): Promise<void> {
    await sleep(200)
    await victim.start()
    this.#say(victim.name, 'is back')
  }

  async #runPeer(i: number): Promise<void> {
    const { startMs, store, again } = this.#plan.peers[i] as WebPlan['peers'][number]
    const others = this.#peers.map(({ address }) => address).filter(address => address !== '')
    const seeds = this.#seeds.map(({ address }) => address)
    const stored = store === 'memory' ? { store } : {}
    const network = seeds.length > 0 ? { seeds, bootstrap: others } : {}
    const peer = this.#host(`peer${i}`, false, { ...network, ...stored })
    this.#peers[i] = peer
    await sleep(startMs)
    await peer.start()
    if ((await this.#download(peer, i)) === 'killed') {
      await peer.start()
      await this.#download(peer, i)
    }
    if (again) await this.#download(peer, i)
  }

  async #download(peer: Host, i: number): Promise<Ending> {
    const { origin, isStream } = this.#plan.peers[i] as WebPlan['peers'][number]
    const output = path.join(this.#dir, `out-${this.#tries++}`, 'file.bin')
    await mkdir(path.dirname(output))
    const requests = this.#origin.requests
    const begun = performance.now()
    const { url } = this.#origin
    const rest = { url, path: output, digest: undefined, origin, limitMs: LIMIT_MS, isStream }
    const told = blamed(await ended(peer.member.order<Told>({ do: 'download', name: peer.name, ...rest })), peer)
    const judgement = (await this.#wrongPart(output)) ?? (await this.#judgement(told, output))
    const final = judgement.verdict === 'excused' ? await this.#besideCurl(judgement, requests) : judgement
    this.#judge(peer.name, begun, final)
    return told
  }

  /** What a stream has given before it failed is the beginning of a version; nothing else is left. */
  async #wrongPart(output: string): Promise<Judgement | undefined> {
    const part = await readFile(`${output}.part`).catch(() => undefined)
    await rm(`${output}.part`, { force: true })
    const isBeginning = (body: Buffer) => part !== undefined && body.subarray(0, part.length).equals(part)
    if (part === undefined || this.#origin.versions.some(isBeginning)) return undefined
    return { verdict: 'wrong', why: `a stream gave ${part.length} bytes that no version begins with` }
  }

  async #judgement(told: Ending, output: string): Promise<Judgement> {
    const facts = {
      versions: this.#origin.hashes,
      before: undefined,
      digest: undefined,
      originLies: false,
      originReachable: false,
      originChanged: this.#origin.hasChanged,
      holder: undefined,
      smallDisk: false,
      wasKilled: told === 'killed',
    }
    const isLate = told !== undefined && typeof told === 'object' && 'code' in told && told.code === 'timeout'
    return judge(told === 'killed' || isLate ? undefined : told, await look(output), facts)
  }

  /** A failure is none where curl fails too, from the same request on, with what the killed one had or without. */
  async #besideCurl(judgement: Judgement, begun: number): Promise<Judgement> {
    // that a content is another now is told, and for good reasons: see docs/origins.md
    if (this.#origin.hasChanged && judgement.why.startsWith('origin-changed')) return judgement
    const { kill, origin } = this.#plan
    const output = path.join(this.#dir, `curl-${this.#tries++}`)
    const bytes = kill?.whom === 'peer' && begun > 0 ? Math.floor(kill.at * origin.length) : 0
    const etag = commonEtag(origin)
    const plain = await curl(origin, begun, output)
    const mayResume = bytes > 0 && etag !== undefined && !plain.isRight
    const resumed: CurlTold | undefined = mayResume ? await curl(origin, begun, output, { bytes, etag }) : undefined
    if (!plain.isRight && resumed?.isRight !== true) return { verdict: 'excused', why: `${judgement.why} (${plain.said})` }
    return { verdict: 'failed', why: `${judgement.why} (curl succeeds)` }
  }

  #judge(who: string, begun: number, { verdict, why }: Judgement): void {
    const seconds = (performance.now() - begun) / 1000
    this.#judged.push({ round: this.#plan.round, who, seconds, verdict, why })
    this.#say(who, `${verdict} after ${seconds.toFixed(2)} s ${why}`)
  }

  #say(who: string, line: string): void {
    this.#log.push(`${((performance.now() - this.#begun) / 1000).toFixed(3).padStart(8)} ${who}: ${line}`)
  }
}

/** A process that ends without being killed has crashed. */
function blamed(told: Told | ProcessGone | undefined, host: Host): Ending {
  if (!(told instanceof ProcessGone)) return told
  return host.isUp ? { code: 'none', message: `the process ${told.message}` } : 'killed'
}

async function ended(request: Promise<Told>): Promise<Told | ProcessGone | undefined> {
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

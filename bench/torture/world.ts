// What all nodes and downloads of a round share: its plan, origin and files, who was there when, what was judged, the log.
import { contentOf, sha256Hex } from './content.ts'
import type { Crew, Member } from './crew.ts'
import type { CutNetwork, Place } from './cut-network.ts'
import type { Judgement } from './judge.ts'
import { type File, TortureOrigin, type Version } from './origin.ts'
import type { Plan } from './plan.ts'
import { Presence } from './presence.ts'

export interface Judged extends Judgement {
  round: number
  who: string
  seconds: number
}

/** What all nodes and downloads of a round share. */
export class World {
  readonly plan: Plan
  readonly dir: string
  readonly crew: Crew
  /** Where nodes without trouble of their own live. */
  readonly commons: Member
  readonly origin: TortureOrigin
  /** IP address of the origin, and of nodes that are never cut off. */
  readonly address: string
  /** Hosts of the nodes that are cut off sooner or later, by name. */
  readonly places: ReadonlyMap<string, Place>
  /** Fleet file of all nodes. */
  fleet: string | undefined
  readonly presence = new Presence()
  readonly files: readonly File[]
  readonly judged: Judged[] = []
  readonly log: string[] = []
  readonly #begun = performance.now()

  constructor(plan: Plan, dir: string, crew: Crew, commons: Member, network?: CutNetwork) {
    this.plan = plan
    this.dir = dir
    this.crew = crew
    this.commons = commons
    this.commons.onEvent = (name, message) => this.say(name, message)
    this.files = plan.origin.lengths.map(
      (length, file) => [0, 1].map(n => versionOf(plan, file, length, n)) as [Version, Version],
    )
    const isCut = network !== undefined && plan.cuts.length > 0
    this.address = isCut ? network.address : '127.0.0.1'
    const names = new Set(isCut ? plan.cuts.flatMap(({ who }) => who) : [])
    this.places = new Map([...names].map(name => [name, (network as CutNetwork).take()]))
    this.origin = new TortureOrigin(plan.origin, this.files, this.address, line => this.say('origin', line))
  }

  say(who: string, line: string): void {
    this.log.push(`${((performance.now() - this.#begun) / 1000).toFixed(3).padStart(8)} ${who}: ${line}`)
  }

  /** sha256, hex, of what the origin has shown so far. */
  shown(file: number): string[] {
    return (this.files[file] as File).slice(0, this.origin.changedAt === undefined ? 1 : 2).map(({ body }) => sha256Hex(body))
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1000
  }
}

function versionOf(plan: Plan, file: number, first: number, n: number): Version {
  // the newer one is longer or shorter too
  const length = n === 0 ? first : Math.floor(first * (0.5 + (plan.round % 10) / 10))
  const body = contentOf(keyOf(plan, file, n), length)
  const lastModified = new Date(Date.UTC(2024, 0, 1 + n)).toUTCString()
  return { body, etag: `"${plan.seed}-${plan.round}-${n}"`, lastModified }
}

/** What makes the bytes of version `n` of a file. */
export function keyOf({ seed, round }: Plan, file: number, n: number): string {
  return `${seed}/${round}/${file}/${n}`
}

// The hosts of a round: nodes in a process that other rounds share, or, when one is to be killed, in one of their own.
import path from 'node:path'
import type { NodeOptions } from '../../../src/node/api/node-options.ts'
import type { Crew, Member } from '../crew.ts'
import type { Started } from '../orders.ts'

/** What the rounds of a lane share. */
export interface Quarters {
  crew: Crew
  commons: Member
  /** Who hears what a node says, by the name of the round. */
  ears: Map<string, (who: string, message: string) => void>
}

export class Host {
  readonly name: string
  address = ''
  readonly #quarters: Quarters
  readonly #options: NodeOptions
  readonly #isSeed: boolean
  readonly #isAlone: boolean
  #member: Member
  #isUp = false

  constructor(name: string, dir: string, quarters: Quarters, how: { options: NodeOptions; isSeed: boolean; isAlone: boolean }) {
    this.name = name
    this.#quarters = quarters
    this.#isSeed = how.isSeed
    this.#isAlone = how.isAlone
    const listen = how.options.network === false ? [] : [`/ip4/127.0.0.1/tcp/${quarters.crew.port()}`]
    this.#options = {
      home: path.join(dir, name),
      listen,
      persistentIdentity: true,
      allowOrigins: ['127.0.0.1'],
      ...how.options,
    }
    this.#member = quarters.commons
  }

  get member(): Member {
    return this.#member
  }

  get isUp(): boolean {
    return this.#isUp
  }

  async start(): Promise<void> {
    const { crew, commons, ears } = this.#quarters
    this.#member = this.#isAlone ? crew.hire() : commons
    if (this.#isAlone) this.#member.onEvent = (name, message) => ears.get(roundIn(name))?.(name, message)
    const order = { do: 'node', name: this.name, options: this.#options, isSeed: this.#isSeed } as const
    this.address = (await this.#member.order<Started>(order)).address
    this.#isUp = true
  }

  async kill(): Promise<void> {
    this.#isUp = false
    await this.#quarters.crew.dismiss(this.#member)
  }

  async stop(): Promise<void> {
    if (this.#isUp) await this.#member.order({ do: 'stop', name: this.name })
    this.#isUp = false
    if (this.#isAlone) await this.#quarters.crew.dismiss(this.#member)
  }
}

/** Nodes are named ROUND.WHO, the round by its folder. */
export function roundIn(name: string): string {
  return name.slice(0, name.indexOf('.'))
}

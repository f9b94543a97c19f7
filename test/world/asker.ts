// A host that asks seeds about contents and downloads nothing.
import { type Host, startHost } from '../../src/net/host.ts'
import { resolve } from '../../src/net/resolve.ts'
import type { ResolveReply, ResolveRequest } from '../../src/wire/codec-resolve.ts'
import { connect } from './connect.ts'
import type { World } from './world.ts'

/** What a host asks a seed that has nothing to add to the URL. */
export function requestFor(url: string, changes: Partial<ResolveRequest> = {}): ResolveRequest {
  return { url, headers: [], filter: [], tag: undefined, digest: undefined, revalidate: false, ...changes }
}

/** The next thing that a seed has to say: not that it is at work or waiting itself, which a starved host hears at any time. */
export async function nextAnswer(replies: AsyncGenerator<ResolveReply>): Promise<ResolveReply> {
  for (;;) {
    // a loop of its own would end the listening
    const { value } = await replies.next()
    if (value === undefined) throw new Error('no answer')
    if (value.type !== 'peers') return value
  }
}

export interface Seed {
  id: string
  address: string
}

export class Asker {
  readonly host: Host
  readonly #leaving = new AbortController()
  readonly #asking: AsyncGenerator<ResolveReply>[] = []

  /** For a host that is connected already; whoever started it ends it. */
  constructor(host: Host) {
    this.host = host
  }

  /** Connects to the seeds. Ends with the world. */
  static async start(world: World, ...seeds: readonly Seed[]): Promise<Asker> {
    const host = await startHost({ listen: [] })
    const asker = new Asker(host)
    world.atEnd(async () => {
      await asker.leave()
      await host.stop()
    })
    await Promise.all(seeds.map(({ address }) => connect(host, address)))
    return asker
  }

  /** Everything that the seed answers, until `leave`. */
  replies(seed: Seed, url: string, changes: Partial<ResolveRequest> = {}): AsyncGenerator<ResolveReply> {
    const replies = resolve(this.host, seed.id, requestFor(url, changes), this.#leaving.signal)
    this.#asking.push(replies)
    return replies
  }

  /** The same without what it says only to show that it is there. */
  async *answers(seed: Seed, url: string, changes: Partial<ResolveRequest> = {}): AsyncGenerator<ResolveReply> {
    for await (const reply of this.replies(seed, url, changes)) if (reply.type !== 'peers') yield reply
  }

  /** What the seed has to say: not that it is waiting itself. The request stays open until `leave`. */
  async ask(seed: Seed, url: string, changes: Partial<ResolveRequest> = {}): Promise<ResolveReply> {
    return await nextAnswer(this.replies(seed, url, changes))
  }

  /** Hangs up on every seed. */
  async leave(): Promise<void> {
    this.#leaving.abort()
    await Promise.allSettled(this.#asking.map(replies => replies.return(undefined)))
  }
}

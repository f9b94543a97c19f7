// A real seed and its memory, for attacks on that: an origin, strangers, and an honest download afterwards.
import { readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeTask, type Task } from '../../src/core/task.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import { resolve } from '../../src/net/resolve.ts'
import type { Resolved } from '../../src/wire/codec-resolve.ts'
import { Lab, LISTEN } from '../../test/e2e/lab.ts'
import { peakBytesOf, residentBytesOf } from '../process.ts'
import { MiB, mib } from '../report.ts'
import type { Figure } from './main.ts'

/** What the issue promises for H2, H6 and M6. */
const MOST_BYTES = 300 * MiB
/** Of the seed's memory nothing is said sooner than so long after the attack stands, ms. */
const STANDING_MS = 3000
const ASK_MS = 60_000

/** Path of a content that is never whole. */
export const UNENDING = '/unending'

export class SeedGround {
  readonly lab: Lab
  readonly pid: number
  readonly address: string
  readonly peerId: string
  /** Any path is a content of its own, a few bytes long; `UNENDING` has no end. */
  readonly originUrl: string
  readonly #before: number
  readonly #server: Server
  readonly #hosts: Host[] = []
  readonly #over = new AbortController()

  private constructor(lab: Lab, seed: { pid: number; address: string; peerId: string }, server: Server) {
    this.lab = lab
    this.pid = seed.pid
    this.address = seed.address
    this.peerId = seed.peerId
    this.#server = server
    this.originUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#before = residentBytesOf(seed.pid)
  }

  static async open(extra: readonly string[] = []): Promise<SeedGround> {
    const lab = await Lab.open()
    const server = createServer((request, response) => {
      const body = `content of ${request.url}`
      response.setHeader('etag', `"${request.url}"`)
      // one that never ends, and does not say how long it is
      if (request.url === UNENDING) response.write(body)
      else response.setHeader('content-length', body.length).end(body)
    })
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    return new SeedGround(lab, await lab.seed('seed', extra), server)
  }

  async close(): Promise<void> {
    this.#over.abort()
    await Promise.all(this.#hosts.map(host => host.stop()))
    this.#server.closeAllConnections()
    this.#server.close()
    await this.lab.close()
  }

  /** An identity with a connection to the seed. */
  async stranger(): Promise<Host> {
    const host = await startHost({ listen: [] })
    this.#hosts.push(host)
    await host.connect([this.address])
    return host
  }

  task(name: string): Task {
    return makeTask({ url: `${this.originUrl}/${name}` })
  }

  /** Asks for a content and goes on listening. Resolves to the answer; rejects when the seed does not want to. */
  async ask(host: Host, name: string): Promise<Resolved> {
    const { url } = this.task(name)
    const request = { url, headers: [], filter: [], tag: undefined, digest: undefined, revalidate: false }
    const replies = resolve(host, this.peerId, request, this.#over.signal)
    for (;;) {
      const { value, done } = await replies.next()
      if (done) throw new Error('the seed ended it')
      if (value.type === 'failed') throw new Error(`${value.code}: ${value.message}`)
      if (value.type !== 'resolved') continue
      void (async () => {
        for await (const _ of replies);
      })().catch(() => {})
      return value
    }
  }

  get files(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }

  /** Once the attack stands: whether the seed lives, within bounds, and serves somebody honest. */
  async figures(): Promise<Figure[]> {
    await sleep(STANDING_MS)
    const honest = this.lab.df(
      [
        'get',
        `${this.originUrl}/honest`,
        '-o',
        'honest',
        '--seed',
        this.address,
        '--no-origin',
        '--timeout',
        `${ASK_MS / 1000}s`,
        ...LISTEN,
      ],
      'honest',
    )
    const { code, stderr } = await honest.ended
    const peak = this.#peak()
    return [
      {
        what: 'peak memory of the seed, MiB',
        before: mib(this.#before),
        during: peak === undefined ? 'it died' : mib(peak),
        promised: `≤ ${mib(MOST_BYTES)}`,
        isKept: peak !== undefined && peak <= MOST_BYTES,
      },
      {
        what: 'an honest download through it',
        before: 'succeeds',
        during: code === 0 ? 'succeeds' : (stderr.trim().split('\n').at(-1) ?? 'fails'),
        promised: 'succeeds',
        isKept: code === 0,
      },
    ]
  }

  #peak(): number | undefined {
    try {
      return peakBytesOf(this.pid)
    } catch {
      return undefined
    }
  }
}

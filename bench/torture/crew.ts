// Processes of nodes: given orders, frozen, killed; some wait ready. Their program is bundled first: from the sources each start
// would cost most of a second of CPU.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { into, type Place } from './cut-network.ts'
import type { Message, Order } from './orders.ts'

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))
const SAID_KEPT = 4000
/** Linux gives ports from 32768 on to whoever asks for any. */
const FIRST_PORT = 12_000
const LAST_PORT = 32_000
/** CommonJS packages inside an ES module ask for Node's own modules by `require`. */
const BANNER = `import { createRequire as dragonflyCreateRequire } from 'node:module'
const require = dragonflyCreateRequire(import.meta.url)`

export class ProcessGone extends Error {}

export class Member {
  /** Told of what its nodes say. */
  onEvent: (name: string, message: string) => void = () => {}
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  readonly #gone: Promise<unknown>
  #orders = 0
  #said = ''
  #isGone = false

  /** `place`: the host that it is on. Default: that of the harness. */
  constructor(dir: string, program: string, place?: Place) {
    this.#child = fork(program, {
      ...(place && { execPath: 'nsenter', execArgv: [...into(place), process.execPath] }),
      env: { ...process.env, DRAGONFLY_HOME: path.join(dir, 'home'), DRAGONFLY_SEEDS: '' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // a signal for the harness is not for them: they go when it does
      detached: true,
    })
    for (const output of [this.#child.stdout, this.#child.stderr])
      output?.on('data', text => {
        this.#said = (this.#said + text).slice(-SAID_KEPT)
      })
    this.#child.on('message', message => this.#hear(message as Message))
    this.#gone = once(this.#child, 'close').then(([code, signal]) => {
      this.#isGone = true
      for (const { reject } of this.#waiting.values()) reject(new ProcessGone(`ended (${signal ?? code}) ${this.#said}`))
      this.#waiting.clear()
    })
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Resolves to the answer. Rejects with what failed, or `ProcessGone`. */
  async order<T>(order: Order): Promise<T> {
    if (this.#isGone) throw new ProcessGone(this.#said)
    const id = this.#orders++
    const answer = Promise.withResolvers<unknown>()
    answer.promise.catch(() => {})
    this.#waiting.set(id, answer)
    this.#child.send({ id, order }, error => error !== null && answer.reject(new ProcessGone(error.message)))
    return (await answer.promise) as T
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** As kill -9 does. Resolves when it has ended. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }

  #hear(message: Message): void {
    if (message.type === 'event') return this.onEvent(message.name, message.message)
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.type === 'answer') waiting?.resolve(message.value)
    else waiting?.reject(new Error(message.message))
  }
}

export class Crew {
  readonly #dir: string
  readonly #program: string
  readonly #spare: Member[] = []
  readonly #working = new Set<Member>()
  readonly #spares: number
  #nextPort = FIRST_PORT + ((process.pid * 131) % (LAST_PORT - FIRST_PORT))

  private constructor(dir: string, program: string, spares: number) {
    this.#dir = dir
    this.#program = program
    this.#spares = spares
    this.#refill()
  }

  /** A port that is not given twice, below those that the system gives to anybody: it is still free after a restart. */
  port(): number {
    for (;;) {
      const port = this.#nextPort
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1
      if (!isTaken(port)) return port
    }
  }

  /** `dir`: a folder for the program. `spares`: how many processes wait ready. */
  static async open(dir: string, spares: number): Promise<Crew> {
    const program = path.join(dir, 'worker.mjs')
    const how = { bundle: true, format: 'esm', platform: 'node', target: 'node22' } as const
    await build({ ...how, entryPoints: [WORKER], outfile: program, banner: { js: BANNER }, logLevel: 'warning' })
    return new Crew(dir, program, spares)
  }

  hire(place?: Place): Member {
    const member = (place === undefined ? this.#spare.shift() : undefined) ?? new Member(this.#dir, this.#program, place)
    this.#working.add(member)
    this.#refill()
    return member
  }

  async dismiss(member: Member): Promise<void> {
    this.#working.delete(member)
    await member.kill()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#spare, ...this.#working].map(member => member.kill()))
  }

  #refill(): void {
    while (this.#spare.length < this.#spares) this.#spare.push(new Member(this.#dir, this.#program))
  }
}

/** By another program of this host (Linux). */
function isTaken(port: number): boolean {
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  try {
    return readFileSync('/proc/net/tcp', 'latin1').includes(hex)
  } catch {
    return false
  }
}

// A process on a host of the bench: takes commands as lines, answers in lines of NDJSON, and is ended by its process id.
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import os from 'node:os'
import { type Host, onHost } from './topology.ts'

export interface Command {
  command: string
  args: readonly string[]
  env?: NodeJS.ProcessEnv
  cwd?: string
}

/** A line that a process printed, with the time it came (performance.now() of the bench). */
export interface Line {
  type: string
  at: number
  [field: string]: unknown
}

/** How long a process may take to end when asked to, in milliseconds. */
const PATIENCE = 5_000
/** Niceness: other work on this machine should wait, not be measured. */
const NICENESS = -10
/** What is kept of a process's complaints. */
const MAX_COMPLAINT = 4_000

export class Participant {
  readonly name: string
  readonly host: Host
  readonly lines: Line[] = []
  readonly startedAt = performance.now()
  complaint = ''
  wasKilled = false
  readonly #child: ChildProcess
  readonly #over: Promise<void>
  #isOver = false
  #ending = ''
  #rest = ''
  #waiting: (() => void)[] = []

  constructor(name: string, host: Host, { command, args, env, cwd }: Command) {
    this.name = name
    this.host = host
    const [file, all] = onHost(host, command, args)
    // a group of its own: Ctrl-C is for the bench, which then ends everything in order
    this.#child = spawn(file, all, { env: { ...process.env, ...env }, cwd, stdio: 'pipe', detached: true })
    if (this.#child.pid !== undefined) prefer(this.#child.pid)
    this.#over = new Promise(resolve => {
      this.#child.once('close', (code, signal) => {
        this.#ending = `ended with ${signal ?? code}`
        this.#end(resolve)
      })
      this.#child.once('error', error => {
        this.complaint += error.message
        this.#end(resolve)
      })
    })
    this.#child.stdin?.on('error', () => {})
    this.#child.stdout?.on('data', chunk => this.#hear(String(chunk)))
    this.#child.stderr?.on('data', chunk => {
      this.complaint = (this.complaint + chunk).slice(-MAX_COMPLAINT)
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** The process that does the work, where that is one that the process has started: it says so as it gets ready. */
  get workerPid(): number {
    return Number(this.lines.find(line => line.type === 'ready')?.pid ?? this.pid)
  }

  get isOver(): boolean {
    return this.#isOver
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Closes its standard input: the bench needs nothing more of it. */
  dismiss(): void {
    this.#child.stdin?.end()
  }

  /** The first line of this type; rejects when the process fails or ends without one. */
  async line(type: string, signal?: AbortSignal): Promise<Line> {
    for (;;) {
      const found = this.lines.find(line => line.type === type)
      if (found !== undefined) return found
      const failed = this.lines.find(line => line.type === 'error')
      if (failed !== undefined || this.#isOver)
        throw new Error(`${this.name} ${failed?.message ?? this.#ending}: ${this.complaint}`)
      signal?.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
      await promise
    }
  }

  /** Resolves when it has ended by itself. */
  async ended(): Promise<void> {
    await this.#over
  }

  /** As a crash would: nothing is said to anybody. */
  async kill(): Promise<void> {
    this.wasKilled = true
    this.#signal('SIGKILL')
    await this.#over
  }

  /** Asks it to end, then makes it. */
  async stop(): Promise<void> {
    if (this.#isOver) return
    this.dismiss()
    this.#signal('SIGTERM')
    const timer = setTimeout(() => this.#signal('SIGKILL'), PATIENCE)
    await this.#over
    clearTimeout(timer)
  }

  /** To the process and those that it started. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#isOver || this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, signal)
    } catch {
      // it has ended meanwhile
    }
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      if (!line.startsWith('{')) continue
      this.lines.push({ at: performance.now(), ...JSON.parse(line) })
    }
    this.#wake()
  }

  #end(resolve: () => void): void {
    this.#isOver = true
    resolve()
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** For the process, and for its session where the kernel shares processors between sessions (autogroup). */
function prefer(pid: number): void {
  try {
    os.setPriority(pid, NICENESS)
    writeFileSync(`/proc/${pid}/autogroup`, `${NICENESS}`)
  } catch {
    // it has ended, or this kernel has no such thing
  }
}

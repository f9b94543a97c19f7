// Writes a trace file: what a download's decider was told and what it answered.
import { constants, createWriteStream, type WriteStream } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { DragonflyError, fromSystemError } from '../../core/errors.ts'
import { checkTarget } from '../../store/output.ts'
import type { SwarmAction, SwarmEvent } from '../../swarm/events.ts'
import type { SwarmSetup } from '../../swarm/setup.ts'
import { encodeHeader, encodeStep } from '../../swarm/trace.ts'
import type { EventFacts } from '../api/events.ts'
import type { ActiveTask } from '../session/active-task.ts'
import type { SwarmObserver } from '../session/swarm-observer.ts'

/** Text is handed to the file in parts of so many characters. */
const PART_CHARS = 64 * 1024
/** What may wait for a slow disk; beyond it the trace is given up, for the download must not pay for it. */
const MAX_WAITING = 64 * 1024 * 1024

export class TraceFile implements SwarmObserver {
  readonly #stream: WriteStream
  readonly #versions: Record<string, string>
  readonly #emit: (facts: EventFacts) => void
  #part = ''
  /** The download itself, and every active task that still tells something. */
  #users = 1
  #hasBegun = false
  #isLost = false

  private constructor(stream: WriteStream, versions: Record<string, string>, emit: (facts: EventFacts) => void) {
    this.#stream = stream
    this.#versions = versions
    this.#emit = emit
    stream.on('error', error => this.#lose(error.message))
  }

  /** Replaces the file, never one that a symbolic link leads to. Rejects with `output-unwritable` or `no-space`; what goes wrong later is told by `emit`, once. */
  static async open(path: string, emit: (facts: EventFacts) => void): Promise<TraceFile> {
    try {
      const versions = { dragonfly: await ownVersion(), node: process.version }
      const file = await openTrace(path)
      return new TraceFile(createWriteStream(path, { fd: file }), versions, emit)
    } catch (error) {
      throw fromSystemError(error, 'output-unwritable', 'cannot write the trace')
    }
  }

  /** Records the active task's decider, as long as the active task lasts. It has to be one that has not begun. */
  watch(active: ActiveTask): void {
    if (active.manifest !== undefined) {
      this.#emit({ code: 'trace-missing' })
      return
    }
    this.#users++
    active.observers.add(this)
  }

  begun(setup: SwarmSetup): void {
    this.#hasBegun = true
    this.#write(() => encodeHeader({ date: new Date().toISOString(), versions: this.#versions, setup }))
  }

  told(event: SwarmEvent, at: number, actions: readonly SwarmAction[]): void {
    if (this.#hasBegun) this.#write(() => encodeStep({ at, event, actions }))
  }

  /** One user less; the last one waits until all is written. Never rejects. */
  async ended(): Promise<void> {
    if (--this.#users > 0) return
    this.#flush()
    this.#stream.end()
    await finished(this.#stream).catch(() => {})
  }

  #write(line: () => string): void {
    if (this.#isLost) return
    this.#part += `${line()}\n`
    if (this.#part.length >= PART_CHARS) this.#flush()
  }

  #flush(): void {
    if (this.#isLost) return
    if (this.#stream.writableLength > MAX_WAITING) return this.#lose('the disk is too slow for it')
    this.#stream.write(this.#part)
    this.#part = ''
  }

  #lose(why: string): void {
    if (this.#isLost) return
    this.#isLost = true
    this.#part = ''
    this.#stream.destroy()
    this.#emit({ code: 'trace-ended', reason: why })
  }
}

/** A device or a pipe may be behind a link, as /dev/stderr is; a file may not: somebody else may have put the link there. */
async function openTrace(path: string): Promise<FileHandle> {
  const isStream = (await checkTarget(path)) === 'stream'
  try {
    return await open(path, isStream ? constants.O_WRONLY : NEW_FILE, 0o666)
  } catch (error) {
    if (!isLink(error)) throw error
    throw new DragonflyError('output-unwritable', `cannot write the trace: ${path} is a symbolic link`, {
      hint: 'name the file itself with --trace',
      cause: error,
    })
  }
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW

/** As Linux and macOS say it, and as FreeBSD does. */
function isLink(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ELOOP' || code === 'EMLINK'
}

/** Sources, program and library lie at unlike depths below the package. */
async function ownVersion(): Promise<string> {
  for (const path of ['../../../package.json', '../../package.json', '../package.json']) {
    const json = await readFile(new URL(path, import.meta.url), 'utf8').catch(() => '{}')
    const [, version] = /"name": "dragonfly-p2p",\s*"version": "([^"]{1,64})"/.exec(json) ?? []
    if (version !== undefined) return version
  }
  return 'unknown'
}

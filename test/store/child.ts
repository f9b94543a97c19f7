// Real processes for the tests: started, heard line by line, told to go on, and killed without a warning.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'

export class Child {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #exited: Promise<unknown>

  /** Runs a TypeScript file beside this one; `env` is added to ours. */
  constructor(file: string, args: string | readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.process = this.spawn([process.execPath, new URL(file, import.meta.url).pathname, ...[args].flat()], {
      ...process.env,
      ...env,
    })
    this.#lines = (createInterface({ input: this.process.stdout as NodeJS.ReadableStream }) as Interface)[Symbol.asyncIterator]()
    this.#exited = once(this.process, 'exit')
  }

  protected spawn([command = '', ...args]: string[], env: NodeJS.ProcessEnv): ChildProcess {
    return spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] })
  }

  get pid(): number {
    return this.process.pid as number
  }

  /** The next line of its standard output; '' at the end. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    return done === true ? '' : value
  }

  tell(line: string): void {
    this.process.stdin?.write(`${line}\n`)
  }

  /** kill -9, without waiting for its death. */
  kill(): void {
    this.process.kill('SIGKILL')
  }

  async gone(): Promise<void> {
    this.process.stdin?.end()
    await this.#exited
  }
}

/** A child in a PID namespace of its own, as in a container. */
export class ContainedChild extends Child {
  protected override spawn(command: string[], env: NodeJS.ProcessEnv): ChildProcess {
    return super.spawn(['unshare', ...CONTAINED, ...command], env)
  }
}

/** Arguments of unshare(1); its child dies with it. */
export const CONTAINED = ['--pid', '--fork', '--kill-child', '--mount-proc']

/** Whether there can be such children; says so loudly when not. */
export function hasContainers(): boolean {
  const isHere = spawnSync('unshare', [...CONTAINED, 'true']).status === 0
  if (!isHere) console.warn('SKIPPED: cannot make a PID namespace here (needs root on Linux, and util-linux)')
  return isHere
}

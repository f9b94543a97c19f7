// Real processes for the tests: started, heard line by line, told to go on, and killed without a warning.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'

export class Child {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #exited: Promise<unknown>

  /** Runs a TypeScript file beside this one. */
  constructor(file: string, ...args: string[]) {
    const path = new URL(file, import.meta.url).pathname
    this.process = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#lines = (createInterface({ input: this.process.stdout as NodeJS.ReadableStream }) as Interface)[Symbol.asyncIterator]()
    this.#exited = once(this.process, 'exit')
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

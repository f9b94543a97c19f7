// Asks a credential helper: the program docker-credential-NAME of the host, with the registry on its standard input.
import { spawn } from 'node:child_process'
import { DragonflyError } from '../../core/errors.ts'
import { type Credential, parseHelperOutput } from './credential-files.ts'

/** It may ask a cloud for a token. */
const TIMEOUT_MS = 30_000
const MAX_OUTPUT = 64 * 1024
/** How helpers say that they have none (docker-credential-helpers); anything else is a failure. */
const NONE = /credentials not found|no credentials (?:server URL|username)/i

/**
 * Without a shell; `name` was checked. Undefined: it has no credentials of the registry. Rejects with `bad-option` when it cannot be
 * run, fails, takes too long or prints too much, and never repeats what it printed.
 */
export async function askHelper(
  name: string,
  key: string,
  env: NodeJS.ProcessEnv,
  timeoutMs = TIMEOUT_MS,
): Promise<Credential | undefined> {
  const program = `docker-credential-${name}`
  const { promise, resolve, reject } = Promise.withResolvers<Credential | undefined>()
  const failed = (why: string, cause?: unknown) =>
    reject(new DragonflyError('bad-option', `credential helper ${program} ${why}`, { cause, hint: `run ${program} get by hand` }))
  // a group of its own, so that what it has started ends with it
  const child = spawn(program, ['get'], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    shell: false,
    detached: true,
    windowsHide: true,
  })
  const end = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended
    }
  }
  const timer = setTimeout(() => {
    failed(`has not answered within ${timeoutMs / 1000} s`)
    end()
  }, timeoutMs)
  const output: Buffer[] = []
  let length = 0
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= MAX_OUTPUT) return void output.push(chunk)
    failed(`printed more than ${MAX_OUTPUT} bytes`)
    end()
  })
  // it may end without having read
  child.stdin.on('error', () => {})
  child.on('error', error =>
    failed((error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not installed' : 'cannot be run', error),
  )
  child.on('close', code => {
    const text = Buffer.concat(output).toString('utf8')
    if (code === 0) return resolve(parseHelperOutput(text))
    if (NONE.test(text)) return resolve(undefined)
    failed(code === null ? 'was stopped' : `ended with exit code ${code}`)
  })
  child.stdin.end(key)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
  }
}

// Runs the real launcher as a process of its own, and keeps what it said.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const DF = path.join(ROOT, 'bin', 'df')
export const DRAGONFLY = path.join(ROOT, 'bin', 'dragonfly')

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcessByStdio<null, Readable, Readable>
  /** What was said so far. */
  said: { stdout: string; stderr: string }
  /** Resolves once standard output or error matches; rejects when the process ends before. */
  says(what: RegExp): Promise<void>
  ended: Promise<Ended>
}

export interface RunOptions {
  /** Replaces the whole environment; undefined values are left out. */
  env?: NodeJS.ProcessEnv
  cwd?: string
}

export function start(command: string, args: string[], options: RunOptions = {}): Running {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    said.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    said.stderr += text
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...said }))
  async function says(what: RegExp): Promise<void> {
    while (!what.test(said.stdout) && !what.test(said.stderr)) {
      const over = await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended])
      if ('code' in over && !what.test(said.stdout + said.stderr))
        throw new Error(`ended without ${what}: ${JSON.stringify(over)}`)
    }
  }
  return { child, said, says, ended }
}

export function run(command: string, args: string[], options: RunOptions = {}): Promise<Ended> {
  return start(command, args, options).ended
}

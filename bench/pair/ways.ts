// The ways to bring one file from one process to another on this machine.
import { execFileSync } from 'node:child_process'
import { cp } from 'node:fs/promises'
import path from 'node:path'
import { type Lab, LISTEN } from '../../test/e2e/lab.ts'
import type { Need } from '../swarm/tools/tool.ts'
import type { Receiver } from './receive.ts'

export interface Way {
  name: string
  needs: readonly Need[]
  /** Starts the sender, which stays for all runs. `file`: the folder it is in is served by nginx at `url`. */
  start(lab: Lab, file: string, nginx: { pid: number; url: string }): Promise<Pair>
}

export interface Pair {
  /** Process id. */
  sender: number
  receiver: Receiver
  output: string
  /** What a run leaves besides the output; removed before the next. */
  leavings?: readonly string[]
  stop?(): Promise<void>
}

/** An HTTP client that reads from nginx. */
function http(name: string, program: string, args: (url: string, output: string) => string[]): Way {
  return {
    name,
    needs: [{ program, install: program.replace(/c$/, '') }],
    async start(lab, _file, { pid, url }) {
      const output = lab.path(`by-${program}`)
      return { sender: pid, output, receiver: { command: program, args: args(url, output), done: 'end' } }
    },
  }
}

export const curl: Way = {
  ...http('curl', 'curl', (url, output) => ['-sSf', '-o', output, url]),
  needs: [{ program: 'curl', install: 'curl' }],
}

export const HTTP: readonly Way[] = [
  curl,
  { ...http('wget', 'wget', (url, output) => ['-q', '-O', output, url]), needs: [{ program: 'wget', install: 'wget' }] },
  http('aria2c, 4 connections', 'aria2c', (url, output) => [
    ...['--no-conf', '--quiet', '-x4', '-s4', '--file-allocation=none', '--allow-overwrite=true'],
    ...['-d', path.dirname(output), '-o', path.basename(output), url],
  ]),
]

/** Two plain Node processes that do the same work: encrypt, hash, write. */
export const limit: Way = {
  name: 'the limit: two plain Node processes',
  needs: [{ program: 'openssl', install: 'openssl' }],
  async start(lab, file) {
    const [key, certificate] = [lab.path('limit-key.pem'), lab.path('limit-cert.pem')]
    const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=limit'.split(' ')
    execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', certificate], { stdio: 'ignore' })
    const script = (name: string) => ['--disable-warning=ExperimentalWarning', path.join(import.meta.dirname, name)]
    const sender = lab.run(process.execPath, [...script('limit-send.ts'), file, key, certificate])
    const { port } = await sender.line('ready')
    const output = lab.path('by-limit')
    const heap = ['--max-semi-space-size=2', '--heap-growing-percent=200']
    const args = [...heap, ...script('limit-receive.ts'), `${port}`, output]
    return { sender: sender.pid, output, receiver: { command: process.execPath, args, done: 'end' } }
  },
}

/** As a package has it: without sources beside what was built. `root`: the checkout. Resolves to its df. */
export async function installed(root: string, to: string): Promise<string> {
  for (const part of ['bin', 'dist', 'package.json']) await cp(path.join(root, part), path.join(to, part), { recursive: true })
  return path.join(to, 'bin', 'df')
}

/** `df`: the program; `node`: what runs it; `mark`: tells these ways from others of the same run. */
export function dragonfly(df: string, node = process.execPath, mark = ''): readonly [alone: Way, warm: Way] {
  const get = (lab: Lab, url: string, more: readonly string[]) => {
    const output = lab.path(`by-df${mark}`)
    const env = { DRAGONFLY_HOME: lab.path(`home${mark}`), DRAGONFLY_SEEDS: '', DRAGONFLY_NODE: node }
    const receiver: Receiver = {
      command: df,
      args: ['get', '--quiet', '--no-daemon', ...more, '-o', output, url],
      env,
      done: 'end',
    }
    return { receiver, output }
  }
  return [
    {
      name: `df get, alone${mark}`,
      needs: [],
      start: async (lab, _file, { pid, url }) => ({ sender: pid, ...get(lab, url, []) }),
    },
    {
      name: `df get, from a warm seed${mark}`,
      needs: [],
      async start(lab, _file, { url }) {
        const args = ['seed', 'start', '--json', ...LISTEN, '--allow-origin', '127.0.0.1']
        const seed = lab.run(df, args, `seed${mark}`, { DRAGONFLY_NODE: node })
        const [address = ''] = (await seed.line('ready')).addresses as string[]
        return { sender: seed.pid, ...get(lab, url, ['--no-origin', '--seed', address]) }
      },
    },
  ]
}

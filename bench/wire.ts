// Counts what passes on the loopback of a network namespace of our own, where nobody else is heard.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const SAMPLE_MS = 10
/** Set in the process that runs in a namespace of its own. */
const INSIDE = 'DRAGONFLY_BENCH_WIRE'

/** Runs this program again in a namespace of its own, and answers with its exit code; undefined: go on here. */
export function runInNamespace(): number | undefined {
  if (process.env[INSIDE] !== undefined) return undefined
  if (spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' }).status !== 0) return undefined
  const inside = ['-n', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"', process.execPath, ...process.argv.slice(1)]
  const { status } = spawnSync('unshare', inside, { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } })
  return status ?? 1
}

export class Wire {
  readonly #samples: { at: number; bytes: number }[] = []
  readonly #timer: NodeJS.Timeout

  constructor() {
    this.#timer = setInterval(() => this.#samples.push({ at: performance.now(), bytes: loopbackBytes() }), SAMPLE_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Largest rate over some `ms` between two times, bytes a second; undefined where others are heard, too. */
  mostRate(ms: number, from: number, to: number): number | undefined {
    if (process.env[INSIDE] === undefined) return undefined
    const within = this.#samples.filter(({ at }) => at >= from && at < to)
    let most = 0
    let end = 0
    for (const first of within) {
      while (end < within.length && (within[end]?.at ?? 0) - first.at < ms) end++
      const last = within[end]
      if (last !== undefined) most = Math.max(most, (1000 * (last.bytes - first.bytes)) / (last.at - first.at))
    }
    return most
  }
}

function loopbackBytes(): number {
  const [, bytes] = /^\s*lo:\s*(\d+)/m.exec(readFileSync('/proc/self/net/dev', 'utf8')) ?? []
  return Number(bytes)
}

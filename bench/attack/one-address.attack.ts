// One address holds more idle connections than a seed has room for, while honest hosts download from it.
import { connect, type Socket } from 'node:net'
import { Lab } from '../../test/e2e/lab.ts'
import { MiB } from '../report.ts'
import type { Attack, Figure } from './main.ts'
import { shareOf, TwoSeeds } from './two-seeds.ts'

/** More than a seed lets in. */
const CONNECTIONS = 3000
const FROM = '127.0.0.66'
const BYTES = 128 * MiB
const RUNS = 4
/** Between two looks at which of them are gone, milliseconds. */
const AGAIN_MS = 500

export const attack: Attack = {
  what: `one address keeps ${CONNECTIONS} idle connections to a seed; honest hosts of another one download ${BYTES / MiB} MiB`,
  run,
}

async function run(say: (line: string) => void): Promise<Figure[]> {
  const lab = await Lab.open()
  const idle = new IdleConnections()
  try {
    const { url } = await lab.nginx()
    const seeds = await TwoSeeds.start(lab, { origin: url, bytes: BYTES }, say)
    const { undisturbed, attacked } = seeds
    idle.hold(Number(/\/tcp\/(\d+)/.exec(attacked)?.[1]))
    const warm = await Promise.all([seeds.download(undisturbed), seeds.download(attacked)])
    const outcome = await seeds.inTurns(RUNS)
    const failed = warm.filter(({ failure }) => failure !== undefined).length + outcome.failures.length
    const most = idle.most
    return [
      shareOf(outcome),
      { what: 'downloads that failed', before: '0', during: `${failed}`, promised: '0', isKept: failed === 0 },
      { what: 'idle connections at a time', before: '0', during: `${most}`, promised: '> 1,000', isKept: most > 1000 },
    ]
  } finally {
    idle.end()
    await lab.close()
  }
}

/** Those that the seed ends are opened anew. */
class IdleConnections {
  readonly #sockets = new Set<Socket>()
  #timer: NodeJS.Timeout | undefined
  most = 0

  hold(port: number): void {
    const fill = () => {
      this.most = Math.max(this.most, [...this.#sockets].filter(s => s.readyState === 'open').length)
      while (this.#sockets.size < CONNECTIONS) {
        const socket = connect({ port, host: '127.0.0.1', localAddress: FROM })
        socket.on('error', () => {})
        socket.once('close', () => this.#sockets.delete(socket))
        this.#sockets.add(socket)
      }
    }
    fill()
    this.#timer = setInterval(fill, AGAIN_MS)
  }

  end(): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
  }
}

// One address holds more idle connections than a seed has room for, while honest hosts download from it.
import { connect, type Socket } from 'node:net'
import { Lab } from '../../test/e2e/lab.ts'
import { randomFile } from '../material.ts'
import { MiB, median } from '../report.ts'
import type { Attack, Figure } from './main.ts'

/** More than a seed lets in. */
const CONNECTIONS = 3000
const FROM = '127.0.0.66'
const BYTES = 128 * MiB
const RUNS = 4
const LEAST_SHARE = 0.8
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
    await randomFile(lab.path('www', 'a.bin'), BYTES)
    const place = `${url}/a.bin`
    const start = async (home: string) => {
      const { address } = await lab.seed(home)
      await lab.df(['preheat', place, '--seed', address]).ended
      return address
    }
    const undisturbed = await start('undisturbed')
    const attacked = await start('attacked')
    let failed = 0
    const honest = async (seed: string) => {
      const begun = performance.now()
      const { code, stderr } = await lab.df(['get', place, '-o', '/dev/null', '--seed', seed, '--no-origin', '--quiet']).ended
      const seconds = (performance.now() - begun) / 1000
      if (code !== 0) failed++
      say(`${seed === attacked ? 'attacked' : 'undisturbed'}: ${seconds.toFixed(2)} s${code === 0 ? '' : ` ${stderr}`}`)
      return seconds
    }
    idle.hold(Number(/\/tcp\/(\d+)/.exec(attacked)?.[1]))
    const before: number[] = []
    const during: number[] = []
    await Promise.all([honest(undisturbed), honest(attacked)])
    // in turns, so that what else the machine does falls on both
    for (let i = 0; i < RUNS; i++) {
      before.push(await honest(undisturbed))
      during.push(await honest(attacked))
    }
    const share = median(before) / median(during)
    const most = idle.most
    return [
      {
        what: 'share of the undisturbed speed',
        before: '1',
        during: share.toFixed(2),
        promised: `≥ ${LEAST_SHARE}`,
        isKept: share >= LEAST_SHARE,
      },
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

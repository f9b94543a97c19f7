// Two seeds that have the same content, one of them attacked: how fast honest hosts download from each.
import type { Lab } from '../../test/e2e/lab.ts'
import { randomFile } from '../material.ts'
import { median } from '../report.ts'
import type { Figure } from './main.ts'

/** What an attack may leave of the undisturbed speed. */
const LEAST_SHARE = 0.8

export interface Download {
  seconds: number
  /** What it said on stderr; undefined: it succeeded. */
  failure: string | undefined
}

export class TwoSeeds {
  readonly #lab: Lab
  readonly #say: (line: string) => void
  /** URL of the content. */
  readonly url: string
  /** Multiaddr of the seed that is left alone. */
  readonly undisturbed: string
  readonly attacked: string

  private constructor(lab: Lab, say: (line: string) => void, place: { url: string; undisturbed: string; attacked: string }) {
    this.#lab = lab
    this.#say = say
    this.url = place.url
    this.undisturbed = place.undisturbed
    this.attacked = place.attacked
  }

  /** `origin`: URL of the lab's nginx; `flags`: more of the seeds. Both have the content. */
  static async start(
    lab: Lab,
    { origin, bytes, flags = [] }: { origin: string; bytes: number; flags?: readonly string[] },
    say: (line: string) => void,
  ): Promise<TwoSeeds> {
    await randomFile(lab.path('www', 'a.bin'), bytes)
    const url = `${origin}/a.bin`
    const start = async (home: string) => {
      const { address } = await lab.seed(home, [...flags])
      await lab.df(['preheat', url, '--seed', address]).ended
      return address
    }
    const undisturbed = await start('undisturbed')
    return new TwoSeeds(lab, say, { url, undisturbed, attacked: await start('attacked') })
  }

  async download(seed: string, flags: readonly string[] = ['--no-origin']): Promise<Download> {
    const begun = performance.now()
    const { code, stderr } = await this.#lab.df(['get', this.url, '-o', '/dev/null', '--seed', seed, '--quiet', ...flags]).ended
    const seconds = (performance.now() - begun) / 1000
    const failure = code === 0 ? undefined : stderr
    const name = ['df get', ...flags, seed === this.attacked ? 'attacked' : 'undisturbed'].join(' ')
    this.#say(`${name}: ${seconds.toFixed(2)} s${failure === undefined ? '' : ` ${failure}`}`)
    return { seconds, failure }
  }

  /** Seconds of so many downloads from each, in turns, so that what else the machine does falls on both. */
  async inTurns(runs: number, flags?: readonly string[]) {
    const before: Download[] = []
    const during: Download[] = []
    for (let i = 0; i < runs; i++) {
      before.push(await this.download(this.undisturbed, flags))
      during.push(await this.download(this.attacked, flags))
    }
    const secondsOf = (downloads: readonly Download[]) => median(downloads.map(({ seconds }) => seconds))
    return {
      before: secondsOf(before),
      during: secondsOf(during),
      failures: [...before, ...during].flatMap(d => d.failure ?? []),
    }
  }
}

export function shareOf({ before, during }: { before: number; during: number }, what = ''): Figure {
  const share = before / during
  return {
    what: `share of the undisturbed speed${what}`,
    before: '1',
    during: share.toFixed(2),
    promised: `≥ ${LEAST_SHARE}`,
    isKept: share >= LEAST_SHARE,
  }
}

// Sixteen identities claim every piece and send a few bytes every 2 s, while honest hosts download the same content.
import { makeTask } from '../../src/core/task.ts'
import { Lab } from '../../test/e2e/lab.ts'
import { ScriptedPeer } from '../../test/malicious/scripted-peer.ts'
import { trickles } from '../../test/malicious/trickles.ts'
import { randomFile } from '../material.ts'
import { MiB, median } from '../report.ts'
import type { Attack, Figure } from './main.ts'

const ATTACKERS = 16
const BYTES = 40 * MiB
const PIECES = BYTES / (MiB / 4)
/** Bytes a second that the seed sends: what an honest host waits for is the line, not the start of its process. */
const LINE = '8MiB'
const RUNS = 3
const LEAST_SHARE = 0.8
const KINDS = [
  { name: 'from the seed alone', flags: ['--no-origin'] },
  { name: 'from seed and origin', flags: [] },
]

export const attack: Attack = {
  what: `${ATTACKERS} identities claim every piece and send 1 byte or 4 KiB every 2 s; honest hosts download ${BYTES / MiB} MiB from a seed with ${LINE}/s`,
  run,
}

async function run(say: (line: string) => void): Promise<Figure[]> {
  const lab = await Lab.open()
  const attackers: ScriptedPeer[] = []
  try {
    const { url } = await lab.nginx({ limitRate: '8m' })
    await randomFile(lab.path('www', 'a.bin'), BYTES)
    const place = `${url}/a.bin`
    const start = async (home: string) => {
      const seed = await lab.seed(home, ['--upload-limit', LINE])
      await lab.df(['preheat', place, '--seed', seed.address]).ended
      return seed.address
    }
    const undisturbed = await start('undisturbed')
    const attacked = await start('attacked')
    const honest = async (seed: string, flags: readonly string[]) => {
      const begun = performance.now()
      const { code, stderr } = await lab.df(['get', place, '-o', '/dev/null', '--seed', seed, '--quiet', ...flags]).ended
      if (code !== 0) throw new Error(stderr)
      const seconds = (performance.now() - begun) / 1000
      say(`${['df get', ...flags].join(' ')}, ${seed === attacked ? 'attacked' : 'undisturbed'}: ${seconds.toFixed(2)} s`)
      return seconds
    }
    for (let i = 0; i < ATTACKERS; i++) attackers.push(await trickler(place, attacked, i % 2 === 0 ? 1 : 4096))
    const figures: Figure[] = []
    for (const { name, flags } of KINDS) {
      const before: number[] = []
      const during: number[] = []
      // in turns, so that what else the machine does falls on both
      for (let i = 0; i < RUNS; i++) {
        before.push(await honest(undisturbed, flags))
        during.push(await honest(attacked, flags))
      }
      const share = median(before) / median(during)
      figures.push({
        what: `share of the undisturbed speed, ${name}`,
        before: '1',
        during: share.toFixed(2),
        promised: `≥ ${LEAST_SHARE}`,
        isKept: share >= LEAST_SHARE,
      })
    }
    const asks = attackers.reduce((sum, { asks }) => sum + asks.length, 0)
    figures.push({ what: 'pieces that they were asked for', before: '0', during: `${asks}`, promised: '> 0', isKept: asks > 0 })
    return figures
  } finally {
    await Promise.all(attackers.map(attacker => attacker.stop()))
    await lab.close()
  }
}

/** The seed names it to those who come. */
async function trickler(url: string, seed: string, bytes: number): Promise<ScriptedPeer> {
  const attacker = await ScriptedPeer.start(makeTask({ url, headers: [] }), {})
  await trickles(attacker, PIECES, bytes)
  await attacker.say(seed)
  return attacker
}

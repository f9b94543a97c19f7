// Sixteen identities claim every piece and send a few bytes every 2 s, while honest hosts download the same content.
import { makeTask } from '../../src/core/task.ts'
import { Lab } from '../../test/e2e/lab.ts'
import { ScriptedPeer } from '../../test/malicious/scripted-peer.ts'
import { trickles } from '../../test/malicious/trickles.ts'
import { MiB } from '../report.ts'
import type { Attack, Figure } from './main.ts'
import { shareOf, TwoSeeds } from './two-seeds.ts'

const ATTACKERS = 16
const BYTES = 40 * MiB
const PIECES = BYTES / (MiB / 4)
/** Bytes a second that the seed sends: what an honest host waits for is the line, not the start of its process. */
const LINE = '8MiB'
const RUNS = 3
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
    const seeds = await TwoSeeds.start(lab, { origin: url, bytes: BYTES, flags: ['--upload-limit', LINE] }, say)
    for (let i = 0; i < ATTACKERS; i++) attackers.push(await trickler(seeds.url, seeds.attacked, i % 2 === 0 ? 1 : 4096))
    const figures: Figure[] = []
    for (const { name, flags } of KINDS) {
      const outcome = await seeds.inTurns(RUNS, flags)
      if (outcome.failures.length > 0) throw new Error(outcome.failures.join('\n'))
      figures.push(shareOf(outcome, `, ${name}`))
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

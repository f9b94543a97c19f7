// Six identities ask a seed for pieces and never read one, while honest hosts download the same content.

import { makeTask } from '../../src/core/task.ts'
import { encodeDataRequest } from '../../src/wire/codec-data.ts'
import { DATA_PROTOCOL } from '../../src/wire/protocols.ts'
import { Lab } from '../../test/e2e/lab.ts'
import { sendMessage } from '../../test/malicious/raw-stream.ts'
import { ScriptedPeer } from '../../test/malicious/scripted-peer.ts'
import { MiB } from '../report.ts'
import type { Attack, Figure } from './main.ts'
import { shareOf, TwoSeeds } from './two-seeds.ts'

const ATTACKERS = 6
const BYTES = 128 * MiB
const RUNS = 5
/** Until the first of them are known not to read; with the start of a process on a busy machine. */
const MOST_FIRST_SECONDS = 10

export const attack: Attack = {
  what: `${ATTACKERS} identities ask for pieces and never read; honest hosts download ${BYTES / MiB} MiB from the same seed`,
  run,
}

async function run(say: (line: string) => void): Promise<Figure[]> {
  const lab = await Lab.open()
  const attackers: ScriptedPeer[] = []
  try {
    const { url } = await lab.nginx()
    const seeds = await TwoSeeds.start(lab, { origin: url, bytes: BYTES }, say)
    const honest = async (seed: string) => {
      const { seconds, failure } = await seeds.download(seed)
      if (failure !== undefined) throw new Error(failure)
      return seconds
    }
    // both are warm, and have served somebody
    await honest(seeds.undisturbed)
    await honest(seeds.attacked)
    for (let i = 0; i < ATTACKERS; i++) attackers.push(await idleReader(seeds.url, seeds.attacked))
    say(`${ATTACKERS} that never read`)
    const first = await honest(seeds.attacked)
    const outcome = await seeds.inTurns(RUNS)
    if (outcome.failures.length > 0) throw new Error(outcome.failures.join('\n'))
    return [
      shareOf(outcome),
      {
        what: 'seconds of the download that is there when it begins',
        before: outcome.before.toFixed(1),
        during: first.toFixed(1),
        promised: `≤ ${MOST_FIRST_SECONDS} more`,
        isKept: first <= outcome.before + MOST_FIRST_SECONDS,
      },
    ]
  } finally {
    await Promise.all(attackers.map(attacker => attacker.stop()))
    await lab.close()
  }
}

async function idleReader(url: string, address: string): Promise<ScriptedPeer> {
  const idle = await ScriptedPeer.start(makeTask({ url, headers: [] }), {})
  const link = await idle.say(address)
  idle.join(link)
  const stream = await idle.stream(address, DATA_PROTOCOL)
  // what comes is left where it is
  stream.pause()
  await sendMessage(stream, encodeDataRequest(idle.hello(link.peer)))
  for (let piece = 0; piece < 64; piece++) await sendMessage(stream, encodeDataRequest({ type: 'ask', piece, load: 0 }))
  return idle
}

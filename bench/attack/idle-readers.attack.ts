// Six identities ask a seed for pieces and never read one, while honest hosts download the same content.

import { makeTask } from '../../src/core/task.ts'
import { encodeDataRequest } from '../../src/wire/codec-data.ts'
import { DATA_PROTOCOL } from '../../src/wire/protocols.ts'
import { Lab } from '../../test/e2e/lab.ts'
import { sendMessage } from '../../test/malicious/raw-stream.ts'
import { ScriptedPeer } from '../../test/malicious/scripted-peer.ts'
import { randomFile } from '../material.ts'
import { MiB, median } from '../report.ts'
import type { Attack, Figure } from './main.ts'

const ATTACKERS = 6
const BYTES = 128 * MiB
const RUNS = 5
const LEAST_SHARE = 0.8
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
    await randomFile(lab.path('www', 'a.bin'), BYTES)
    const place = `${url}/a.bin`
    const start = async (home: string) => {
      const { address } = await lab.seed(home)
      await lab.df(['preheat', place, '--seed', address]).ended
      return address
    }
    const undisturbed = await start('undisturbed')
    const attacked = await start('attacked')
    const honest = async (seed: string) => {
      const begun = performance.now()
      const { code, stderr } = await lab.df(['get', place, '-o', '/dev/null', '--seed', seed, '--no-origin', '--quiet']).ended
      if (code !== 0) throw new Error(stderr)
      const seconds = (performance.now() - begun) / 1000
      say(`${seed === attacked ? 'attacked' : 'undisturbed'}: ${seconds.toFixed(2)} s`)
      return seconds
    }
    // both are warm, and have served somebody
    await honest(undisturbed)
    await honest(attacked)
    for (let i = 0; i < ATTACKERS; i++) attackers.push(await idleReader(place, attacked))
    say(`${ATTACKERS} that never read`)
    const first = await honest(attacked)
    const quiet: number[] = []
    const during: number[] = []
    // in turns, so that what else the machine does falls on both
    for (let i = 0; i < RUNS; i++) {
      quiet.push(await honest(undisturbed))
      during.push(await honest(attacked))
    }
    const before = median(quiet)
    const share = before / median(during)
    return [
      {
        what: 'share of the undisturbed speed',
        before: '1',
        during: share.toFixed(2),
        promised: `≥ ${LEAST_SHARE}`,
        isKept: share >= LEAST_SHARE,
      },
      {
        what: 'seconds of the download that is there when it begins',
        before: before.toFixed(1),
        during: first.toFixed(1),
        promised: `≤ ${MOST_FIRST_SECONDS} more`,
        isKept: first <= before + MOST_FIRST_SECONDS,
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

// H6: contents without number, of a few bytes each.
import type { Host } from '../../src/net/host.ts'
import type { Attack } from './main.ts'
import { SeedGround } from './seed-memory.ts'

const CONTENTS = 3000
/** Each holds on to as many contents as a connection has streams. */
const PEERS = 16
/** Questions of one peer under way at a time. */
const AT_ONCE = 4
/** Files that a seed may have open, whatever is asked of it. */
const MOST_FILES = 1024

export const attack: Attack = {
  what: `${PEERS} peers ask a seed for ${CONTENTS} contents of some bytes, and go on listening to every answer`,
  async run(say) {
    const ground = await SeedGround.open()
    try {
      const before = ground.files
      const hosts = await Promise.all(Array.from({ length: PEERS }, () => ground.stranger()))
      const names = Array.from({ length: CONTENTS }, (_, i) => `many-${i}`)
      let answered = 0
      const refusals = new Map<string, number>()
      const ask = async (host: Host) => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) {
          await ground.ask(host, name).then(
            () => answered++,
            error => refusals.set(error.message, (refusals.get(error.message) ?? 0) + 1),
          )
        }
      }
      await Promise.all(hosts.flatMap(host => Array.from({ length: AT_ONCE }, () => ask(host))))
      say(`${answered} were answered`)
      for (const [message, count] of refusals) say(`${count} × ${message}`)
      const during = ground.files
      return [
        {
          what: 'open files of the seed',
          before: `${before}`,
          during: `${during}`,
          promised: `≤ ${MOST_FILES}`,
          isKept: during <= MOST_FILES,
        },
        ...(await ground.figures()),
      ]
    } finally {
      await ground.close()
    }
  },
}

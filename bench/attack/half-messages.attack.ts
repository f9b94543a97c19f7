// M6: streams with half a first message.
import type { Host } from '../../src/net/host.ts'
import { writeStream } from '../../src/net/stream.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { DATA_PROTOCOL, EXCHANGE_PROTOCOL, RESOLVE_PROTOCOL } from '../../src/wire/protocols.ts'
import type { Attack } from './main.ts'
import { SeedGround } from './seed-memory.ts'

const PEERS = 16
/** For each protocol and peer. */
const STREAMS = 64
const KINDS = [
  { protocol: EXCHANGE_PROTOCOL, length: LIMITS.message },
  { protocol: DATA_PROTOCOL, length: LIMITS.requestMessage },
  { protocol: RESOLVE_PROTOCOL, length: LIMITS.requestMessage },
]

export const attack: Attack = {
  what: `${PEERS * STREAMS * KINDS.length} streams to a seed, each with all but the end of its first message`,
  async run(say) {
    const ground = await SeedGround.open()
    try {
      const hosts = await Promise.all(Array.from({ length: PEERS }, () => ground.stranger()))
      const opened = await Promise.all(hosts.flatMap(host => KINDS.map(kind => fill(ground, host, kind))))
      say(`${opened.reduce((a, b) => a + b, 0)} streams were filled`)
      return await ground.figures()
    } finally {
      await ground.close()
    }
  },
}

/** Resolves to how many streams took their half message. */
async function fill(ground: SeedGround, host: Host, { protocol, length }: (typeof KINDS)[number]): Promise<number> {
  let filled = 0
  for (let i = 0; i < STREAMS; i++) {
    try {
      const stream = await host.openStream(ground.peerId, protocol)
      await writeStream(stream, half(length), AbortSignal.timeout(5000))
      filled++
    } catch {
      // the seed did not want it
    }
  }
  return filled
}

/** A length, and a byte less than that. */
function half(length: number): Uint8Array {
  const prefix = [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14]
  return Uint8Array.from([...prefix, ...new Uint8Array(length - 1)])
}

// H2: piece digests without end, ahead of a head that never comes.
import { CID } from 'multiformats/cid'
import { MAX_PIECES, PIECE_DIGEST_LENGTH } from '../../src/core/piece.ts'
import { makeProof } from '../../src/core/task.ts'
import type { Host } from '../../src/net/host.ts'
import { readStream, writeStream } from '../../src/net/stream.ts'
import { encodeControl } from '../../src/wire/codec-control.ts'
import { prefixed } from '../../src/wire/framing.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { EXCHANGE_PROTOCOL } from '../../src/wire/protocols.ts'
import type { Attack } from './main.ts'
import { SeedGround, UNENDING } from './seed-memory.ts'

const LINKS = 36
/** For all links to have sent what they can, ms. */
const SENDING_MS = 30_000

export const attack: Attack = {
  what: `${LINKS} peers send a seed ${MAX_PIECES} piece digests each, and never the head that vouches for them`,
  async run(say) {
    const ground = await SeedGround.open()
    try {
      const keeper = await ground.stranger()
      await ground.ask(keeper, UNENDING.slice(1))
      const over = AbortSignal.timeout(SENDING_MS)
      const sent = await Promise.all(
        Array.from({ length: LINKS }, async () => await flood(ground, await ground.stranger(), over)),
      )
      say(`${sent.reduce((a, b) => a + b, 0)} digests were sent`)
      return await ground.figures()
    } finally {
      await ground.close()
    }
  },
}

/** Resolves to how many digests went out, when all have, the seed has ended the link, or the time is over. */
async function flood(ground: SeedGround, host: Host, signal: AbortSignal): Promise<number> {
  const { id, secret } = ground.task(UNENDING.slice(1))
  const stream = await host.openStream(ground.peerId, EXCHANGE_PROTOCOL)
  const proof = makeProof(secret, host.id, ground.peerId)
  const hello = { type: 'hello', topic: CID.parse(id).bytes, proof, version: '', manifestCount: 0, links: 0 } as const
  await writeStream(stream, prefixed(encodeControl(hello)), signal)
  void (async () => {
    for await (const _ of readStream(stream));
  })().catch(() => {})
  const digests = new Uint8Array(LIMITS.partDigests * PIECE_DIGEST_LENGTH)
  let from = 0
  try {
    for (; from < MAX_PIECES; from += LIMITS.partDigests) {
      await writeStream(stream, prefixed(encodeControl({ type: 'part', from, digests })), signal)
    }
  } catch {
    // it was enough for the seed
  }
  return from
}

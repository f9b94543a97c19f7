// Sequences of well-formed and mutated messages on real connections to a real seed, while an honest peer downloads from it.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Stream } from '@libp2p/interface'
import fc from 'fast-check'
import { writeStream } from '../../src/net/stream.ts'
import { encodeControl } from '../../src/wire/codec-control.ts'
import { encodeDataRequest } from '../../src/wire/codec-data.ts'
import { encodeResolveRequest } from '../../src/wire/codec-resolve.ts'
import { prefixed } from '../../src/wire/framing.ts'
import { DATA_PROTOCOL, EXCHANGE_PROTOCOL, RESOLVE_PROTOCOL } from '../../src/wire/protocols.ts'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { control, dataRequest, request } from '../wire/arbitraries.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { World } from '../world/world.ts'
import { Dice, mutated } from './mutation.ts'

const BODY = content('fuzz', 6 * PIECE + 5)
/** Connections at the same time. */
const TOGETHER = 4
const MAX_MESSAGES = 12

export interface Attack {
  seed: number
  links: number
}

export interface Attacked {
  /** Sent on all links. */
  messages: number
  /** What is wrong; undefined: nothing. */
  finding: string | undefined
}

/** Honest peers download before, during and after it: each gets the right bytes, and nothing in the process is thrown and not caught. */
export async function attackSeed({ seed, links }: Attack): Promise<Attacked> {
  const world = await World.open()
  const thrown: unknown[] = []
  const onThrown = (error: unknown) => thrown.push(error)
  process.on('unhandledRejection', onThrown)
  process.on('uncaughtException', onThrown)
  try {
    const origin = await world.origin(BODY)
    const seedNode = await world.seed()
    const honest = async () => {
      const { node } = await world.node({ seeds: [seedNode.address] })
      const path = world.path()
      await node.download(origin.url, path, { origin: false })
      return (await fileHash(path)) === hex(BODY)
    }
    const dice = new Dice(seed)
    const outcomes = [await honest()]
    let [begun, messages] = [0, 0]
    const lane = async () => {
      const villain = await world.scriptedPeer(origin.url)
      while (begun++ < links) messages += await oneLink(villain, seedNode.address, origin.url, dice)
    }
    await Promise.all([...Array.from({ length: TOGETHER }, lane), honest().then(isRight => outcomes.push(isRight))])
    outcomes.push(await honest())
    const wrong = outcomes.includes(false) ? 'an honest peer got other bytes' : undefined
    return { messages, finding: thrown.length > 0 ? `thrown and not caught: ${(thrown[0] as Error).stack}` : wrong }
  } catch (error) {
    return { messages: 0, finding: `an honest peer failed: ${(error as Error).stack}` }
  } finally {
    await world.close()
    process.off('unhandledRejection', onThrown)
    process.off('uncaughtException', onThrown)
  }
}

/** A stream of some protocol, messages as lots have it, and an end: in order, in the middle of a message, or by a reset. */
async function oneLink(villain: ScriptedPeer, address: string, url: string, dice: Dice): Promise<number> {
  const protocol = dice.of([EXCHANGE_PROTOCOL, EXCHANGE_PROTOCOL, DATA_PROTOCOL, RESOLVE_PROTOCOL])
  const examples = examplesOf(protocol, villain, address, url, dice)
  let sent = 0
  try {
    const stream = await villain.stream(address, protocol)
    const count = 1 + dice.roll(MAX_MESSAGES)
    for (; sent < count && stream.status === 'open'; sent++) {
      // a link that begins well gets further
      const isGood = sent === 0 ? dice.roll(4) > 0 : dice.roll(2) > 0
      const message = isGood && sent === 0 ? (examples[0] as Uint8Array) : isGood ? dice.of(examples) : mutated(examples, dice)
      await written(stream, dice.roll(20) === 0 ? message : prefixed(message).subarray())
      if (dice.roll(3) === 0) await sleep(dice.roll(10))
    }
    if (dice.roll(2) === 0) stream.abort(new Error('enough'))
    else await stream.close({ signal: AbortSignal.timeout(1000) }).catch(() => {})
  } catch {
    // refused, or ended by the other side: as it should be
  }
  return sent
}

async function written(stream: Stream, bytes: Uint8Array): Promise<void> {
  await Promise.race([writeStream(stream, bytes), sleep(1000)])
}

/** The first is a greeting that the seed accepts, and the others may come after it. */
function examplesOf(protocol: string, villain: ScriptedPeer, address: string, url: string, dice: Dice): Uint8Array[] {
  const drawn = <T>(arbitrary: fc.Arbitrary<T>, encode: (value: T) => Uint8Array) =>
    fc.sample(arbitrary, { numRuns: 10, seed: dice.roll(2 ** 30) }).map(encode)
  if (protocol === RESOLVE_PROTOCOL) {
    const plain = { url, headers: [], filter: [], tag: undefined, digest: undefined, revalidate: false }
    return [encodeResolveRequest(plain), ...drawn(request, encodeResolveRequest)]
  }
  const hello = villain.hello(address.split('/p2p/')[1] as string)
  if (protocol === DATA_PROTOCOL) return [encodeDataRequest(hello), ...drawn(dataRequest, encodeDataRequest)]
  return [encodeControl(hello), ...drawn(control, encodeControl)]
}

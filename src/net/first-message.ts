// The first message on a stream that a stranger has opened: until it is whole the stream counts against a budget of the host.
import { DragonflyError } from '../core/errors.ts'
import type { MessageChannel } from './channel.ts'
import type { MemoryBudget } from './memory-budget.ts'

/** A stream without a word, with its buffers and timers: what it costs at least, bytes. */
const STREAM_BYTES = 8 * 1024

/** Rejects with `protocol` when the stream ends before it, `timeout` after `ms`, `peer-refused` when room is needed for others. */
export async function firstMessage(channel: MessageChannel, peer: string, budget: MemoryBudget, ms: number): Promise<Uint8Array> {
  const holding = budget.hold(peer, () => {
    channel.abort(new DragonflyError('peer-refused', 'too many streams without a first message', { retryable: true }))
  })
  channel.onHeld = bytes => holding.resize(STREAM_BYTES + bytes)
  const timer = setTimeout(() => channel.abort(new DragonflyError('timeout', 'no first message in time')), ms).unref()
  try {
    holding.resize(STREAM_BYTES)
    const bytes = await channel.read()
    if (bytes === undefined) throw new DragonflyError('protocol', 'stream ended before a message')
    return bytes
  } finally {
    clearTimeout(timer)
    holding.release()
    channel.onHeld = undefined
  }
}

// Raw streams of a protocol, for whoever does not follow it.
import type { Stream } from '@libp2p/interface'
import { writeStream } from '../../src/net/stream.ts'
import { prefixed } from '../../src/wire/framing.ts'
import { until } from '../waiting.ts'

/** Bytes as one message behind its length. */
export async function sendMessage(stream: Stream, bytes: Uint8Array): Promise<void> {
  await writeStream(stream, prefixed(bytes))
}

/** How a stream ended: resolves when it has. */
export async function ended(stream: Stream): Promise<string> {
  await until(() => stream.status !== 'open' && stream.status !== 'closing', 'the stream ends')
  return stream.status
}

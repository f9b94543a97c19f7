// Where a connection's frames go.
import type { MessageStream } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { DirectStream } from '../direct-stream.ts'
import type { FrameOutput } from './frame-writer.ts'

/** The TLS socket itself where there is one; else libp2p's connection. */
export function outputOf(connection: MessageStream): FrameOutput {
  const write =
    connection instanceof DirectStream
      ? (parts: Uint8Array[]) => connection.writeDirectly(parts)
      : (parts: Uint8Array[]) => void connection.send(new Uint8ArrayList(...parts))
  return {
    get isOpen() {
      return connection.status === 'open'
    },
    get isFull() {
      return connection.writableNeedsDrain
    },
    write,
  }
}

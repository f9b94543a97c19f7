// Reads a socket into one buffer that is used again and again, as `onread` of a new connection does.
//
// Node takes `onread` only for sockets that it opens itself, not for TLS on a socket that is there (v24). Without it every TLS record is
// an allocation of 16 KiB, and collecting them took a quarter of a peer's CPU. So the same switches are set from outside: where a
// version of Node has them no more, nothing is changed and the socket goes on with `data` events.
import { Socket } from 'node:net'

interface Keys {
  buffer: symbol
  callback: symbol
}

let keys: Keys | null | undefined

/** False: this version of Node cannot. `onRead` gets the part that was filled; it is overwritten when `onRead` has returned. */
export function readInto(socket: Socket, buffer: Uint8Array, onRead: (bytes: Uint8Array) => void): boolean {
  keys ??= findKeys()
  const inside = socket as unknown as { _handle?: { useUserBuffer?: (buffer: Uint8Array) => void } | null } & Record<
    symbol,
    unknown
  >
  const handle = inside._handle
  if (keys === null || typeof handle?.useUserBuffer !== 'function' || inside[keys.buffer] !== null) return false
  inside[keys.buffer] = buffer
  inside[keys.callback] = (length: number) => {
    onRead(buffer.subarray(0, length))
    return true
  }
  handle.useUserBuffer(buffer)
  return true
}

/** Where a socket keeps its `onread`, seen in one that has it. */
function findKeys(): Keys | null {
  const mark = { buffer: new Uint8Array(1), callback: () => true }
  const probe = new Socket({ onread: mark }) as unknown as Record<symbol, unknown>
  const keyOf = (value: unknown) => Object.getOwnPropertySymbols(probe).find(key => probe[key] === value)
  const [buffer, callback] = [keyOf(mark.buffer), keyOf(mark.callback)]
  return buffer === undefined || callback === undefined ? null : { buffer, callback }
}

// Memory of pieces that a peer has confirmed, for the next piece of the same content: fresh megabytes cost page faults. Of no other
// content: a peer that confirms what it has not taken yet would be sent that content's bytes.

/** Of all contents together, bytes: pieces that are being sent may take as much again. */
const MAX_BYTES = 16 * 1024 * 1024
/** Less is copied faster than shared, bytes. */
const MIN_SHARED = 16 * 1024

interface Spare {
  owner: object
  memory: Uint8Array
}

/** Given back last, last. */
const spares: Spare[] = []
let bytes = 0

let isShared = false

/** From now on pieces that are sent lie in memory that other threads of this process can read. */
export function shareSent(): void {
  isShared = true
}

/** Memory of exactly so many bytes; undefined: there is none. */
export function takeSent(owner: object, length: number): Uint8Array | undefined {
  const at = spares.findLastIndex(spare => spare.owner === owner && spare.memory.byteLength === length)
  if (at === -1) return isShared && length >= MIN_SHARED ? new Uint8Array(new SharedArrayBuffer(length)) : undefined
  const [spare] = spares.splice(at, 1)
  bytes -= length
  return spare?.memory
}

/** Nobody reads or writes it any more. */
export function keepSent(owner: object, memory: Uint8Array): void {
  spares.push({ owner, memory })
  bytes += memory.byteLength
  while (bytes > MAX_BYTES) bytes -= spares.shift()?.memory.byteLength ?? bytes
}

/** The owner sends nothing more. */
export function dropSent(owner: object): void {
  for (let at = spares.length - 1; at >= 0; at--) {
    if (spares[at]?.owner === owner) bytes -= spares.splice(at, 1)[0]?.memory.byteLength ?? 0
  }
}

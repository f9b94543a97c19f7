// Hangs up on clients that have asked for something and take nothing of it: each holds memory, a connection to an origin, a content in use.
import type { Server } from 'node:http'

/** Without a byte taken: milliseconds. */
const STALL_MS = 300_000

/** Who waits for the gateway itself may wait. */
export function endStalled(server: Server, ms = STALL_MS): void {
  server.setTimeout(ms, socket => {
    if (socket.writableLength > 0) socket.destroy()
    else socket.setTimeout(ms)
  })
}

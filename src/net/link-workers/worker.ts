// What runs in a link worker: accepts connections, does TLS, and gives and takes plain bytes.
import { createServer, type Server } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { BACKLOG } from '../backlog.ts'
import { makeSecureContext } from '../tls-offer.ts'
import { AcceptRoom } from './accept-room.ts'
import { HeldSocket } from './held-socket.ts'
import { InboxWriter } from './inbox.ts'
import type { Fact, ListenPlace, Order, WorkerInit } from './messages.ts'
import { Outgoing } from './outgoing.ts'

if (parentPort === null) throw new Error('this runs in a thread of its own')
const port = parentPort
const init = workerData as WorkerInit
const secureContext = makeSecureContext(init)
const inbox = new InboxWriter(init.inbox)
const room = new AcceptRoom(init.accepts)
const facts = new Outgoing<Fact>(list => port.postMessage(list))
const say = (fact: Fact) => facts.say(fact)
const servers = new Map<number, Server>()
const sockets = new Map<number, HeldSocket>()
/** What came when there was no room in the inbox, and ends of connections after it. No socket is read meanwhile. */
const late: { from: number; bytes: Uint8Array | undefined }[] = []
let connections = 0

port.on('message', (orders: Order[]) => {
  for (const order of orders) obey(order)
})

function obey(order: Order): void {
  const [what] = order
  if (what === 'ping') return say(['pong'])
  if (what === 'room') return takeLate()
  if (what === 'listen') return listen(order[1], order[2])
  if (what === 'unlisten') return void servers.get(order[1])?.close()
  const socket = sockets.get(order[1])
  if (socket === undefined) return
  if (what === 'write') socket.write(order[2], order[3])
  else if (what === 'more') socket.more(order[2])
  else if (what === 'secure') socket.secure(order[2], order[3], order[4], secureContext)
  else if (what === 'start') socket.start()
  else if (what === 'pause' || what === 'resume') socket.pause(what === 'pause')
  else if (what === 'end') socket.end()
  else socket.reset()
}

function listen(listener: number, place: ListenPlace): void {
  const server = createServer({ noDelay: true, keepAlive: true, allowHalfOpen: false }, socket => {
    const { remoteAddress, remotePort } = socket
    // it has gone already, or there are too many
    if (remoteAddress === undefined || remotePort === undefined || !room.take()) return void socket.destroy()
    const id = connections++
    say(['opened', id, listener, remoteAddress, remotePort])
    const held = new HeldSocket({ id, socket, idleMs: init.idleMs, say, onData })
    sockets.set(id, held)
    if (late.length > 0) held.holdBack(true)
    socket.on('close', () => onClose(id))
  })
  servers.set(listener, server)
  server.on('error', (error: NodeJS.ErrnoException) => say(['refused', listener, error.code ?? '', error.message]))
  server.on('close', () => servers.delete(listener))
  server.listen({ ...place, backlog: BACKLOG, reusePort: true }, () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') say(['listening', listener, address.port])
  })
}

function onData({ id }: HeldSocket, bytes: Uint8Array): void {
  if (late.length === 0 && put(id, bytes)) return
  late.push({ from: id, bytes: new Uint8Array(bytes) })
  if (late.length === 1) for (const socket of sockets.values()) socket.holdBack(true)
}

/** Whether there was room. Bytes that follow others of the same connection go with them. */
function put(id: number, bytes: Uint8Array): boolean {
  const place = inbox.put(bytes)
  if (place === undefined) return false
  const { last } = facts
  if (last !== undefined && !('finish' in last) && last[0] === 'data' && last[1] === id && last[2] + last[3] === place.offset) {
    last[3] += bytes.byteLength
    last[4] = place.end
  } else say(['data', id, place.offset, bytes.byteLength, place.end])
  return true
}

function onClose(id: number): void {
  sockets.delete(id)
  if (late.length > 0) late.push({ from: id, bytes: undefined })
  else say(['closed', id])
}

function takeLate(): void {
  for (let first = late[0]; first !== undefined; first = late[0]) {
    if (first.bytes === undefined) say(['closed', first.from])
    else if (!put(first.from, first.bytes)) return
    late.shift()
  }
  for (const socket of sockets.values()) socket.holdBack(false)
}

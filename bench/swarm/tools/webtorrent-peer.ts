// A WebTorrent peer or seed of the bench (Node, TCP): reports that it is up, waits for the start, reports when it has everything.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { pathToFileURL } from 'node:url'

interface Torrent {
  on(event: 'done', done: () => void): void
}
interface Client {
  add(torrent: Uint8Array, options: { path: string; strategy?: 'rarest' }): Torrent
  on(event: 'error', failed: (error: Error) => void): void
}

const [entry = '', role = '', file = '', folder = '', port = '51413'] = process.argv.slice(2)
const { default: WebTorrent } = (await import(pathToFileURL(entry).href)) as { default: new (options: object) => Client }

// nothing but tracker and peer exchange, plain TCP, no limits
const client = new WebTorrent({
  dht: false,
  lsd: false,
  natUpnp: false,
  natPmp: false,
  utp: false,
  maxConns: 100,
  torrentPort: Number(port),
  tracker: { wrtc: false },
})
client.on('error', error => say({ type: 'error', message: error.message }))
const torrent = readFileSync(file)
const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
if (role === 'seed') {
  client.add(torrent, { path: folder }).on('done', () => say({ type: 'ready' }))
} else {
  say({ type: 'ready' })
  await orders.next()
  client.add(torrent, { path: folder, strategy: 'rarest' }).on('done', () => say({ type: 'done' }))
}
while (!(await orders.next()).done);
process.exit()

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

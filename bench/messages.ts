// How long small messages wait beside bulk on one connection: two processes, a stream that carries as much as it can, and an echo.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { sha256 } from '../src/core/piece.ts'
import { type Host, startHost } from '../src/net/host.ts'
import { readStream, writePart, writeStream } from '../src/net/stream.ts'
import { distance } from './distance.ts'
import { circumstances, MiB, publish, table } from './report.ts'

const BULK = '/bench/bulk/1.0.0'
const ECHO = '/bench/echo/1.0.0'
const PIECE = 256 * 1024
/** Between an answer and the next message, ms. */
const PAUSE = 10

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    /** Round trips, milliseconds, with commas. */
    away: { type: 'string', default: '0,10,60' },
    role: { type: 'string', default: 'receiver' },
    port: { type: 'string', default: '0' },
  },
})

if (values.role === 'sender') await send()
else if (values.role === 'relay') await relay()
else await receive()

async function send(): Promise<void> {
  const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
  const piece = new Uint8Array(PIECE).fill(7)
  await host.handle(BULK, async stream => {
    while (stream.status === 'open') {
      const full = writePart(stream, piece)
      if (full !== undefined) await full
    }
  })
  await host.handle(ECHO, async stream => {
    for await (const bytes of readStream(stream)) await writeStream(stream, bytes.subarray())
  })
  process.send?.(host.addresses[0])
  process.once('disconnect', () => process.exit())
}

/** In a process of its own: it takes no time of those who are measured. */
async function relay(): Promise<void> {
  const { port } = await distance(Number(values.port), Number(values.away))
  process.send?.(port)
  process.once('disconnect', () => process.exit())
}

async function begun<T>(...args: string[]): Promise<{ said: T; child: ChildProcess }> {
  const child = fork(fileURLToPath(import.meta.url), args)
  const [said] = (await once(child, 'message')) as [T]
  return { said, child }
}

async function receive(): Promise<void> {
  const rows: string[][] = []
  for (const away of values.away.split(',')) {
    const sender = await begun<string>('--role', 'sender')
    const port = /tcp\/(\d+)/.exec(sender.said)?.[1] ?? ''
    const between = away === '0' ? undefined : await begun<number>('--role', 'relay', '--away', away, '--port', port)
    const host = await startHost({ listen: [] })
    try {
      const peer = await host.connect([sender.said.replace(/tcp\/\d+/, `tcp/${between?.said ?? port}`)])
      rows.push([`${away} ms`, ...(await measured(host, peer, false)), ...(await measured(host, peer, true))])
      console.log(rows.at(-1)?.join('  '))
    } finally {
      await host.stop()
      for (const { child } of [sender, ...(between === undefined ? [] : [between])]) {
        child.disconnect()
        await once(child, 'exit')
      }
    }
  }
  await publish(
    'messages',
    `# Small messages beside bulk

${table(['round trip', 'alone: median, 95 of 100, most, ms', 'beside bulk', 'bulk, MiB/s'], rows)}

${await circumstances(`npm run bench:messages -- --seconds ${values.seconds} --away ${values.away}`, [])}

Two processes and one connection; where there is a distance, through a relay of the bench (a third process) that gives every byte on half a round trip later. A message of 64 bytes goes and comes back on a stream of its
own, ${PAUSE} ms after the one before. Bulk: another stream that carries as much as it can; its receiver computes the sha2-256 of it.`,
  )
}

/** Median, 95th of 100 and most, milliseconds; with bulk also its rate. */
async function measured(host: Host, peer: string, withBulk: boolean): Promise<string[]> {
  const bulk = withBulk ? await host.openStream(peer, BULK) : undefined
  const echo = await host.openStream(peer, ECHO)
  let bytes = 0
  const drained = bulk && drain(bulk)
  const begun = performance.now()
  const answers = readStream(echo)
  const took: number[] = []
  while (performance.now() - begun < 1000 * Number(values.seconds)) {
    const at = performance.now()
    await writeStream(echo, new Uint8Array(64))
    for (let left = 64; left > 0; ) {
      const { value, done } = await answers.next()
      if (done === true) throw new Error('the echo ended')
      left -= value.byteLength
    }
    took.push(performance.now() - at)
    await new Promise(resolve => setTimeout(resolve, PAUSE))
  }
  const rate = bytes / MiB / ((performance.now() - begun) / 1000)
  echo.abort(new Error('measured'))
  bulk?.abort(new Error('measured'))
  await drained
  took.sort((a, b) => a - b)
  const at = (share: number) => (took[Math.min(took.length - 1, Math.floor(share * took.length))] as number).toFixed(1)
  const times = `${at(0.5)}, ${at(0.95)}, ${at(1)}`
  return withBulk ? [times, rate.toFixed(0)] : [times]

  async function drain(stream: NonNullable<typeof bulk>): Promise<void> {
    let held: Uint8Array[] = []
    try {
      for await (const chunk of readStream(stream)) {
        bytes += chunk.byteLength
        held.push(chunk.subarray())
        if (held.length < 16) continue
        sha256(Buffer.concat(held))
        held = []
      }
    } catch {
      // it is aborted when all is measured
    }
  }
}

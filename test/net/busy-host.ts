// A host in a process of its own, which does nothing at all for some seconds when it is told to.
import { startHost } from '../../src/net/host.ts'

const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'], linkWorkers: Number(process.argv[2]) })
process.send?.(Number(/\/tcp\/(\d+)/.exec(host.addresses[0] as string)?.[1]))
process.once('message', () => {
  process.send?.('busy')
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000), 5)
})
process.once('disconnect', () => process.exit())

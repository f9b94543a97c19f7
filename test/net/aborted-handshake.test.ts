// libp2p drops a connection as soon as it stands: the second one to a peer, one to itself, one that a gate refuses.
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { run } from '../cli/processes.ts'

const HOST = fileURLToPath(new URL('../../src/net/host.ts', import.meta.url))
const TIMES = 20

describe('net/native-tls: a connection that is aborted in the moment in which it stands', () => {
  for (const linkWorkers of [0, 2])
    it(`is closed, and the host lives on, with ${linkWorkers} link workers`, async () => {
      // in a process of its own: what is to be seen is whether it dies (it was a segmentation fault within OpenSSL)
      const script = `
        const { startHost } = await import(${JSON.stringify(HOST)})
        const [a, b] = await Promise.all([1, 2].map(() => startHost({ listen: ['/ip4/127.0.0.1/tcp/0'], linkWorkers: ${linkWorkers} })))
        let aborted = 0
        const drop = ({ detail }) => (aborted++, detail.abort(new Error('one is enough')))
        a.libp2p.addEventListener('connection:open', drop)
        for (let i = 0; i < ${TIMES}; i++) await a.connect(b.addresses).catch(() => {})
        a.libp2p.removeEventListener('connection:open', drop)
        await a.connect(b.addresses)
        console.log(aborted, a.libp2p.getConnections().length)
        await Promise.all([a.stop(), b.stop()])`
      const { code, signal, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script])
      expect({ code, signal, stdout }, stderr).to.deep.equal({ code: 0, signal: null, stdout: `${TIMES} 1\n` })
    })
})

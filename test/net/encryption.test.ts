// Our noise and TLS and libp2p's own understand one another, in both roles and at every size of message.
import { noise } from '@chainsafe/libp2p-noise'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { expect } from 'chai'
import { createLibp2p, type Libp2p } from 'libp2p'
import { type Host, startHost } from '../../src/net/host.ts'
import { readStream, writeStream } from '../../src/net/stream.ts'

const ECHO = '/test/echo/1.0.0'

for (const [name, encrypter, linkWorkers] of [
  ['noise', noise, 0],
  ['TLS', tls, 0],
  ['noise', noise, 2],
  ['TLS', tls, 2],
] as const) {
  describe(`net/encryption: ${name}, ${linkWorkers} link workers`, () => {
    let ours: Host
    let theirs: Libp2p

    beforeEach(async () => {
      ours = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'], linkWorkers })
      theirs = await createLibp2p({
        addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
        transports: [tcp()],
        connectionEncrypters: [encrypter()],
        streamMuxers: [yamux()],
      })
    })
    afterEach(async () => {
      await ours.stop()
      await theirs.stop()
    })

    for (const dialer of ['ours', 'theirs']) {
      it(`speaks with plain libp2p: ${dialer} dials`, async () => {
        const [from, to] = dialer === 'ours' ? [ours.libp2p, theirs] : [theirs, ours.libp2p]
        await to.handle(ECHO, async stream => {
          for await (const chunk of readStream(stream)) await writeStream(stream, chunk)
          await stream.close()
        })
        if (dialer === 'ours') await ours.connect(theirs.getMultiaddrs().map(String))
        const stream = await from.dialProtocol(to.getMultiaddrs(), ECHO)
        const messages = [1, 1199, 1200, 65_519, 65_520, 600_000].map((length, i) => Buffer.alloc(length, i + 1))
        const writing = (async () => {
          for (const message of messages) await writeStream(stream, message)
          await stream.close()
        })()
        const back: Uint8Array[] = []
        for await (const chunk of readStream(stream)) back.push(chunk.subarray())
        await writing
        expect(Buffer.concat(back).equals(Buffer.concat(messages))).to.equal(true)
      })
    }
  })
}

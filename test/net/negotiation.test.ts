// What is proposed at the beginning of a connection or a stream: read at once where it can be, by libp2p else, with the same answers.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Stream } from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { expect } from 'chai'
import { type Host, startHost } from '../../src/net/host.ts'
import { readProposal } from '../../src/net/negotiation.ts'
import { readStream } from '../../src/net/stream.ts'
import { yamux } from '../../src/net/yamux/muxer.ts'

const HEADER = '\x13/multistream/1.0.0\n'
const TLS = '\x0b/tls/1.0.0\n'

describe('net/negotiation', () => {
  describe('readProposal', () => {
    it('finds the protocol where header and line are whole, whatever follows', () => {
      for (const rest of ['', 'x', HEADER]) {
        const bytes = Buffer.from(HEADER + TLS + rest)
        expect(readProposal(bytes)).to.deep.equal({ protocol: '/tls/1.0.0', length: HEADER.length + TLS.length })
      }
    })

    it('leaves what is cut short, and what is anything else, to libp2p', () => {
      const whole = Buffer.from(HEADER + TLS)
      for (let at = 0; at < whole.byteLength; at++) {
        expect(readProposal(whole.subarray(0, at)), `${at} bytes`).to.equal(undefined)
        if (at === HEADER.length) continue
        const changed = Buffer.from(whole)
        changed[at] = 0x80
        const isInName = at > HEADER.length && at < whole.byteLength - 1
        if (!isInName) expect(readProposal(changed), `byte ${at}`).to.equal(undefined)
      }
      for (const line of ['\x00', '\x01\n', '\x80\x01/a\n', '\x03/a '])
        expect(readProposal(Buffer.from(HEADER + line))).to.equal(undefined)
    })
  })

  describe('of a connection', () => {
    let host: Host
    const sockets: Socket[] = []

    before(async () => {
      host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    })
    after(async () => {
      for (const socket of sockets) socket.destroy()
      await host.stop()
    })

    /** What the host says to these parts, each sent when the one before has been. */
    async function answer(parts: string[], length: number): Promise<string> {
      const port = Number(host.addresses[0]?.split('/')[4])
      const socket = connect(port, '127.0.0.1').setNoDelay()
      sockets.push(socket)
      await once(socket, 'connect')
      for (const part of parts) await new Promise(sent => socket.write(part, sent))
      let said = ''
      while (said.length < length) said += ((await once(socket, 'data')) as [Buffer])[0].toString('latin1')
      return said
    }

    it('is the same in one piece, in two, and byte by byte', async () => {
      const whole = HEADER + TLS
      for (const parts of [[whole], [HEADER, TLS], [...whole]]) {
        expect(await answer(parts, whole.length), `${parts.length} parts`).to.equal(whole)
      }
    })

    it('says no to what it does not have, and takes what it has afterwards', async () => {
      const no = '\x03na\n'
      expect(await answer([`${HEADER}\x07/other\n${TLS}`], (HEADER + no + TLS).length)).to.equal(HEADER + no + TLS)
    })
  })

  describe('of a stream', () => {
    const LIMITS = { maxEarlyStreams: 10, maxStreamWindowSize: 2 ** 20, maxReadBufferLength: 2 ** 22 }
    const PROTOCOL = '\x03/a\n'

    /** The first stream that comes when the other side sends `first`. */
    async function stream(first: string): Promise<{ theirs: Stream; mine: Stream; end: () => void }> {
      const [outbound, inbound] = multiaddrConnectionPair()
      const dialer = yamux(LIMITS)().createStreamMuxer(outbound)
      const listener = yamux(LIMITS)({ registrar: { getHandler: handlerOf } }).createStreamMuxer(inbound)
      const came = new Promise<Stream>(resolve => listener.addEventListener('stream', ({ detail }) => resolve(detail)))
      const mine = await dialer.createStream()
      if (first !== '') mine.send(Buffer.from(first))
      return { mine, theirs: await came, end: () => outbound.abort(new Error('over')) }
    }

    async function read(from: Stream, length: number): Promise<string> {
      let text = ''
      for await (const chunk of readStream(from)) {
        text += Buffer.from(chunk.subarray()).toString('latin1')
        if (text.length >= length) break
      }
      return text
    }

    it('that somebody handles is agreed on before libp2p hears of the stream; what follows is for the handler', async () => {
      const { mine, theirs, end } = await stream(`${HEADER}${PROTOCOL}hello`)
      expect(theirs.protocol).to.equal('/a')
      expect(await Promise.all([read(theirs, 5), read(mine, HEADER.length + PROTOCOL.length)])).to.deep.equal([
        'hello',
        HEADER + PROTOCOL,
      ])
      end()
    })

    for (const [what, first] of [
      ['nobody handles', `${HEADER}\x03/b\n`],
      ['does not come whole', HEADER],
    ] as const) {
      it(`that ${what} is left to libp2p, with all its bytes`, async () => {
        const { theirs, end } = await stream(first)
        expect(theirs.protocol).to.equal('')
        expect(await read(theirs, first.length)).to.equal(first)
        end()
      })
    }

    it('that does not come at all keeps no stream from libp2p, whose clock it is', async () => {
      const { theirs, end } = await stream('')
      expect(theirs.protocol).to.equal('')
      end()
    })
  })
})

/** As libp2p's registrar does for what nobody handles. */
function handlerOf(protocol: string): object {
  if (protocol !== '/a') throw new Error(`nobody handles ${protocol}`)
  return {}
}

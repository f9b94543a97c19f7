// Several addresses of one host, some of which lead nowhere.
import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type LookupFunction } from 'node:net'
import { expect } from 'chai'
import { Agent } from 'undici'
import { byTurns, dialer } from '../../src/origin/dial.ts'
import { cleanUp } from './fixtures.ts'
import { deadUrl, muteVillain } from './hostile-origin.ts'

/** Reserved for documentation (RFC 5737, RFC 3849): no packet comes back. */
const NOWHERE: LookupAddress = { address: '192.0.2.1', family: 4 }
const NOWHERE_6: LookupAddress = { address: '2001:db8::1', family: 6 }
const HERE: LookupAddress = { address: '127.0.0.1', family: 4 }

function giving(...addresses: LookupAddress[]): LookupFunction {
  return (_host, _options, callback) => callback(null, addresses)
}

async function dial(url: string, lookup: LookupFunction, timeoutMs = 20_000): Promise<string | undefined> {
  const { port } = new URL(url)
  return await new Promise((resolve, reject) => {
    dialer({ timeoutMs, lookup })({ hostname: 'a.example', host: 'a.example', port, protocol: 'http:' }, (error, socket) => {
      if (error !== null) return reject(error)
      resolve(socket.remoteAddress)
      socket.destroy()
    })
  })
}

describe('origin: dialling', () => {
  afterEach(cleanUp)

  it('takes the families by turns, the preferred one first', () => {
    const [a, b, c, x, y, z] = ['::1', '::2', '::3', '1', '2', '3'].map(address => ({
      address,
      family: address.startsWith(':') ? 6 : 4,
    })) as [LookupAddress, LookupAddress, LookupAddress, LookupAddress, LookupAddress, LookupAddress]
    expect(byTurns([a, b, c, x])).to.deep.equal([a, x, b, c])
    expect(byTurns([x, a, y, z])).to.deep.equal([x, a, y, z])
    expect(byTurns([a, x, y, z])).to.deep.equal([a, x, y, z])
    expect(byTurns([])).to.deep.equal([])
  })

  for (const [name, dead] of [
    ['an address that does not answer', [NOWHERE]],
    ['one of the other family', [NOWHERE_6]],
    ['one that refuses', [{ address: '::1', family: 6 }]],
    ['three of them', [NOWHERE, NOWHERE_6, NOWHERE]],
  ] as [string, LookupAddress[]][]) {
    it(`reaches a host beside ${name}`, async () => {
      const { url } = await muteVillain()
      expect(await dial(url, giving(...dead, HERE))).to.equal('127.0.0.1')
    })
  }

  it('goes to another address after one that takes connections and says nothing', async () => {
    const mute = createServer(socket => socket.destroy())
    mute.listen(0, '127.0.0.2')
    await once(mute, 'listening')
    const { port } = mute.address() as AddressInfo
    const here = createHttpServer((_request, response) => response.end('here'))
    here.listen(port, '127.0.0.1')
    await once(here, 'listening')
    const agent = new Agent({ connect: dialer({ timeoutMs: 20_000, lookup: giving({ address: '127.0.0.2', family: 4 }, HERE) }) })
    try {
      const get = () => agent.request({ origin: `http://a.example:${port}`, path: '/', method: 'GET' })
      const first = await get().catch(error => error.code)
      expect(first).to.equal('UND_ERR_SOCKET')
      expect(await (await get()).body.text()).to.equal('here')
    } finally {
      await agent.destroy()
      for (const server of [mute, here]) server.close()
    }
  })

  it('says that nobody answers, or who refuses', async () => {
    const url = await deadUrl()
    const code = (call: Promise<unknown>): Promise<unknown> =>
      call.then(
        () => undefined,
        error => error.code,
      )
    expect(await code(dial(url, giving(HERE)))).to.equal('ECONNREFUSED')
    expect(await code(dial(url, giving()))).to.equal(undefined)
    const gone: LookupFunction = (_host, _options, callback) =>
      callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), [])
    expect(await code(dial(url, gone))).to.equal('ENOTFOUND')
    expect(await code(dial(url, () => {}, 50))).to.equal('UND_ERR_CONNECT_TIMEOUT')
  })
})

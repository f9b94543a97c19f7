import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import { RESOLVE_PROTOCOL } from '../../src/wire/protocols.ts'

describe('net/other-version', () => {
  const hosts: Host[] = []
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map(host => host.stop()))
  })

  /** What a host is told that asks another one, which speaks these protocols. */
  async function told(...protocols: string[]): Promise<DragonflyError> {
    const [here, there] = await Promise.all([startHost({ listen: [] }), startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })])
    hosts.push(here, there)
    for (const protocol of protocols) await there.handle(protocol, async () => {})
    const peer = there.id
    await here.connect(there.addresses)
    return await here.openStream(peer, RESOLVE_PROTOCOL).then(
      () => expect.fail('a stream was opened'),
      error => error,
    )
  }

  for (const [what, protocols, message, hint] of [
    [
      'a newer peer',
      ['/dragonfly/resolve/2.0.0', '/dragonfly/resolve/10.0.0'],
      'newer version of Dragonfly: it speaks /dragonfly/resolve/10.0.0, and this host /dragonfly/resolve/1.0.0',
      'update this host',
    ],
    [
      'an older peer',
      ['/dragonfly/resolve/0.9.12'],
      'older version of Dragonfly: it speaks /dragonfly/resolve/0.9.12, and this host',
      'update that host',
    ],
    [
      'a peer that is no seed',
      ['/dragonfly/exchange/2.0.0', '/dragonfly/resolve/x'],
      'does not serve /dragonfly/resolve/1.0.0',
      'name a seed',
    ],
  ] as const) {
    it(`names ${what}, and what to do`, async () => {
      const error = await told(...protocols)
      expect(error).to.be.instanceOf(DragonflyError).with.property('code', 'peer-version')
      expect(error.message).to.include(message)
      expect(error.hint).to.include(hint)
      expect(error.cause).to.have.property('name', 'UnsupportedProtocolError')
    })
  }

  it('takes a peer that speaks this version beside another one', async () => {
    const error = await told('/dragonfly/resolve/2.0.0', RESOLVE_PROTOCOL).catch(failure => failure)
    expect(error.message).to.equal('a stream was opened')
  })
})

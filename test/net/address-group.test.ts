// Which addresses are beside one another.
import { expect } from 'chai'
import { groupOfAddress, ipOf } from '../../src/net/address-group.ts'

describe('net/address-group', () => {
  it('an IPv4 /24 and an IPv6 /64 are groups', () => {
    const same = (a: string, b: string) => groupOfAddress(a) !== undefined && groupOfAddress(a) === groupOfAddress(b)
    expect(
      same('/ip4/10.1.2.3/tcp/1', '/ip4/10.1.2.250/tcp/2/p2p/12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'),
    ).to.equal(true)
    expect(same('/ip4/10.1.2.3/tcp/1', '/ip4/10.1.3.3/tcp/1')).to.equal(false)
    expect(same('/ip6/2001:db8::1/tcp/1', '/ip6/2001:DB8:0:0:ff::2/tcp/1')).to.equal(true)
    expect(same('/ip6/2001:db8::1/tcp/1', '/ip6/2001:db8:0:1::1/tcp/1')).to.equal(false)
    expect(same('/ip4/10.1.2.3/tcp/1', '/ip6/::ffff:10.1.2.9/tcp/1'), 'IPv4 in IPv6').to.equal(true)
  })

  it('what every host has, or nobody can compare, is none', () => {
    const none = [
      '/ip4/127.0.0.1/tcp/1',
      '/ip4/127.9.9.9/tcp/1',
      '/ip4/0.0.0.0/tcp/1',
      '/ip4/169.254.1.1/tcp/1',
      '/ip6/::1/tcp/1',
      '/ip6/::/tcp/1',
      '/ip6/fe80::1/tcp/1',
      '/ip6/::ffff:127.0.0.1/tcp/1',
      '/dns4/host.example.org/tcp/1',
      '/tcp/1',
      '',
      'nonsense',
    ]
    for (const address of none) expect(groupOfAddress(address), address).to.equal(undefined)
  })

  it('an IP is the same however it is written', () => {
    expect(ipOf('/ip4/192.0.2.7/tcp/1')).to.equal('c0000207')
    expect(ipOf('/ip6/::ffff:192.0.2.7/tcp/1')).to.equal('c0000207')
    expect(ipOf('/dns4/a.example/tcp/1')).to.equal(undefined)
  })
})

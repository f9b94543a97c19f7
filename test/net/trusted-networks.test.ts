// Which addresses are in the networks that an operator names, and what is no network.
import { expect } from 'chai'
import { TrustedNetworks } from '../../src/net/trusted-networks.ts'

describe('net/trusted networks', () => {
  it('knows the addresses of a range of both families, mapped ones too', () => {
    const networks = new TrustedNetworks(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7', '::1'])
    const isIn = (address: string) => networks.has(`${address}/tcp/4801`)
    expect(
      ['/ip4/10.255.0.1', '/ip6/2001:db8:7::1', '/ip4/192.0.2.7', '/ip6/::1', '/ip6/::ffff:10.0.0.1'].filter(isIn),
    ).to.have.length(5)
    expect(
      ['/ip4/11.0.0.1', '/ip6/2001:db9::1', '/ip4/192.0.2.8', '/ip6/::2', '/dns4/10.0.0.1', '/unix/10.0.0.1'].filter(isIn),
    ).to.deep.equal([])
  })

  it('is empty unless something is named', () => {
    expect(new TrustedNetworks().has('/ip4/10.0.0.1/tcp/1')).to.equal(false)
  })

  it('refuses what is no network', () => {
    for (const wrong of [
      '',
      '10/8',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/-1',
      '::/129',
      'example.org',
      '010.0.0.1',
      'fe80::1%eth0',
      '10.0.0.0/+8',
    ]) {
      expect(() => new TrustedNetworks([wrong]), wrong)
        .to.throw('not a network')
        .with.property('code', 'bad-option')
    }
  })
})

// Which addresses are dialled because of whose word, and how often.
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { endpointOf } from '../../src/net/address-scope.ts'
import { DialGate, ENDPOINT_LIMIT, isForHearsay, NAMER_LIMIT, PLACE_LIMIT } from '../../src/net/dial-gate.ts'
import { FailureBudget } from '../../src/net/failure-budget.ts'
import { failure } from './stream-pair.ts'

const HERE = multiaddr('/ip4/127.0.0.1/tcp/40000')
const AWAY = multiaddr('/ip4/10.1.2.3/tcp/40000')
const BESIDE = multiaddr('/ip6zone/eth0/ip6/fe80::2/tcp/40000')

const NOBODYS = [
  '/unix/%2Fvar%2Frun%2Fdocker.sock',
  '/ip4/0.0.0.0/tcp/22',
  '/ip6/::/tcp/22',
  '/ip4/224.0.0.251/tcp/5353',
  '/ip6/ff02::1/tcp/22',
  '/ip4/255.255.255.255/tcp/22',
  '/ip6/64:ff9b::7f00:1/tcp/22',
  '/ip4/10.0.0.1/tcp/0',
  '/ip4/10.0.0.1/udp/22',
  '/ip4/10.0.0.1/tcp/22/ws',
  '/dnsaddr/example.org',
]
const LOOPBACKS = [
  '/ip4/127.0.0.1/tcp/22',
  '/ip4/127.9.9.9/tcp/22',
  '/ip6/::1/tcp/22',
  '/ip6/::ffff:127.0.0.1/tcp/22',
  '/dns4/localhost/tcp/22',
]
const LINK_LOCALS = ['/ip4/169.254.169.254/tcp/80', '/ip6/fe80::1/tcp/22', '/ip6zone/eth0/ip6/fe80::1/tcp/22']
const OTHERS = ['/ip4/10.0.0.1/tcp/4801', '/ip4/8.8.8.8/tcp/4801', '/ip6/fd00::1/tcp/4801', '/dns4/seed.example/tcp/4801']

describe('net: the gate of all dials', () => {
  let now = 0
  let remotes: Multiaddr[] = []
  let gate: DialGate
  beforeEach(() => {
    now = 0
    remotes = [HERE, AWAY]
    gate = new DialGate({ remotes: () => remotes, now: () => now })
  })

  /** Those of the addresses that are dialled when so many say so. */
  const believed = (addresses: readonly string[], namer: Multiaddr | undefined) =>
    addresses.filter(address => gate.believes(multiaddr(address), namer))

  it('dials what can be a peer, whoever names it', () => {
    for (const namer of [HERE, AWAY, undefined]) expect(believed(OTHERS, namer)).to.deep.equal(OTHERS)
  })

  it('dials what can be no peer for nobody but the user', () => {
    for (const namer of [HERE, AWAY, BESIDE, undefined]) expect(believed(NOBODYS, namer)).to.deep.equal([])
    remotes = [HERE]
    expect(believed(NOBODYS, undefined)).to.deep.equal([])
    const socket = multiaddr(NOBODYS[0] as string)
    gate.trust([socket])
    expect(gate.mayDial(socket)).to.equal(true)
  })

  it('dials loopback addresses because of those who are on this host themselves, or of the user', () => {
    expect(believed(LOOPBACKS, AWAY)).to.deep.equal([])
    expect(believed(LOOPBACKS, BESIDE)).to.deep.equal([])
    expect(LOOPBACKS.some(address => gate.mayDial(multiaddr(address)))).to.equal(false)
    expect(believed(LOOPBACKS, HERE)).to.deep.equal(LOOPBACKS)
    expect(LOOPBACKS.every(address => gate.mayDial(multiaddr(address)))).to.equal(true)
    const other = multiaddr('/ip4/127.0.0.1/tcp/23')
    expect(gate.mayDial(other), 'another port of this host').to.equal(false)
    gate.trust([other])
    expect(gate.believes(other, AWAY)).to.equal(true)
  })

  it('where nobody knows who said it, dials loopback addresses only while all who are connected are on this host', () => {
    expect(believed(LOOPBACKS, undefined)).to.deep.equal([])
    remotes = []
    expect(believed(LOOPBACKS, undefined)).to.deep.equal([])
    remotes = [HERE, HERE]
    expect(believed(LOOPBACKS, undefined)).to.deep.equal(LOOPBACKS)
  })

  it('dials link-local addresses because of those who are on that link', () => {
    expect(believed(LINK_LOCALS, AWAY)).to.deep.equal([])
    expect(believed(LINK_LOCALS, undefined)).to.deep.equal([])
    expect(believed(LINK_LOCALS, BESIDE)).to.deep.equal(LINK_LOCALS)
  })

  it('takes an IPv4 address inside an IPv6 one for the same endpoint', () => {
    expect(endpointOf(multiaddr('/ip6/::ffff:10.0.0.1/tcp/22'))).to.deep.equal(endpointOf(multiaddr('/ip4/10.0.0.1/tcp/22')))
    expect(isForHearsay('10.0.0.1')).to.equal(true)
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '169.254.169.254', '0.0.0.0', 'nonsense']) {
      expect(isForHearsay(ip), ip).to.equal(false)
    }
  })

  /** How many dials begin, of so many that all fail. */
  const begun = (count: number, address: (i: number) => string) => {
    let many = 0
    for (let i = 0; i < count; i++) {
      try {
        gate.begin(multiaddr(address(i)))
        many++
      } catch (error) {
        expect(error).to.have.property('code', 'peer-refused')
      }
    }
    return many
  }

  it('lets no more dials of one endpoint fail than its limit, and forgives them one by one', () => {
    expect(begun(1000, () => '/ip4/10.0.0.1/tcp/22')).to.equal(ENDPOINT_LIMIT.most)
    now += 2 * ENDPOINT_LIMIT.forgiveMs
    expect(begun(1000, () => '/ip4/10.0.0.1/tcp/22')).to.equal(2)
    expect(begun(2, () => '/ip4/10.0.0.1/tcp/23')).to.equal(2)
  })

  it('nor of one host, whatever the port; a whole IPv6 /64 is one', () => {
    expect(begun(5000, i => `/ip4/10.0.0.1/tcp/${1 + i}`)).to.equal(PLACE_LIMIT.most)
    expect(begun(5000, i => `/ip6/2a01::${(1 + i).toString(16)}/tcp/22`)).to.equal(PLACE_LIMIT.most)
    expect(begun(1, () => '/ip4/10.0.0.2/tcp/22')).to.equal(1)
  })

  it('counts no dial that succeeds, nor any to where the user says', () => {
    for (let i = 0; i < 1200; i++) {
      gate.begin(multiaddr(`/ip4/10.0.0.1/tcp/${4000 + i}`))
      gate.succeeded(multiaddr(`/ip4/10.0.0.1/tcp/${4000 + i}`))
    }
    gate.trust([multiaddr('/ip4/10.0.0.1/tcp/22')])
    expect(begun(1000, () => '/ip4/10.0.0.1/tcp/22')).to.equal(1000)
  })

  it('lets no more dials fail because of one that names them than its limit', async () => {
    const fails = () => Promise.reject(new Error('nobody there'))
    let dials = 0
    for (let i = 0; i < 500; i++) {
      await gate
        .asNamedBy('liar', () => {
          dials++
          return fails()
        })
        .catch(() => {})
    }
    expect(dials).to.equal(NAMER_LIMIT.most)
    expect(await failure(gate.asNamedBy('liar', fails))).to.have.property('code', 'peer-refused')
    for (let i = 0; i < 500; i++) expect(await gate.asNamedBy('honest', () => Promise.resolve(i))).to.equal(i)
  })

  it('remembers a bounded number of failures', () => {
    const budget = new FailureBudget({ most: 1, forgiveMs: 1000 })
    for (let i = 0; i < 10_000; i++) budget.begin(`${i}`, 0)
    expect(budget.size).to.be.at.most(4096)
    expect(budget.hasRoom('9999', 0)).to.equal(false)
  })
})

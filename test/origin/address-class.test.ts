// Every special range of addresses at both its ends, and IPv4 addresses in all the clothes that IPv6 has for them.
import { expect } from 'chai'
import fc from 'fast-check'
import { type AddressClass, classOf } from '../../src/origin/address-class.ts'

const TABLE: Record<AddressClass, string[]> = {
  public: [
    ...['1.0.0.0', '1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '93.184.216.34', '223.255.255.255'],
    ...['100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0', '169.253.255.255', '169.255.0.0', '168.63.129.15'],
    ...['172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '192.0.1.0', '198.17.255.255', '198.20.0.0'],
    ...['2000::', '2001:200::1', '2606:4700::1111', '2a00:1450::8a', '3ffe:ffff::', '64:ff9b::8.8.8.8', '::ffff:8.8.8.8'],
  ],
  private: [
    ...['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
    ...['100.64.0.0', '100.127.255.255', 'fc00::', 'fd00::1', 'fdff:ffff::1', 'fec0::1', 'FD12:3456::1'],
  ],
  loopback: ['127.0.0.0', '127.0.0.1', '127.1.2.3', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1'],
  metadata: [
    ...['169.254.169.254', '169.254.170.2', '169.254.0.0', '169.254.255.255', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ...[
      'fe80::1',
      'fe80::1%eth0',
      'fe80::a9fe:a9fe',
      'febf::1',
      'fd00:ec2::254',
      'FD00:0EC2::254',
      'fd00:ec2::23',
      'fd20:ce::254',
    ],
    'fd00:42::42',
  ],
  reserved: [
    ...['0.0.0.0', '0.255.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1', '198.18.0.0', '198.19.255.255', '198.51.100.1'],
    ...['203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.0', '255.255.255.255', '::', '::2', '::8.8.8.8', '::127.0.0.1'],
    ...['100::1', '2001::1', '2001:1ff::1', '2001:db8::1', '2002:7f00:1::', '2002:808:808::', '3fff::1', '4000::1', '5f00::1'],
    ...['64:ff9b:1::1', 'ff02::1', 'ff0e::1', '1fff::1'],
    ...['', 'localhost', '127.1', '0x7f000001', '10.0.0.0/8', '[::1]'],
  ],
}

const ipv4 = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map(bytes => bytes.join('.'))
/** Mostly addresses that are special. */
const anyIpv4 = fc.oneof(
  ipv4,
  fc.constantFrom(...Object.values(TABLE).flat()).filter(address => /^\d+\.\d+\.\d+\.\d+$/.test(address)),
)

function hex(address: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

describe('origin: the class of an address', () => {
  for (const [name, addresses] of Object.entries(TABLE)) {
    for (const address of addresses) it(`${address || 'nothing'} is ${name}`, () => expect(classOf(address)).to.equal(name))
  }

  for (const [what, before] of [
    ['mapped', '::ffff:'],
    ['mapped, long', '0:0:0:0:0:FFFF:'],
    ['behind NAT64', '64:ff9b::'],
    ['behind NAT64, long', '0064:FF9B:0:0:0:0:'],
  ] as const) {
    it(`an IPv4 address that is ${what} is what it is inside`, () => {
      fc.assert(
        fc.property(anyIpv4, address => {
          expect(classOf(before + address)).to.equal(classOf(address))
          expect(classOf(before + hex(address))).to.equal(classOf(address))
        }),
      )
    })
  }

  it('no IPv4 address is public in clothes that are out of use', () => {
    fc.assert(
      fc.property(anyIpv4, address => {
        for (const old of [`::ffff:0:${address}`, `::${address}`, `2002:${hex(address)}::1`, `2001:0:1:2:3:4:${hex(address)}`]) {
          expect(classOf(old), old).to.not.equal('public')
        }
        if (classOf(address) === 'metadata') expect(classOf(`::ffff:0:${address}`)).to.equal('metadata')
      }),
    )
  })

  it('no text makes it fail', () => {
    fc.assert(fc.property(fc.string(), text => void expect(classOf(text)).to.be.oneOf(Object.keys(TABLE))))
  })
})

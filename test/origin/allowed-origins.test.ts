// What each kind of pattern allows, and what it does not; what is no pattern.
import { expect } from 'chai'
import { AllowedOrigins, MAX_PATTERNS, type Refusal } from '../../src/origin/allowed-origins.ts'

const PUBLIC = '93.184.216.34'

/** A connection as `HOST=ADDRESS:PORT`; `ADDRESS` alone for a URL with an address. */
function refusal(patterns: string[], where: string): Refusal | undefined {
  const [, host = '', address = host, port = '443'] = /^([^=]*?)(?:=(.*?))?(?: :(\d+))?$/.exec(where) ?? []
  return new AllowedOrigins(patterns).refusal({ host, port: Number(port), address })
}

describe('origin: what is read for others', () => {
  it('is every public address, whatever is allowed besides', () => {
    for (const patterns of [[], ['private'], ['registry.corp.example']]) {
      expect(refusal(patterns, `example.org=${PUBLIC}`)).to.equal(undefined)
      expect(refusal(patterns, PUBLIC)).to.equal(undefined)
    }
  })

  it('is nothing else by default, and the reason says whether a name would help', () => {
    for (const address of ['127.0.0.1', '10.0.0.1', '::1', 'fd00::1', '0.0.0.0', '224.0.0.1', '::ffff:10.0.0.1']) {
      expect(refusal([], address), address).to.equal('not-public')
      expect(refusal([], `inside.example=${address}`), address).to.equal('not-public')
    }
    for (const address of ['169.254.169.254', 'fd00:ec2::254', 'fe80::1', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe']) {
      expect(refusal([], address), address).to.equal('metadata')
    }
  })

  const allowed: [pattern: string, where: string[], notWhere: string[]][] = [
    [
      'registry.corp.example',
      ['registry.corp.example=10.0.0.1', 'registry.corp.example=127.0.0.1', 'registry.corp.example.=fd00::1 :80'],
      ['corp.example=10.0.0.1', 'x.registry.corp.example=10.0.0.1', 'registry.corp.example.evil=10.0.0.1', '10.0.0.1'],
    ],
    ['Registry.CORP.example.', ['registry.corp.example=10.0.0.1', 'REGISTRY.corp.example=10.0.0.1'], ['registry=10.0.0.1']],
    ['bücher.example', ['xn--bcher-kva.example=10.0.0.1'], []],
    ['registry_2', ['registry_2=10.0.0.1'], []],
    ['localhost', ['localhost=127.0.0.1', 'localhost.=::1'], ['127.0.0.1', 'x.localhost=127.0.0.1']],
    [
      '*.corp.example',
      ['a.corp.example=10.0.0.1', 'a.b.corp.example=10.0.0.1'],
      ['corp.example=10.0.0.1', 'acorp.example=10.0.0.1', 'a.corp.example.evil=10.0.0.1'],
    ],
    ['registry:5000', ['registry=10.0.0.1 :5000'], ['registry=10.0.0.1', 'registry=10.0.0.1 :50']],
    ['10.0.0.1', ['10.0.0.1', 'any.name=10.0.0.1', '::ffff:10.0.0.1', '::ffff:a00:1'], ['10.0.0.2', '127.0.0.1']],
    ['10.0.0.1:80', ['10.0.0.1 :80'], ['10.0.0.1']],
    ['0x7f.1', ['127.0.0.1'], ['127.0.0.2']],
    ['fd00::1', ['fd00::1', 'x=FD00:0::1'], ['fd00::2']],
    ['[fd00::1]', ['fd00::1', 'fd00::1 :80'], ['fd00::2']],
    ['[fd00::1]:80', ['fd00::1 :80'], ['fd00::1']],
    ['10.0.0.0/8', ['10.0.0.0', 'x=10.255.255.255', '::ffff:10.1.1.1'], ['11.0.0.1=127.0.0.1', '192.168.0.1']],
    ['10.1.2.3/8:80', ['10.9.9.9 :80'], ['10.9.9.9']],
    ['fd12::/16', ['fd12::1', 'x=fd12:ffff::1'], ['fd13::1', '10.0.0.1']],
    ['[fd12::]/16:80', ['fd12::1 :80'], ['fd12::1']],
    [
      'private',
      ['10.0.0.1', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fd00::1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1'],
      ['127.0.0.1', '::1', '0.0.0.0', '224.0.0.1', '169.254.1.1', 'fe80::1', 'fd00:ec2::254', '100.100.100.200'],
    ],
    ['private:443', ['10.0.0.1'], ['10.0.0.1 :80']],
    ['any', ['10.0.0.1', '127.0.0.1', '::1', '0.0.0.0'], ['169.254.169.254', 'x=fd00:ec2::254', '100.100.100.200']],
    ['0.0.0.0/0', ['10.0.0.1', '127.0.0.1'], ['169.254.169.254']],
    ['169.254.169.254', ['169.254.169.254', 'metadata.internal=169.254.169.254'], ['169.254.169.253']],
    ['fd00:ec2::254', ['fd00:ec2::254'], ['fd00:ec2::253']],
    ['metadata.internal', ['metadata.internal=10.0.0.1'], ['metadata.internal=169.254.169.254']],
    ['*.internal', ['metadata.internal=10.0.0.1'], ['metadata.internal=fd00:ec2::254']],
    ['100.64.0.0/10', ['100.64.0.1'], ['100.100.100.200']],
  ]
  for (const [pattern, where, notWhere] of allowed) {
    it(`${pattern} allows ${where.join(', ')} and not ${notWhere.join(', ') || 'more'}`, () => {
      for (const target of where) expect(refusal([pattern], target), target).to.equal(undefined)
      for (const target of notWhere) expect(refusal([pattern], target), target).to.be.oneOf(['not-public', 'metadata'])
    })
  }

  it('is what any one of several patterns allows', () => {
    const patterns = ['10.0.0.1:80', 'registry']
    expect(refusal(patterns, '10.0.0.1 :80')).to.equal(undefined)
    expect(refusal(patterns, 'registry=127.0.0.1')).to.equal(undefined)
    expect(refusal(patterns, '10.0.0.1')).to.equal('not-public')
  })

  for (const nonsense of [
    ...['', ' ', ':80', '*', '*.', 'a b', 'a/b', 'https://registry.corp.example/', 'http://a', 'user@a', 'a?b', 'a#b', 'a\\b'],
    ...['a:0', 'a:65536', 'a:b', 'a*.b', 'a.*.b', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '10.0.0.0/x', 'a.b/8', '*.10.0.0.1'],
    ...['[::1', '::1]', '[a]', '256.0.0.1', '%6c', '169.254.0.0/16', 'fe80::/10', 'fd00:ec2::/32'],
  ]) {
    it(`${JSON.stringify(nonsense)} is no pattern`, () => {
      expect(() => new AllowedOrigins(['registry', nonsense]))
        .to.throw()
        .that.includes({ code: 'bad-option' })
        .and.has.property('hint')
        .that.is.a('string')
    })
  }

  it('takes so many patterns and no more', () => {
    expect(refusal(Array(MAX_PATTERNS).fill('private'), '10.0.0.1')).to.equal(undefined)
    expect(() => new AllowedOrigins(Array(MAX_PATTERNS + 1).fill('private')))
      .to.throw()
      .with.property('code', 'bad-option')
  })
})

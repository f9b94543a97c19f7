import { expect } from 'chai'
import fc from 'fast-check'
import { bearerOf, challengesOf, isBasic, parseChallenges } from '../../../src/origin/registries/challenge.ts'

const REGISTRY = new URL('https://reg.example:5000')

function shown(text: string): unknown {
  return parseChallenges(text).map(({ scheme, params }) => [scheme, Object.fromEntries(params)])
}

describe('challenges of registries', () => {
  const good: Array<[text: string, expected: unknown]> = [
    ['Basic realm="basic-realm"', [['basic', { realm: 'basic-realm' }]]],
    [
      'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
      [['bearer', { realm: 'https://auth.example/token', service: 'reg', scope: 'repository:a/b:pull,push' }]],
    ],
    ['BEARER Realm = "x" , Service="y"', [['bearer', { realm: 'x', service: 'y' }]]],
    [
      'Bearer realm=https://auth.example/token,service=reg',
      [['bearer', { realm: 'https://auth.example/token', service: 'reg' }]],
    ],
    [
      'Basic realm="a", Bearer realm="b",scope="c"',
      [
        ['basic', { realm: 'a' }],
        ['bearer', { realm: 'b', scope: 'c' }],
      ],
    ],
    [
      'Negotiate, Basic realm="a"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    [
      'Negotiate YWJj==, Basic realm="a"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'a' }],
      ],
    ],
    ['Basic realm="say \\"hi\\" \\\\"', [['basic', { realm: 'say "hi" \\' }]]],
    ['Bearer', [['bearer', {}]]],
    ['', []],
    [',,, ,', []],
  ]
  for (const [text, expected] of good) it(JSON.stringify(text), () => expect(shown(text)).to.deep.equal(expected))

  const bad = ['Bearer realm="unterminated', 'Bearer realm="a",realm="b"', '"x"', `Bearer ${params(17)}`]
  for (const text of bad) it(`none in ${text.slice(0, 40)}`, () => expect(shown(text)).to.deep.equal([]))

  it('keeps those before a malformed one, and at most eight', () => {
    expect(shown('Basic realm="a", Bearer realm="')).to.deep.equal([['basic', { realm: 'a' }]])
    expect(parseChallenges(Array(20).fill('Basic realm="a"').join(', '))).to.have.length(8)
  })

  it('reads all fields of an answer, unless they are too long', () => {
    const headers = ['content-type', 'x', 'WWW-Authenticate', 'Basic realm="a"', 'www-authenticate', 'Bearer realm="https://b/t"']
    expect(isBasic(challengesOf(headers))).to.equal(true)
    expect(bearerOf(challengesOf(headers), REGISTRY)?.realm.href).to.equal('https://b/t')
    expect(challengesOf(['www-authenticate', `Basic realm="${'a'.repeat(8200)}"`])).to.deep.equal([])
  })

  it('a token server may be another host; one over http serves no registry over https', () => {
    const realm = (text: string, registry = REGISTRY) => bearerOf(parseChallenges(`Bearer realm="${text}"`), registry)?.realm.href
    expect(realm('https://auth.other/token?a=b#c')).to.equal('https://auth.other/token?a=b')
    expect(realm('http://auth.other/token', new URL('http://reg.example'))).to.equal('http://auth.other/token')
    expect(realm('http://auth.other/token')).to.equal(undefined)
    for (const text of ['', '/token', 'file:///etc/passwd', 'https://user:pw@auth.other/', `https://a/${'x'.repeat(2048)}`])
      expect(realm(text), text.slice(0, 30)).to.equal(undefined)
  })

  it('anything else is read in linear time, and never throws', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'Basic="\\, \t:/\u0000é') }), text => void parseChallenges(text)))
    fc.assert(fc.property(fc.string(), text => void bearerOf(parseChallenges(text), REGISTRY)))
    for (const text of [`Bearer realm="${'\\'.repeat(8000)}`, 'a '.repeat(4000), '='.repeat(8000), 'a='.repeat(4000)])
      expect(parseChallenges(text).length).to.be.at.most(8)
  })
})

function params(count: number): string {
  return Array.from({ length: count }, (_, i) => `a${i}="b"`).join(',')
}

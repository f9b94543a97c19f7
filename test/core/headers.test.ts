// Headers for the origin: parsed as curl takes them, limited, never ours, never repeated in an error.
import { expect } from 'chai'
import { checkHeaders, MAX_HEADER_BYTES, MAX_HEADERS, parseHeader, privateHeaders } from '../../src/core/headers.ts'
import { failure } from './failure.ts'

describe('core: headers', () => {
  for (const [text, name, value] of [
    ['X-Token: abc', 'x-token', 'abc'],
    ['X-Token:abc', 'x-token', 'abc'],
    ['  X-Token  :  a b  ', 'x-token', 'a b'],
    ['X-Empty:', 'x-empty', ''],
    ['Authorization: Basic a:b:c', 'authorization', 'Basic a:b:c'],
    ['X-Latin: é', 'x-latin', 'é'],
  ] as const) {
    it(`takes ${JSON.stringify(text)}`, () => expect(parseHeader(text)).to.deep.equal([name, value]))
  }

  for (const text of [
    '',
    ':',
    ': hidden',
    'hidden',
    'a b: hidden',
    'ä: hidden',
    'X-A: hidden\r\nX-B: c',
    'X-A: hidden\0',
    'X-A: hidden ☃',
  ]) {
    it(`rejects ${JSON.stringify(text)}`, () => void failure(() => parseHeader(text), 'bad-header', 'hidden'))
  }

  for (const name of [
    'Range',
    'If-Match',
    'if-range',
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    'Keep-Alive',
    'Proxy-Authorization',
    'Proxy-Anything',
    'TE',
    'Trailer',
    'Upgrade',
    'Via',
    'Content-Range',
    'Accept-Encoding',
  ]) {
    it(`${name} is ours`, () => {
      const error = failure(() => parseHeader(`${name}: hidden`), 'bad-header', 'hidden')
      expect(error.hint).to.include(name.toLowerCase())
      failure(() => checkHeaders([[name, 'hidden']]), 'bad-header', 'hidden')
    })
  }

  for (const name of ['X-HTTP-Method', 'X-HTTP-Method-Override', 'x-method-override']) {
    it(`${name} would make a read something else`, () => {
      expect(failure(() => checkHeaders([[name, 'DELETE']]), 'bad-header', 'DELETE').message).to.include('only reads')
    })
  }

  it('keeps order and repetitions, lowers names', () => {
    const list = [
      ['X-A', '2'],
      ['x-a', '1'],
    ] as const
    expect(checkHeaders(list)).to.deep.equal([
      ['x-a', '2'],
      ['x-a', '1'],
    ])
  })

  it('has limits', () => {
    const many = Array.from({ length: MAX_HEADERS }, (_, i) => [`x-${i}`, ''] as const)
    expect(checkHeaders(many)).to.have.length(MAX_HEADERS)
    failure(() => checkHeaders([...many, ['x', '']]), 'bad-header')
    expect(checkHeaders([['x', 'y'.repeat(MAX_HEADER_BYTES - 1)]])).to.have.length(1)
    failure(() => checkHeaders([['x', 'y'.repeat(MAX_HEADER_BYTES)]]), 'bad-header', 'yyy')
  })

  it('tells private headers from neutral ones and sorts them', () => {
    const list = checkHeaders([
      ['X-B', '1'],
      ['User-Agent', 'u'],
      ['Accept', 'a'],
      ['x-b', '0'],
      ['Referer', 'r'],
    ])
    expect(privateHeaders(list)).to.deep.equal([
      ['accept', 'a'],
      ['x-b', '0'],
      ['x-b', '1'],
    ])
  })
})

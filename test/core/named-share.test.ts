import { expect } from 'chai'
import { isNamedShare, isShareName, namedShareUrl, parseNamedShare } from '../../src/core/named-share.ts'

describe('the name of a shared folder', () => {
  it('is up to 64 letters, digits, dots, dashes and underscores, and begins with one of the first two', () => {
    for (const name of ['a', 'models', 'M.1_x-2', '0', 'a'.repeat(64)]) expect(isShareName(name), name).to.equal(true)
    for (const name of ['', '.', '..', '-a', '_a', 'a b', 'a/b', 'a:1', 'ä', 'a%20', 'a@b', 'a\n', 'a'.repeat(65)])
      expect(isShareName(name), name).to.equal(false)
  })

  it('is an address, whole, of a folder below it, or of a file', () => {
    expect(namedShareUrl('models')).to.equal('dragonfly://models/')
    for (const [url, path, isFolder] of [
      ['dragonfly://Models', '', true],
      ['dragonfly://Models/', '', true],
      ['DRAGONFLY://Models/a%20b', 'a b', false],
      ['dragonfly://Models/a b/ü.txt', 'a b/ü.txt', false],
      ['dragonfly://Models/a/b/', 'a/b', true],
      ['dragonfly://Models/a/../../b', 'b', false],
    ] as const) {
      expect(isNamedShare(url), url).to.equal(true)
      expect(parseNamedShare(url), url).to.deep.equal({ name: 'Models', path, isFolder })
    }
    expect(isNamedShare('dragonfly:bafkreieriht7byvkzhu5d5gxr2eu4cvgztv4olw7gpfudunud5cshwxm3u')).to.equal(false)
  })

  it('is refused with whatever else a URL may have', () => {
    for (const url of [
      'dragonfly://',
      'dragonfly:///models',
      'dragonfly://a b/',
      'dragonfly://..%2f/',
      'dragonfly://-a/',
      'dragonfly://user@models/',
      'dragonfly://user:secret@models/',
      'dragonfly://models:80/',
      'dragonfly://models/?name=x',
      'dragonfly://models/#x',
      'dragonfly://models/%ff',
      `dragonfly://models/${'a'.repeat(4096)}`,
      'http://models/',
      '',
    ])
      expect(() => parseNamedShare(url), url)
        .to.throw()
        .that.includes({ code: 'bad-url' })
  })
})

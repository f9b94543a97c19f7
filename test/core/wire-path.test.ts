import { expect } from 'chai'
import { makeTask } from '../../src/core/task.ts'
import { wirePath } from '../../src/core/wire-path.ts'

describe('core: the path on the wire', () => {
  for (const [text, path] of [
    ['http://a.example', '/'],
    ['http://a.example/f?', '/f?'],
    ['http://a.example/f?#x', '/f?'],
    ["http://a.example/it's?q='a'&r=%27b%27", "/it's?q='a'&r=%27b%27"],
    [" http://a.example/f?q='a'#it's ", "/f?q='a'"],
    ["http://a.example/f?q=a b'", '/f?q=a%20b%27'],
    ['http://a.example/a/../b?x=../c', '/b?x=../c'],
  ] as const) {
    it(text, () => {
      expect(wirePath(text, new URL(text))).to.equal(path)
      expect(makeTask({ url: text }).url).to.equal(`http://a.example${path}`)
    })
  }

  it('has no part in the identity', () => {
    const id = (url: string) => makeTask({ url }).id
    expect(id("http://a.example/f?q='a'")).to.equal(id('http://a.example/f?q=%27a%27'))
  })
})

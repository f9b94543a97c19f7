import { expect } from 'chai'
import { FileNames } from '../../src/cli/file-names.ts'

const URLS = ['http://a/x.iso', 'http://b/x.iso', 'http://c/y.iso', 'http://d/e/x.iso?z', 'http://f/']

describe('file names of one command', () => {
  it('are kept apart as wget does it, by the order of the URLs and whoever comes first', () => {
    const names = new FileNames(URLS)
    expect(names.doubles).to.equal(2)
    const given = (order: string[]) => order.map(url => names.of(url, 'x.iso'))
    expect(given(['http://d/e/x.iso?z', 'http://b/x.iso', 'http://a/x.iso'])).to.deep.equal(['x.iso.2', 'x.iso.1', 'x.iso'])
    expect(given(['http://a/x.iso'])).to.deep.equal(['x.iso'])
    expect(names.of('http://f/', 'index.html')).to.equal('index.html')
  })

  it('are kept apart too when the origin names them', () => {
    const names = new FileNames(URLS)
    expect(names.of('http://c/y.iso', 'x.iso')).to.equal('x.iso.3')
    expect(names.of('http://c/y.iso', 'x.iso')).to.equal('x.iso.3')
    expect(names.of('http://f/', 'x.iso.1')).to.equal('x.iso.1.1')
  })

  it('takes no longer for many of one name', () => {
    const urls = Array.from({ length: 50_000 }, (_, i) => `http://a/get?id=${i}`)
    const names = new FileNames(urls)
    expect(new Set(urls.map(url => names.of(url, 'get'))).size).to.equal(urls.length)
  })
})

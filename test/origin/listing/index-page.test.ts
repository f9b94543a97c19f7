import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { DragonflyError } from '../../../src/core/errors.ts'
import { readIndex, rootOf } from '../../../src/origin/listing/index-page.ts'

const ROOT = rootOf('http://h/pub')

function read(text: string, url = ROOT.url.href, root = ROOT) {
  return readIndex(text, url, root)
}

/** `path` of every file, joined. */
function paths(text: string, url?: string): string[] {
  return read(text, url).files.map(({ path }) => path.join('/'))
}

const NGINX = `<html><head><title>Index of /pub/</title></head><body><h1>Index of /pub/</h1><hr><pre><a href="../">../</a>
<a href="sub/">sub/</a>                     27-Nov-2026 10:00       -
<a href="a%20b.iso">a b.iso</a>             27-Nov-2026 10:00    1234
<a href="x&amp;y.txt">x&amp;y.txt</a></pre></body></html>`
const APACHE = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><table>
<tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td></tr><tr><td><a href="f.tar.gz">f.tar.gz</a></td></tr>
<tr><td><a href="/pub/abs.txt">abs</a></td></tr><tr><td><a href="sub/">sub/</a></td></tr></table>`
const PYTHON = `<!DOCTYPE HTML><ul><li><a href="f.txt">f.txt</a></li><li><a href="%C3%BC.txt">ü.txt</a></li><li><a href="d/">d/</a></li></ul>`

describe('index of a folder', () => {
  it('takes a folder without its slash', () => {
    expect(ROOT.url.href).to.equal('http://h/pub/')
    expect(rootOf('http://h/?prefix=a/b').url.href).to.equal('http://h/?prefix=a/b')
  })

  it('of nginx', () => {
    expect(paths(NGINX)).to.deep.equal(['a b.iso', 'x&y.txt'])
    expect(read(NGINX).folders).to.deep.equal(['http://h/pub/sub/'])
  })
  it('of Apache, without its other orders and its parent', () => {
    expect(paths(APACHE)).to.deep.equal(['f.tar.gz', 'abs.txt'])
    expect(read(APACHE).folders).to.deep.equal(['http://h/pub/sub/'])
  })
  it('of python -m http.server', () => expect(paths(PYTHON)).to.deep.equal(['f.txt', 'ü.txt']))
  it('below the first folder, by its place', () => {
    expect(paths('<a href=f>f</a>', 'http://h/pub/a/b/')).to.deep.equal(['a/b/f'])
  })
  it('keeps the login of the first URL, and nothing else', () => {
    const root = rootOf('http://u:p@h/pub/')
    expect(read('<a href="http://h/pub/f#x">f</a>', root.url.href, root).files[0]?.url).to.equal('http://u:p@h/pub/f')
  })

  it('never leads above the first folder or to another host', () => {
    for (const href of ['..', '../x', '/x', '/pub', '/public/x', 'http://other/pub/x', 'https://h/pub/x', 'http://h:81/pub/x'])
      expect(paths(`<title>Index of /pub/</title><a href="${href}">x</a>`), href).to.deep.equal([])
    for (const href of [
      '%2e%2e/x',
      '.%2E/x',
      'a/../../x',
      '\\\\..\\\\x',
      'javascript:x',
      'file:///pub/x',
      '//other/pub/x',
      '?x',
      '#x',
    ])
      expect(paths(`<title>Index of /pub/</title><a href="${href}">x</a>`), href).to.deep.equal([])
  })

  const HOSTILE = ['..%2fx', '%2fetc%2fpasswd', 'a%5cb', 'a%00b', 'a%0ab', 'a%1bb', 'a//b', `${'x'.repeat(256)}`]
  for (const href of HOSTILE) {
    it(`refuses the name ${href.slice(0, 20)}`, () => {
      const { files, folders, hostile } = read(`<a href="${href}">x</a><a href="${href}/">x</a><a href="good">x</a>`)
      expect(files.map(({ path }) => path)).to.deep.equal([['good']])
      expect(folders).to.deep.equal([])
      expect(hostile).to.be.a('string')
    })
  }

  it('counts a link once, and at most 100,000 of them', () => {
    expect(paths('<a href=f>1</a><a href=f>2</a>')).to.deep.equal(['f'])
    const many = Array.from({ length: 100_100 }, (_, i) => `<a href=${i}>`).join('')
    const page = read(many)
    expect(page.files).to.have.lengthOf(100_000)
    expect(page.flaw?.message).to.equal('more than 100000 names on one page; the rest was left out')
  })

  it('says that it breaks off, with what it has', () => {
    for (const whole of [NGINX, APACHE, PYTHON]) {
      expect(read(whole).flaw, whole).to.equal(undefined)
      const cut = read(whole.slice(0, whole.lastIndexOf('</a>')))
      expect(cut.flaw?.code).to.equal('origin-truncated')
      expect(cut.files.length).to.be.at.least(1)
    }
  })

  it('is nothing that has only words for people', () => {
    for (const text of [
      '<html><h1>We are back soon</h1><a href="/">Home</a></html>',
      '<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>',
      '<script>var folder = "x"</script><p>Please sign in',
    ]) {
      expect(() => read(text), text).to.throw(DragonflyError, 'no index')
    }
    for (const text of [
      '<title>Index of /pub/</title><a href="../">../</a>',
      '<title>Directory listing for /pub/</title><ul></ul>',
      '<pre>\n</pre>',
      '<table><tr><td><a href="/">Parent Directory</a></td></tr></table>',
      '<p>0 directories, 0 files</p>',
      '<a href="..">..</a>',
    ]) {
      expect(read(text).files, text).to.deep.equal([])
    }
  })

  it('keeps nothing of a page but what it says of its files', () => {
    setFlagsFromString('--expose-gc')
    const collect: () => void = runInNewContext('gc')
    const heap = () => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = heap()
    const kept = Array.from({ length: 10 }, (_, i) =>
      read(Buffer.from(`<a href=f${i}>f</a>${'x'.repeat(8 * 1024 * 1024)}`).toString()),
    )
    expect(heap() - before).to.be.below(8 * 1024 * 1024)
    expect(kept[0]?.files[0]?.stamp).to.have.lengthOf(200)
  })

  it('has no link that is longer than a URL', () => {
    const page = read(`<a href="${'a/'.repeat(5000)}f">f</a><a href=good>x</a>`)
    expect(page.files.map(({ path }) => path)).to.deep.equal([['good']])
    expect(page.hostile).to.be.a('string')
  })

  it('is not parsed where its elements are too deep: that takes hours', () => {
    const many = 5_000_000
    const deep = ['<i>'.repeat(many), '<table><tr><td>'.repeat(many / 5), `<ListBucketResult>${'<a>'.repeat(many)}`]
    for (const text of deep) expect(() => read(text), text.slice(0, 30)).to.throw(DragonflyError, 'elements more than 1000 deep')
    expect(read(`${'<i>'.repeat(900)}<a href=f>f</a>`).files).to.have.lengthOf(1)
  })

  it('a file is no index', () => {
    for (const text of ['', 'just text', '\0\x01\x02']) expect(() => read(text), text).to.throw(DragonflyError)
  })

  describe('of S3', () => {
    const list = (inside: string) =>
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>${inside}</ListBucketResult>`
    const keys = (...names: string[]) => names.map(name => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`).join('')
    const bucket = rootOf('http://h/b/?list-type=2&prefix=data/')

    it('names keys below the prefix, with their URLs', () => {
      const page = read(list(keys('data/', 'data/a b.txt', 'data/x/y&amp;z.txt', 'data/q?#.txt')), bucket.url.href, bucket)
      expect(page.files.map(({ path }) => path.join('/'))).to.deep.equal(['a b.txt', 'x/y&z.txt', 'q?#.txt'])
      expect(page.files.map(({ url }) => url)).to.deep.equal([
        'http://h/b/data/a%20b.txt',
        'http://h/b/data/x/y%26z.txt',
        'http://h/b/data/q%3F%23.txt',
      ])
      expect(page.next).to.equal(undefined)
    })

    it('goes on by token or marker', () => {
      const more = '<IsTruncated>true</IsTruncated>'
      const next = (inside: string) => new URL(read(list(`${more}${inside}`), bucket.url.href, bucket).next ?? '').searchParams
      expect(next('<NextContinuationToken>a+/b=</NextContinuationToken>').get('continuation-token')).to.equal('a+/b=')
      expect(next('<NextMarker>m</NextMarker>').get('marker')).to.equal('m')
      expect(next(keys('data/1', 'data/2')).get('marker')).to.equal('data/2')
    })

    it('says that it breaks off, or goes on nobody knows where', () => {
      const flaw = (text: string) => read(text, bucket.url.href, bucket).flaw?.code
      const text = list(keys('data/1', 'data/2'))
      expect(flaw(text)).to.equal(undefined)
      expect(flaw(text.slice(0, text.indexOf('<Key>data/2')))).to.equal('origin-truncated')
      expect(flaw(list('<IsTruncated>true</IsTruncated>'))).to.equal('origin-truncated')
      expect(flaw(list('<IsTruncated>false</IsTruncated>'))).to.equal(undefined)
    })

    it('has folders where a delimiter was asked for', () => {
      const page = read(list('<CommonPrefixes><Prefix>data/sub/</Prefix></CommonPrefixes>'), bucket.url.href, bucket)
      expect(page.folders.map(url => new URL(url).searchParams.get('prefix'))).to.deep.equal(['data/sub/'])
    })

    it('refuses keys that no file can have, and keys outside of the prefix', () => {
      for (const key of ['data/../x', 'data//x', 'data/a\\b', 'other/x', 'data/&#1;x']) {
        const page = read(list(keys(key, 'data/good')), bucket.url.href, bucket)
        expect(
          page.files.map(({ path }) => path.join('/')),
          key,
        ).to.deep.equal(['good'])
        expect(page.hostile, key).to.be.a('string')
      }
    })

    it('decodes names that are encoded', () => {
      const page = read(list(`<EncodingType>url</EncodingType>${keys('data%2Fa+b%21')}`), bucket.url.href, bucket)
      expect(page.files[0]?.path).to.deep.equal(['a b!'])
    })
  })
})

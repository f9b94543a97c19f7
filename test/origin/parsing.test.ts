import { expect } from 'chai'
import * as fc from 'fast-check'
import { cleanFileName, fileNameFromUrl } from '../../src/core/file-name.ts'
import { MAX_FILE_NAME_BYTES } from '../../src/core/manifest.ts'
import { versionName } from '../../src/core/version.ts'
import { contentLength, contentRange } from '../../src/origin/content-range.ts'
import { codingInName, ifChanged, ifRange, lengthInName, validatorsOf } from '../../src/origin/validators.ts'

const URL = 'http://host/path'

describe('origin: Content-Range', () => {
  const parse = (text: string) => contentRange({ 'content-range': text }, URL)

  it('is understood', () => {
    expect(parse('bytes 0-0/1')).to.deep.equal({ range: { start: 0, end: 1 }, total: 1 })
    expect(parse('Bytes 5-9/*')).to.deep.equal({ range: { start: 5, end: 10 }, total: undefined })
    expect(parse('bytes */0')).to.deep.equal({ range: undefined, total: 0 })
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (start, more, tail) => {
        const range = { start, end: start + more + 1 }
        const total = range.end + tail
        expect(parse(`bytes ${start}-${range.end - 1}/${total}`)).to.deep.equal({ range, total })
      }),
    )
  })

  const BAD = [
    '',
    'bytes',
    'bytes 0-0',
    'bytes 1-0/5',
    'bytes 0-5/5',
    'bytes -1-0/5',
    'bytes */*',
    'items 0-0/1',
    'bytes 0-0/1, 2-2/3',
  ]
  const ABSURD = ['bytes 0-9007199254740993/*', 'bytes 0-0/9007199254740993', `bytes 0-0/${'9'.repeat(99)}`, 'bytes 0-1e1/*']
  for (const text of [...BAD, ...ABSURD]) {
    it(`is refused: ${text.slice(0, 40)}`, () => {
      expect(() => parse(text))
        .to.throw('no proper Content-Range')
        .with.property('code', 'origin-lies')
    })
  }

  it('is either understood or refused, whatever comes', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^bytes [-0-9*/ ]{0,40}$/), text => {
        try {
          const { range, total } = parse(text)
          expect((range?.end ?? 0) <= (total ?? Number.MAX_SAFE_INTEGER) && (range?.start ?? 0) >= 0).to.equal(true)
        } catch (error) {
          expect(error).to.have.property('code', 'origin-lies')
        }
      }),
    )
  })

  it('no Content-Length counts beside a transfer coding', () => {
    expect(contentLength({ 'content-length': '5' }, URL)).to.equal(5)
    expect(contentLength({ 'content-length': '5', 'transfer-encoding': 'chunked' }, URL)).to.equal(undefined)
    expect(() => contentLength({ 'content-length': ['5', '6'] }, URL)).to.throw('malformed Content-Length')
  })
})

describe('origin: validators', () => {
  it('come back as conditions', () => {
    const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
    const of = (etag?: string, lastModified?: string, length?: number) =>
      versionName(validatorsOf({ etag, 'last-modified': lastModified }, length, Date.now()), '1')
    expect(ifRange(of('"a b"', date, 5))).to.deep.equal([['if-range', '"a b"']])
    expect(ifRange(of('W/"a"', date, 5))).to.deep.equal([['if-range', date]])
    expect(ifRange(of(undefined, date, 5))).to.deep.equal([['if-range', date]])
    expect(ifRange(of('W/"a"', undefined, 5))).to.deep.equal([])
    expect(ifRange(of())).to.deep.equal([])
    expect(ifRange(of(`"${'x'.repeat(999)}"`))).to.deep.equal([])
    expect([of(undefined, date, 5), of('W/"a"', undefined, 6), of('"1 2"'), of()].map(lengthInName)).to.deep.equal([
      5,
      6,
      undefined,
      undefined,
    ])
  })

  it('a date within a minute of the answer is weak, by the answer date or the time of receipt', () => {
    const at = Date.parse('Wed, 21 Oct 2015 07:30:00 GMT')
    const isWeak = (lastModified: string, date?: string) =>
      validatorsOf({ 'last-modified': lastModified, ...(date !== undefined && { date }) }, 5, at).isDateWeak === true
    for (const [lastModified, date, weak] of [
      ['Wed, 21 Oct 2015 07:29:00 GMT', undefined, false],
      ['Wed, 21 Oct 2015 07:29:01 GMT', undefined, true],
      ['Wed, 21 Oct 2015 07:29:00 GMT', 'Wed, 21 Oct 2015 07:29:00 GMT', true],
      ['Wed, 21 Oct 2015 07:29:00 GMT', 'Wed, 21 Oct 2015 07:30:00 GMT', false],
      ['Wed, 21 Oct 2015 07:31:00 GMT', 'Wed, 21 Oct 2015 07:30:00 GMT', true],
      ['yesterday', 'Wed, 21 Oct 2015 07:30:00 GMT', true],
    ] as const) {
      expect(isWeak(lastModified, date), `${lastModified} / ${date}`).to.equal(weak)
    }
    expect(validatorsOf({ etag: '"a"' }, 5, at)).to.deep.equal({ etag: '"a"', lastModified: undefined, length: 5 })
  })

  it('name the coding', () => {
    for (const [coding, name] of [
      [undefined, 'etag "a"'],
      ['identity', 'etag "a"'],
      ['GZip', 'etag "a" +gzip'],
      ['gzip, br', 'etag "a" +gzip,br'],
      [['gzip', 'br'], 'etag "a" +gzip,br'],
    ] as const) {
      const headers = { etag: '"a"', 'content-encoding': coding as string | string[] | undefined }
      expect(versionName(validatorsOf(headers, 5, 0), '')).to.equal(name)
      expect(ifRange(name)).to.deep.equal([['if-range', '"a"']])
    }
    expect(codingInName('etag "a" +gzip')).to.equal('gzip')
    expect(codingInName('etag "a"')).to.equal(undefined)
    expect(lengthInName('modified Wed, 21 Oct 2015 07:28:00 GMT 5 +gzip')).to.equal(5)
  })

  it('that cannot be sent are none', () => {
    const evil = '"a"\r\nx-injected: 1'
    expect(validatorsOf({ etag: evil, 'last-modified': 'a\u0000' }, 5, 0)).to.deep.equal({
      etag: undefined,
      lastModified: undefined,
      length: 5,
    })
    expect(ifRange(`etag ${evil}`)).to.deep.equal([])
    expect(ifRange('modified a\r\nb: c 5')).to.deep.equal([])
    expect(ifChanged({ etag: evil, lastModified: evil, length: 5 })).to.deep.equal([])
    expect(validatorsOf({ etag: ['"a"', '"b"'] }, 5, 0).etag).to.equal(undefined)
  })
})

describe('origin: file names', () => {
  const TABLE: [string, string][] = [
    ['file.iso', 'file.iso'],
    ['a b ü 漢.txt', 'a b ü 漢.txt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\x\\evil.exe', 'evil.exe'],
    ['dir/', ''],
    ['.', ''],
    ['..', ''],
    ['', ''],
    ['...', ''],
    ['.bashrc', 'bashrc'],
    [' . x ', 'x'],
    ['a\u0000b\nc\u007fd\u009be', 'abcde'],
    ['txt.\u202eexe', 'txt.exe'],
    ['-rf', 'rf'],
    ['--.-\u200b -x', 'x'],
    ['a\u200b\u2060\ufeffb\u2028c\u2029d\u00ade\u3164f\u{e0041}', 'abcdef'],
    ['\ud800x', '\ufffdx'],
  ]
  for (const [name, clean] of TABLE) {
    it(`${JSON.stringify(name)} becomes ${JSON.stringify(clean)}`, () => expect(cleanFileName(name)).to.equal(clean))
  }

  it('are always safe', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), name => {
        const clean = cleanFileName(name)
        expect(clean).to.not.match(/[/\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^[.-]|^\s|\s$/u)
        expect(Buffer.byteLength(clean)).to.be.at.most(MAX_FILE_NAME_BYTES)
        expect(cleanFileName(clean)).to.equal(clean)
      }),
      { numRuns: 30 },
    )
  })

  it('are cut between characters', () => {
    expect(cleanFileName('漢'.repeat(100))).to.equal('漢'.repeat(85))
    expect(cleanFileName(`${'a'.repeat(254)}ü`)).to.equal('a'.repeat(254))
  })

  it('come from the last segment of a URL', () => {
    expect(fileNameFromUrl('https://h/a/b%20c.iso?x=/y#z')).to.equal('b c.iso')
    expect(fileNameFromUrl('https://h/a/%2e%2e%2fpasswd')).to.equal('passwd')
    expect(fileNameFromUrl('https://h/a/100%.txt')).to.equal('100%.txt')
    for (const url of ['https://h', 'https://h/', 'https://h/a/', 'https://h/..', 'no url'])
      expect(fileNameFromUrl(url)).to.equal('')
  })
})

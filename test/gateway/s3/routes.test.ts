// Paths below /s3: what they name, and what is not asked of any store.
import { expect } from 'chai'
import fc from 'fast-check'
import { isS3Path, MAX_TARGET, parseS3Target } from '../../../src/gateway/s3/routes.ts'

describe('a path of S3', () => {
  it('names a bucket, an object, or all buckets', () => {
    expect(parseS3Target('/s3')).to.deep.equal({ bucket: undefined, key: undefined, query: [] })
    expect(parseS3Target('/s3/')).to.deep.equal({ bucket: undefined, key: undefined, query: [] })
    expect(parseS3Target('/s3/b-1.x')).to.deep.equal({ bucket: 'b-1.x', key: undefined, query: [] })
    expect(parseS3Target('/s3/bucket/')).to.deep.equal({ bucket: 'bucket', key: undefined, query: [] })
    expect(parseS3Target('/s3/bucket/a%20b//c+%2B%C3%BC/')).to.deep.equal({ bucket: 'bucket', key: 'a b//c++ü/', query: [] })
    expect(parseS3Target('/s3/bucket/key?versionId=v%2F1&x-id=GetObject')).to.deep.equal({
      bucket: 'bucket',
      key: 'key',
      query: [['versionId', 'v/1']],
    })
    expect(parseS3Target('/s3/bucket?list-type=2&prefix=a%2Fb&X-Amz-Signature=0')).to.deep.equal({
      bucket: 'bucket',
      key: undefined,
      query: [
        ['list-type', '2'],
        ['prefix', 'a/b'],
      ],
    })
  })

  it('is one of the prefix alone', () => {
    expect(['/s3', '/s3/', '/s3/b', '/s3?x'].every(isS3Path)).to.equal(true)
    expect(['/s33', '/S3', '/v2/s3/', 'http://h/s3', ''].some(isS3Path)).to.equal(false)
  })

  it('asks for objects and lists only', () => {
    for (const target of ['/s3/bucket?policy', '/s3/bucket?acl', '/s3/bucket/key?acl', '/s3/bucket/key?uploads', '/s3?prefix=x'])
      expect(parseS3Target(target), target).to.equal('not-offered')
  })

  it('cannot be read in two ways', () => {
    const wrong = [
      '/s3//key',
      '/s3/b/key',
      '/s3/bucket/../x',
      '/s3/bucket/%2e%2e/x',
      '/s3/bucket/a/.',
      '/s3/bucket/%',
      '/s3/bucket/%ff',
    ]
    const long = [
      `/s3/bucket/${'x'.repeat(1025)}`,
      `/s3/bucket?prefix=${'x'.repeat(MAX_TARGET)}`,
      '/s3/bucket/x#y',
      '/s3/b%2Fc/key',
    ]
    for (const target of [...wrong, ...long]) expect(parseS3Target(target), target.slice(0, 60)).to.equal('malformed')
  })

  it('gives every key back as it is', () => {
    const part = fc
      .string({ minLength: 1, maxLength: 40, unit: 'binary' })
      .filter(text => !/^\.{1,2}$/.test(text) && text.isWellFormed())
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), parts => {
        const key = parts.join('/')
        fc.pre(Buffer.byteLength(key) <= 1024 && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(key))
        expect(parseS3Target(`/s3/bucket/${encodeURIComponent(key)}`)).to.deep.equal({ bucket: 'bucket', key, query: [] })
      }),
    )
  })
})

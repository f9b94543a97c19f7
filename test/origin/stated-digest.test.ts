// What an origin states of the whole content's digest.
import { expect } from 'chai'
import { digestInUrl, statedDigest } from '../../src/origin/stated-digest.ts'
import { content, hex } from '../world/content.ts'

const BODY = content('stated', 1000)
const HEX = hex(BODY)
const B64 = Buffer.from(HEX, 'hex').toString('base64')
const OTHER = Buffer.alloc(32, 7).toString('base64')

function stated(headers: Record<string, string | string[]>, status = 200): string | undefined {
  const found = statedDigest(status, headers)
  return found && `${found.by} ${Buffer.from(found.sha256).toString('hex')}`
}

describe('a digest that the origin states', () => {
  it('is read from each field that speaks of the whole', () => {
    const fields: Record<string, string> = {
      'repr-digest': `sha-512=:${OTHER}:, sha-256=:${B64}:;q=1`,
      'content-digest': `sha-256=:${B64}:`,
      digest: `md5=abc==,SHA-256=${B64}`,
      'x-amz-checksum-sha256': B64,
      'docker-content-digest': `sha256:${HEX}`,
    }
    for (const [name, value] of Object.entries(fields)) expect(stated({ [name]: value }), name).to.equal(`${name} ${HEX}`)
  })

  it('is none where it is composite, malformed, of another function, or of a coded form', () => {
    const none: Record<string, string>[] = [
      { 'x-amz-checksum-sha256': `${B64}-12` },
      { 'x-amz-checksum-sha256': B64, 'x-amz-checksum-type': 'COMPOSITE' },
      { 'repr-digest': `sha-256=${B64}` },
      { 'repr-digest': `sha-256=:${B64.slice(4)}:` },
      { 'repr-digest': `sha-512=:${B64}:` },
      { digest: `x-sha-256=${B64}` },
      { 'docker-content-digest': `sha512:${HEX}` },
      { 'repr-digest': `sha-256=:${B64}:`, 'content-encoding': 'gzip' },
    ]
    for (const headers of none) expect(stated(headers), JSON.stringify(headers)).to.equal(undefined)
  })

  it('is none where two contradict each other', () => {
    expect(stated({ 'repr-digest': `sha-256=:${B64}:`, digest: `sha-256=${OTHER}` })).to.equal(undefined)
    expect(stated({ 'repr-digest': [`sha-256=:${B64}:`, `sha-256=:${OTHER}:`] })).to.equal(undefined)
  })

  it('is in an answer that holds a part only what RFC 9530 calls the representation', () => {
    expect(stated({ 'repr-digest': `sha-256=:${B64}:`, 'content-digest': `sha-256=:${OTHER}:` }, 206)).to.contain(HEX)
    expect(
      stated({ 'content-digest': `sha-256=:${B64}:`, digest: `sha-256=${B64}`, 'x-amz-checksum-sha256': B64 }, 206),
    ).to.equal(undefined)
    expect(stated({ 'repr-digest': `sha-256=:${B64}:` }, 203)).to.equal(undefined)
  })

  it('is in the URL of a blob or manifest of a registry', () => {
    for (const kind of ['blobs', 'manifests']) {
      const found = digestInUrl(`https://r.example/v2/a/b/${kind}/sha256:${HEX}?x=1`)
      expect(found && Buffer.from(found.sha256).toString('hex')).to.equal(HEX)
    }
    expect(digestInUrl(`https://r.example/v2/a/b/manifests/latest`)).to.equal(undefined)
    expect(digestInUrl(`https://r.example/files/sha256:${HEX}`)).to.equal(undefined)
  })
})

import { expect } from 'chai'
import { HeadMender, MAX_HEAD_BYTES, mendHead } from '../../src/origin/head.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

describe('origin: the head of an answer', () => {
  for (const [name, given, mended] of [
    ['proper', `${OK}A: b\r\nContent-Length: 5\r\n\r\n`, `${OK}A: b\r\nContent-Length: 5\r\n\r\n`],
    ['without fields', `${OK}\r\n`, `${OK}\r\n`],
    ['lines that end with LF', 'HTTP/1.0 200 OK\nA: b\n\n', 'HTTP/1.0 200 OK\r\nA: b\r\n\r\n'],
    ['space before the colon', `${OK}A : b\r\n\r\n`, `${OK}A: b\r\n\r\n`],
    ['folded', `${OK}A: b\r\n  c\r\n\td\r\n\r\n`, `${OK}A: b c d\r\n\r\n`],
    ['control bytes', `${OK}A: b\x01c\x7f\rd\r\n\r\n`, `${OK}A: b c  d\r\n\r\n`],
    ['text above ASCII', `${OK}A: \xc5\xbc\x81\r\n\r\n`, `${OK}A: \xc5\xbc\x81\r\n\r\n`],
    [
      'equal lengths twice',
      `${OK}Content-Length: 5\r\ncontent-length: 5\r\n\r\n`,
      `${OK}Content-Length: 5\r\nConnection: close\r\n\r\n`,
    ],
    ['equal lengths in one field', `${OK}Content-Length: 5, 5\r\n\r\n`, `${OK}Content-Length: 5\r\nConnection: close\r\n\r\n`],
    [
      'identity',
      `${OK}Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n`,
      `${OK}Content-Length: 5\r\nConnection: close\r\n\r\n`,
    ],
    ['identity without a length', `${OK}Transfer-Encoding: Identity\r\n\r\n`, `${OK}Connection: close\r\n\r\n`],
    [
      'a length beside chunks',
      `${OK}Connection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: Chunked\r\n\r\n`,
      `${OK}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    ],
  ] as const) {
    it(name, () => expect(mendHead(given)).to.equal(mended))
  }

  for (const [name, given] of [
    ['a line without colon', `${OK}nonsense\r\n\r\n`],
    ['NUL', `${OK}A: b\0c\r\n\r\n`],
    ['folding before any field', `${OK} b\r\n\r\n`],
  ] as const) {
    it(`leaves to the parser: ${name}`, () => expect(mendHead(given)).to.equal(given))
  }

  it('two lengths stay two, for the caller to refuse', () => {
    const head = mendHead(`${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`)
    expect(head).to.include('Content-Length: 5').and.include('Content-Length: 6')
  })

  it('is mended in any cut, once after each request; bodies and what follows them pass', () => {
    const bytes = Buffer.from(
      'HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 200 OK\nA : b\n\nHTTP/1.1 A : b\n\n',
    )
    for (let size = 1; size <= bytes.length; size++) {
      const mender = new HeadMender()
      mender.expect()
      const seen: Buffer[] = []
      for (let at = 0; at < bytes.length; at += size) seen.push(mender.push(bytes.subarray(at, at + size)))
      expect(Buffer.concat(seen).toString(), String(size)).to.equal(`${OK}A: b\r\n\r\nHTTP/1.1 A : b\n\n`)
      mender.expect()
      expect(mender.push(Buffer.from('\r\n\r\nHTTP/1.1 204 X\n\n')).toString()).to.equal('HTTP/1.1 204 X\r\n\r\n')
    }
  })

  it('what is no HTTP, or too long, is given to the parser at once', () => {
    for (const text of ['SSH-2.0-x\r\n', `${OK}A: ${'x'.repeat(MAX_HEAD_BYTES)}`]) {
      const mender = new HeadMender()
      mender.expect()
      expect(mender.push(Buffer.from(text)).toString()).to.equal(text)
    }
  })
})

// Answers that curl takes, over real connections.
import { expect } from 'chai'
import { makeTask } from '../../src/core/task.ts'
import { REFUSALS } from '../../src/origin/refusals.ts'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { content, rawVillain } from './hostile-origin.ts'

const BYTES = content(100_000)
const N = BYTES.length
const L = `Content-Length: ${N}\r\n`
const OK = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = Buffer.concat([Buffer.from(`${N.toString(16)};a=b\r\n`), BYTES, Buffer.from('\r\n0\r\nX-Sum: x\r\n\r\n')])

function answer(head: string, body: Uint8Array = BYTES, end = ''): Buffer {
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), body, Buffer.from(end)])
}

describe('origin: odd answers that are taken', () => {
  afterEach(cleanUp)

  for (const [name, bytes] of [
    ['1xx unasked', answer(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}${L}`)],
    ['length and chunks', answer(`${OK}${L}Transfer-Encoding: chunked\r\n`, CHUNKED)],
    ['identity', answer(`${OK}${L}Transfer-Encoding: identity\r\n`)],
    ['equal lengths twice', answer(`${OK}${L}${L}`)],
    ['equal lengths in one field', answer(`${OK}Content-Length: ${N}, ${N}\r\n`)],
    ['a line end after the body', answer(`${OK}${L}`, BYTES, '\r\n')],
    ['a line end after the body of a closing connection', answer(`${OK}${L}Connection: close\r\n`, BYTES, '\r\n')],
    ['lines that end with LF', Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\nContent-Length: ${N}\n\n`), BYTES])],
    ['space before the colon', answer(`${OK}Server : x\r\n${L}`)],
    ['folded', answer(`${OK}X: a\r\n b\r\n${L}`)],
    ['a control byte', answer(`${OK}X: a\x01b\r\n${L}`)],
    ['200 KiB of fields', answer(`${OK}${`X: ${'x'.repeat(4000)}\r\n`.repeat(50)}${L}`)],
    ['206 unasked, of everything', answer(`HTTP/1.1 206 X\r\nContent-Range: bytes 0-${N - 1}/${N}\r\n${L}`)],
  ] as [string, Buffer][]) {
    it(name, async () => {
      const { url } = await rawVillain(bytes, 'keep')
      const origin = impatient()
      for (let i = 0; i < 2; i++) expectBytes(await readAll(await origin.open({ url, headers: [] })), BYTES)
    })
  }

  it('a Location of 60 KiB', async () => {
    const path = `/${'x'.repeat(60 * 1024)}`
    const { url } = await rawVillain(`HTTP/1.1 302 Found\r\nLocation: ${path}\r\nContent-Length: 0\r\n\r\n`, 'keep')
    // it is followed, to where it leads again
    expect((await failure(impatient().open({ url, headers: [] }), 'origin-redirect')).message).to.include('more than 10 times')
  })

  const refused: [string, Buffer][] = [
    ['a header line without a colon', answer(`${OK}nonsense\r\n${L}`)],
    ['NUL in a field', answer(`${OK}X: a\0b\r\n${L}`)],
    ['headers beyond 256 KiB', answer(`${OK}${`X: ${'x'.repeat(4000)}\r\n`.repeat(75)}${L}`)],
    ['different Content-Lengths in one answer', answer(`${OK}${L}Content-Length: 7\r\n`)],
    [
      'a part of the file as 206 without a requested range',
      answer(`HTTP/1.1 206 X\r\nContent-Range: bytes 0-${N - 1}/${N + 1}\r\n${L}`),
    ],
    ['more bytes than announced, except a line end', answer(`${OK}${L}Connection: close\r\n`, BYTES, 'surplus')],
  ]
  for (const [name, bytes] of refused) {
    it(`not taken: ${name}`, async () => {
      const code = REFUSALS.find(({ what }) => what === name)?.code as string
      const { url } = await rawVillain(bytes, 'keep')
      await failure(impatient({ attempts: 1 }).open({ url, headers: [] }).then(readAll), code)
    })
  }

  it('not taken: an IPv6 zone in a URL', () => {
    expect(() => makeTask({ url: 'http://[fe80::1%25eth0]/f' }))
      .to.throw()
      .with.property('code', 'bad-url')
  })

  it('nothing else is in the table of what is refused', () => {
    const tried = [...refused.map(([name]) => name), 'an IPv6 zone in a URL: `http://[fe80::1%25eth0]/`']
    expect(REFUSALS.map(({ what }) => what)).to.have.members(tried)
  })
})

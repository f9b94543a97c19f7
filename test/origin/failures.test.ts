import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect, promisify } from 'node:util'
import { expect } from 'chai'
import { isTrouble } from '../../src/origin/trouble.ts'
import { CERTIFICATE, KEY, LOOPBACK_CERTIFICATE, LOOPBACK_KEY } from './certificate.ts'
import { cleanUp, failure, impatient, readAll } from './fixtures.ts'
import { deadUrl, hostileOrigin, muteVillain, rawVillain } from './hostile-origin.ts'

describe('origin: failures', () => {
  afterEach(cleanUp)

  const STATUSES: [number, string, boolean][] = [
    [204, 'origin-error', false],
    [304, 'origin-error', false],
    [400, 'origin-error', false],
    [401, 'origin-forbidden', false],
    [403, 'origin-forbidden', false],
    [404, 'origin-not-found', false],
    [407, 'origin-forbidden', false],
    [408, 'origin-error', true],
    [410, 'origin-not-found', false],
    [416, 'origin-error', false],
    [418, 'origin-error', false],
    [425, 'origin-error', true],
    [429, 'origin-error', true],
    [500, 'origin-error', true],
    [503, 'origin-error', true],
    [599, 'origin-error', true],
  ]
  for (const [status, code, retried] of STATUSES) {
    it(`${status} is ${code}${retried ? ', after retries' : ', at once'}`, async () => {
      const { url, requests } = await hostileOrigin(() => ({ status, body: 'page' }))
      const error = await failure(impatient({ attempts: 3 }).open({ url: `${url}?token=hush`, headers: [] }), code)
      expect(error).to.include({ status, retryable: retried })
      expect(error.message).to.match(new RegExp(`^origin answered ${status}[ \\w']* for ${url}$`))
      expect(requests).to.have.lengthOf(retried ? 3 : 1)
    })
  }

  it('says what to do about 403', async () => {
    const { url } = await hostileOrigin(() => ({ status: 403 }))
    const error = await failure(impatient().open({ url, headers: [] }), 'origin-forbidden')
    expect(error.message).to.equal(`origin answered 403 Forbidden for ${url}`)
    expect(error.hint).to.include("-H 'Authorization: …'")
  })

  it('a refused connection is tried three times ', async () => {
    const url = await deadUrl()
    const waits: number[] = []
    const onRetry = (_: unknown, wait: number) => waits.push(wait)
    const origin = impatient({ onRetry, random: () => 0.999_999, backoffMs: 250 })
    const error = await failure(origin.open({ url, headers: [] }), 'origin-unreachable')
    expect(waits.map(Math.round)).to.deep.equal([375, 750])
    expect(error.message).to.equal(`cannot connect to ${new URL(url).host}: connection refused`)
    expect(error.retryable).to.equal(true)
  })

  it('an unknown host', async () => {
    const error = await failure(impatient().open({ url: 'http://nonexistent.invalid/x', headers: [] }), 'origin-unknown-host')
    expect(error.message).to.equal('unknown host nonexistent.invalid')
  })

  it('a host that never finishes its handshake', async () => {
    const url = (await muteVillain()).url.replace('http:', 'https:')
    const error = await failure(impatient({ connectTimeoutMs: 50, attempts: 1 }).open({ url, headers: [] }), 'origin-unreachable')
    expect(error.message).to.match(/^cannot connect to 127\.0\.0\.1:\d+: no answer in time$/)
  })

  it('a certificate that nobody vouches for is told, and not tried again', async () => {
    const server = createServer({ cert: CERTIFICATE, key: KEY }, (_, response) => response.end('x'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    try {
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`
      const onRetry = () => expect.fail('retried')
      const error = await failure(impatient({ onRetry }).open({ url, headers: [] }), 'origin-unreachable')
      expect(error.message).to.match(/^no secure connection to 127\.0\.0\.1:\d+: .*(self.signed|expired)/)
      expect(error.retryable).to.equal(false)
      expect(error.hint).to.include('--cacert FILE')
    } finally {
      server.close()
    }
  })

  for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    it(`a certificate that ${name} vouches for is good`, async () => {
      const server = createServer({ cert: LOOPBACK_CERTIFICATE, key: LOOPBACK_KEY }, (_, response) => response.end('x'))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      const dir = await mkdtemp(join(tmpdir(), 'df-trust-'))
      try {
        await writeFile(join(dir, 'ca.pem'), LOOPBACK_CERTIFICATE)
        const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/x`
        const program = `const { Origin } = await import(process.argv[1])
        const origin = new Origin()
        for (let i = 0; i < 2; i++) for await (const chunk of await origin.open({ url: process.argv[2], headers: [] })) console.log(String(chunk))
        await origin.stop()`
        const source = new URL('../../src/origin/origin.ts', import.meta.url).href
        const env = { ...process.env, [name]: join(dir, 'ca.pem') }
        const args = ['--input-type=module', '-e', program, source, url]
        const { stdout } = await promisify(execFile)(process.execPath, args, { env })
        expect(stdout).to.equal('x\nx\n')
      } finally {
        server.close()
        await rm(dir, { recursive: true })
      }
    })
  }

  it('https where http is spoken', async () => {
    const { url } = await hostileOrigin(() => ({ body: 'x' }))
    await failure(impatient().open({ url: url.replace('http:', 'https:'), headers: [] }), 'origin-unreachable')
  })

  it('no answer in time', async () => {
    const { url, requests } = await hostileOrigin(() => ({ silent: true }))
    const origin = impatient({ headersTimeoutMs: 100, attempts: 2 })
    const error = await failure(origin.open({ url, headers: [] }), 'origin-timeout')
    expect(error.message).to.equal(`origin sent no answer in time for ${url}`)
    expect(requests).to.have.lengthOf(2)
  })

  it('a connection closed instead of an answer', async () => {
    const { url, requests } = await hostileOrigin(() => ({ hangUp: true }))
    const error = await failure(impatient({ attempts: 4 }).open({ url, headers: [] }), 'origin-unreachable')
    expect(requests).to.have.lengthOf(4)
    // a cached copy stands in for it, as for an origin that is down
    expect(isTrouble(error)).to.equal(true)
  })

  it('something that is no HTTP', async () => {
    const { url } = await rawVillain('SSH-2.0-OpenSSH_9.6\r\n')
    const error = await failure(impatient().open({ url, headers: [] }), 'origin-error')
    expect(error.message).to.include('malformed HTTP')
    expect(isTrouble(error)).to.equal(false)
  })

  it('an endless header', async () => {
    const { url } = await rawVillain(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1 << 20)}`)
    await failure(impatient().open({ url, headers: [] }), 'origin-error')
  })

  for (const length of [
    '-1',
    '1e3',
    'abc',
    '9007199254740991',
    '9007199254740993',
    '18446744073709551615',
    '99999999999999999999999',
  ]) {
    it(`an absurd Content-Length: ${length}`, async () => {
      const { url } = await rawVillain(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\nabc`, 'keep')
      await failure(impatient().open({ url, headers: [] }), 'origin-lies')
    })
  }

  it('two Content-Lengths', async () => {
    const { url } = await rawVillain('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nabc', 'keep')
    await failure(impatient().open({ url, headers: [] }), 'origin-lies')
  })

  for (const head of ['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK\r\nConnection: close', 'HTTP/1.0 200 OK']) {
    it(`a body longer than announced, ${head.replace('\r\n', ', ')}`, async () => {
      const { url } = await rawVillain(`${head}\r\nContent-Length: 3\r\nETag: "a"\r\n\r\nabcSURPLUS`)
      const read = await impatient().open({ url, headers: [] })
      const got: Uint8Array[] = []
      const reading = async () => {
        for await (const chunk of read) got.push(chunk)
      }
      const error = await failure(reading(), 'origin-lies')
      expect(error.message).to.equal(`origin sent more than it announced for ${url}`)
      expect(String(Buffer.concat(got))).to.equal('abc')
    })
  }

  it('a range unasked', async () => {
    const { url } = await hostileOrigin(() => ({ status: 206, body: 'b', headers: { 'content-range': 'bytes 1-1/3' } }))
    await failure(impatient().open({ url, headers: [] }), 'origin-lies')
  })

  it('no error tells a secret', async () => {
    const scripts = [
      { status: 404 },
      { status: 500 },
      { status: 302, headers: { location: 'ftp://user:hush@x/?hush' } },
      { status: 302, headers: { location: '/dir/file.bin?hush=1' } },
      { hangUp: true },
      { silent: true },
      { body: 'abc', cutAfter: 1 },
      { body: 'abc', stallAfter: 1 },
      { status: 206, body: 'abc' },
    ]
    const urls = [
      (await deadUrl()).replace('http://', 'http://hush:hush@'),
      'https://nonexistent.invalid/?hush',
      'not a url hush',
    ]
    for (const script of scripts) urls.push(`${(await hostileOrigin(() => script)).url}?token=hush`)
    const origin = impatient({ attempts: 1, headersTimeoutMs: 100, idleTimeoutMs: 100 })
    const headers = [['authorization', 'Basic hush']] as const
    await Promise.all(
      urls.map(async url => {
        const error: unknown = await origin
          .open({ url, headers })
          .then(readAll)
          .then(
            () => expect.fail('succeeded'),
            e => e,
          )
        expect(inspect(error, { depth: 5, showHidden: false })).to.not.include('hush')
      }),
    )
  })
})

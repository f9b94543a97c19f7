import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { cleanUp, expectBytes, failure, impatient, readAll } from './fixtures.ts'
import { type Act, content, honest, hostileOrigin, rawVillain, type Script } from './hostile-origin.ts'

const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT'
const LENGTH = 300_000
const BYTES = content(LENGTH)

/** Honest, but every answer of a body ends after `bytes`. */
function cutting(bytes: number, honesty: Parameters<typeof honest>[2]): Script {
  return request => ({ ...honest(request, BYTES, honesty), cutAfter: bytes })
}

/** The first answer breaks off after 1000 bytes, or `cutAfter`; the second is told what to be. */
function thenAnswers(second: Act, first: Act = { body: BYTES, headers: { etag: '"a"' } }): Script {
  return (_, nth) => (nth === 1 ? { cutAfter: 1000, ...first } : second)
}

function range(start: number, total: number | string = LENGTH, end = LENGTH): Record<string, string> {
  return { etag: '"a"', 'content-range': `bytes ${start}-${end - 1}/${total}` }
}

describe('origin: a read that breaks off', () => {
  afterEach(cleanUp)

  for (const honesty of [{ etag: '"a"' }, { lastModified: DATE }]) {
    it(`goes on where it was, by ${Object.keys(honesty)}`, async () => {
      const { url, requests } = await hostileOrigin(cutting(70_000, honesty))
      const retries: [string, number][] = []
      const origin = impatient({ attempts: 2, onRetry: (e, ms) => retries.push([e.code, ms]), random: () => 0.5 })
      expectBytes(await readAll(await origin.open({ url, headers: [] })), BYTES)
      expect(requests.map(r => r.headers.range)).to.deep.equal([
        undefined,
        'bytes=70000-',
        'bytes=140000-',
        'bytes=210000-',
        'bytes=280000-',
      ])
      expect(requests[1]?.headers['if-range']).to.equal(Object.values(honesty)[0])
      // Progress resets the count and the back-off.
      expect(retries).to.deep.equal(Array(4).fill(['origin-truncated', 1]))
    })
  }

  it('goes on at an origin without ranges by reading over what it has', async () => {
    const { url, requests } = await hostileOrigin((r, nth) => {
      const act = honest(r, BYTES, { etag: '"a"', ranges: false })
      return nth < 3 ? { ...act, cutAfter: nth * 100_000 } : act
    })
    expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
    expect(requests).to.have.lengthOf(3)
  })

  it('gives a whole read as many tries as curl --retry 5, however many ranges failed before', async () => {
    const busy = async (status: number) => {
      // cut; ranges that fail; five plain GETs that fail; the sixth does not
      const { url, requests } = await hostileOrigin((r, nth) => {
        if (nth === 1) return { ...honest(r, BYTES, { etag: '"a"' }), cutAfter: 1000 }
        if (r.headers.range !== undefined) return { status }
        return requests.filter(({ headers }) => headers.range === undefined).length < 7
          ? { status: 502 }
          : honest(r, BYTES, { etag: '"a"' })
      })
      const origin = impatient({ breakerFailures: 99 })
      expectBytes(await readAll(await origin.open({ url, headers: [] })), BYTES)
      return requests.filter(({ headers }) => headers.range !== undefined).length
    }
    expect(await busy(403)).to.equal(1)
    expect(await busy(503)).to.equal(3)
  })

  it('goes on after a stall', async () => {
    const { url } = await hostileOrigin((r, nth) => ({
      ...honest(r, BYTES, { etag: '"a"' }),
      ...(nth === 1 ? { stallAfter: 5000 } : {}),
    }))
    const retries: string[] = []
    const origin = impatient({ idleTimeoutMs: 50, onRetry: e => retries.push(e.message) })
    expectBytes(await readAll(await origin.open({ url, headers: [] })), BYTES)
    expect(retries).to.deep.equal([`origin stalled after 5000 of ${LENGTH} bytes of ${url}`])
  })

  it('goes on with a body of unknown length, and learns the length', async () => {
    const { url } = await hostileOrigin((r, nth) =>
      nth === 1 ? { ...honest(r, BYTES, { etag: '"a"' }), chunked: true, cutAfter: 1000 } : honest(r, BYTES, { etag: '"a"' }),
    )
    const read = await impatient().open({ url, headers: [] })
    expect(read.length).to.equal(undefined)
    expectBytes(await readAll(read), BYTES)
    expect(read).to.include({ length: LENGTH, rangesSupported: true })
  })

  it('finds by 416 that a body of unknown length had broken off at its very end', async () => {
    const { url, requests } = await hostileOrigin((r, nth) => {
      const act = honest(r, BYTES, { etag: '"a"' })
      return nth === 1 ? { ...act, chunked: true, cutAfter: LENGTH } : act
    })
    expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
    expect(requests.map(r => r.headers.range)).to.deep.equal([undefined, `bytes=${LENGTH}-`])
  })

  it('waits out an origin that is down for a while', async () => {
    const { url, requests } = await hostileOrigin((r, nth) =>
      nth === 1
        ? { ...honest(r, BYTES, { etag: '"a"' }), cutAfter: 10 }
        : nth < 5
          ? { status: 503 }
          : honest(r, BYTES, { etag: '"a"' }),
    )
    expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
    expect(requests).to.have.lengthOf(5)
  })

  it('gives up after six tries without a new byte, as curl --retry 5, not before', async () => {
    const { url, requests } = await hostileOrigin(r => ({ ...honest(r, BYTES, { etag: '"a"', ranges: false }), cutAfter: 1000 }))
    const error = await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
    expect(error.message).to.equal(`origin broke off after 1000 of ${LENGTH} bytes of ${url}`)
    expect(error.retryable).to.equal(true)
    expect(requests).to.have.lengthOf(7)
  })

  it('goes on as long as there is progress', async () => {
    const { url, requests } = await hostileOrigin(cutting(2000, { etag: '"a"' }))
    expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
    expect(requests).to.have.lengthOf(150)
  })

  it('gives up after a hundred tries of a byte each', async () => {
    const { url, requests } = await hostileOrigin(cutting(1, { etag: '"a"' }))
    await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
    expect(requests).to.have.lengthOf(101)
  })

  it('throws the last error if the origin stays away', async () => {
    const { url } = await hostileOrigin(thenAnswers({ status: 500 }))
    expect(await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-error')).to.include({ status: 500 })
  })

  it('does not retry what has no hope', async () => {
    const { url, requests } = await hostileOrigin(thenAnswers({ status: 404 }))
    await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-not-found')
    // the range, and the plain GET whose answer counts
    expect(requests).to.have.lengthOf(3)
  })

  for (const headers of [{}, { etag: 'W/"weak"' }] as Record<string, string>[]) {
    it(`cannot go on ${headers.etag ? 'by a weak ETag' : 'without validators'}`, async () => {
      const { url, requests } = await hostileOrigin(thenAnswers({}, { body: BYTES, headers }))
      const error = await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
      expect(error.message).to.include('after 1000 of 300000 bytes').and.include('sends no validator')
      expect(error.hint).to.be.a('string')
      expect(requests).to.have.lengthOf(1)
    })
  }

  it('a cut body of unknown length is no end', async () => {
    const { url } = await hostileOrigin(thenAnswers({}, { body: BYTES, chunked: true }))
    await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
  })

  it('garbage instead of a chunk is no end', async () => {
    const { url } = await rawVillain('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nZZZ\r\n')
    await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
  })

  it('is not ended by an end of the connection before the announced length', async () => {
    for (const head of ['HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', 'HTTP/1.1 200 OK\r\nConnection: close']) {
      const { url } = await rawVillain(`${head}\r\nContent-Length: 10\r\n\r\nabc`)
      await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
    }
  })

  describe('never mixes versions', () => {
    const B = content(LENGTH, 1)
    const OTHERS: Record<string, Act> = {
      'a whole new version': { body: B, headers: { etag: '"b"' } },
      'a whole content that names no version': { body: B },
      'a whole content under a weak ETag': { body: B, headers: { etag: 'W/"a"' } },
      'the same ETag in another coding': { body: B, headers: { etag: '"a"', 'content-encoding': 'gzip' } },
      'the same ETag with another length': { body: B.subarray(0, 2000), headers: { etag: '"a"' } },
    }
    for (const [name, act] of Object.entries(OTHERS)) {
      it(name, async () => {
        const { url } = await hostileOrigin(thenAnswers(act))
        const got: Uint8Array[] = []
        const error = await failure(collect(impatient().open({ url, headers: [] }), got), 'origin-changed')
        expect(error.message).to.equal(`the content changed at the origin: ${url}`)
        expectBytes(Buffer.concat(got), BYTES.subarray(0, 1000))
      })
    }

    for (const [name, act] of Object.entries(OTHERS)) {
      it(`${name}, before the first byte has come`, async () => {
        const { url } = await hostileOrigin(thenAnswers(act, { body: BYTES, headers: { etag: '"a"' }, cutAfter: 0 }))
        const got: Uint8Array[] = []
        await failure(collect(impatient().open({ url, headers: [] }), got), 'origin-changed')
        expect(got).to.have.lengthOf(0)
      })
    }

    const wrong = { status: 206, body: B.subarray(1000) }
    const FIRST = { etag: '"a"', 'last-modified': DATE, 'content-type': 'text/plain' }
    const RANGES: Record<string, Record<string, string>> = {
      'a range of a new version': { ...range(1000), etag: '"b"' },
      'a range that names no version': { 'content-range': `bytes 1000-${LENGTH - 1}/${LENGTH}` },
      'a range of a weak version': { ...range(1000), etag: 'W/"a"' },
      'a range in another coding': { ...range(1000), 'content-encoding': 'gzip' },
      'a range of another type': { ...range(1000), 'content-type': 'text/html' },
      'a range with another date': { ...range(1000), 'last-modified': 'Thu, 22 Oct 2015 07:28:00 GMT' },
      'a range of another length': range(1000, LENGTH + 1),
    }
    for (const [name, headers] of Object.entries(RANGES)) {
      it(`${name}: reads the whole instead`, async () => {
        const { url, requests } = await hostileOrigin(({ headers: { range } }, nth) => {
          if (range !== undefined) return { ...wrong, headers }
          return { body: BYTES, headers: FIRST, ...(nth === 1 && { cutAfter: 1000 }) }
        })
        expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
        expect(requests.map(r => r.headers.range)).to.deep.equal([undefined, 'bytes=1000-', undefined])
      })
    }

    it('bytes in a coding are not followed by a range without one', async () => {
      const coded = { body: BYTES, headers: { etag: '"a"', 'content-encoding': 'gzip' } }
      const { url } = await hostileOrigin(({ headers: { range: asked } }, nth) => {
        if (asked !== undefined) return { ...wrong, headers: range(1000) }
        return { ...coded, ...(nth === 1 && { cutAfter: 1000 }) }
      })
      expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
    })

    it('by date: another date, another length', async () => {
      const first = { body: BYTES, headers: { 'last-modified': DATE } }
      for (const headers of [{ 'last-modified': 'Thu, 22 Oct 2015 07:28:00 GMT' }, { 'last-modified': DATE }]) {
        const { url } = await hostileOrigin(
          thenAnswers({ body: B.subarray(headers['last-modified'] === DATE ? 1 : 0), headers }, first),
        )
        await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-changed')
      }
    })

    it('a date of this very minute joins nothing', async () => {
      const { url, requests } = await hostileOrigin((r, nth) => ({
        ...honest(r, BYTES, { lastModified: new Date().toUTCString() }),
        ...(nth === 1 && { cutAfter: 1000 }),
      }))
      await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-truncated')
      expect(requests.filter(r => r.headers['if-range'] !== undefined)).to.have.lengthOf(0)
    })
  })

  describe('a refused or odd range leads to one plain GET', () => {
    const rest = BYTES.subarray(1000)
    const ODD: Record<string, Act> = {
      'no Content-Range': { status: 206, body: rest, headers: { etag: '"a"' } },
      'a malformed Content-Range': { status: 206, body: rest, headers: { etag: '"a"', 'content-range': 'bytes 1000-/9' } },
      'an equals sign in it': {
        status: 206,
        body: rest,
        headers: { etag: '"a"', 'content-range': `bytes=1000-${LENGTH - 1}/${LENGTH}` },
      },
      'no unit in it': { status: 206, body: rest, headers: { etag: '"a"', 'content-range': `1000-${LENGTH - 1}/${LENGTH}` } },
      'another start': { status: 206, body: BYTES.subarray(999), headers: range(999) },
      'from the beginning': { status: 206, body: BYTES, headers: range(0) },
      'another total': { status: 206, body: rest, headers: range(1000, LENGTH + 5) },
      'an end before its start': { status: 206, body: rest, headers: range(1000, LENGTH, 900) },
      'an end beyond the total': { status: 206, body: rest, headers: range(1000, LENGTH, LENGTH + 1) },
      'an end beyond the content, total unknown': { status: 206, body: rest, headers: range(1000, '*', LENGTH + 1) },
      'an absurd total': { status: 206, body: rest, headers: range(1000, '9'.repeat(30)) },
      'a body of another length than its range': { status: 206, body: rest.subarray(1), headers: range(1000) },
      'an empty 206': { status: 206, headers: { etag: '"a"' } },
      'nothing left, where there is': { status: 416, headers: { etag: '"a"', 'content-range': `bytes */${LENGTH}` } },
      '416 without a length': { status: 416, headers: { etag: '"a"' }, body: '<html></html>' },
      'multipart/byteranges': {
        status: 206,
        body: rest,
        headers: { ...range(1000), 'content-type': 'multipart/byteranges; boundary=x' },
      },
      ...Object.fromEntries([204, 400, 401, 403, 404, 405, 406, 410, 412, 501].map(status => [`${status}`, { status }])),
    }
    for (const [name, act] of Object.entries(ODD)) {
      it(name, async () => {
        const { url, requests } = await hostileOrigin(({ headers: { range: asked } }, nth) => {
          if (asked !== undefined) return act
          return { body: BYTES, headers: { etag: '"a"' }, ...(nth < 4 && { cutAfter: nth * 1000 }) }
        })
        expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
        // refused once, and not asked for again
        expect(requests.map(r => r.headers.range)).to.deep.equal([undefined, 'bytes=1000-', undefined, undefined])
      })

      it(`${name}, and every answer is so`, async () => {
        const { url } = await hostileOrigin(thenAnswers(act))
        const got: Uint8Array[] = []
        const failed = await collect(impatient().open({ url, headers: [] }), got).then(
          () => false,
          error => error instanceof DragonflyError,
        )
        // an unasked 206 of everything is everything
        expect(failed).to.equal(name !== 'from the beginning')
        const all = Buffer.concat(got)
        expectBytes(all, BYTES.subarray(0, all.length))
      })

      // a read that begins there knows of no other total
      if (name === 'another total') continue
      it(`${name}, when the read begins with it`, async () => {
        const { url } = await hostileOrigin(({ headers }) =>
          headers.range === undefined ? { body: BYTES, headers: { etag: '"a"' } } : act,
        )
        const read = await impatient().open({ url, headers: [] }, { version: 'etag "a"', from: 1000 })
        expect(read).to.include({ version: 'etag "a"', start: 1000, length: LENGTH })
        expectBytes(await readAll(read), rest)
      })
    }

    it('at the very end of a body of unknown length', async () => {
      for (const act of [{ status: 416, body: '<html>' }, { status: 206 }, { status: 404 }, { status: 204 }]) {
        const { url } = await hostileOrigin(({ headers: { range: asked } }, nth) => {
          if (asked !== undefined) return act
          return { body: BYTES, chunked: true, headers: { etag: '"a"' }, ...(nth === 1 && { cutAfter: LENGTH }) }
        })
        expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
      }
    })

    it('trouble is waited out, not taken for a refusal', async () => {
      const { url, requests } = await hostileOrigin((r, nth) =>
        nth === 2 || nth === 3 ? { status: 503 } : { ...honest(r, BYTES, { etag: '"a"' }), ...(nth === 1 && { cutAfter: 1000 }) },
      )
      expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
      expect(requests.map(r => r.headers.range)).to.deep.equal([undefined, ...Array(3).fill('bytes=1000-')])
    })
  })

  for (const [name, act] of [
    ['a chunked range longer than announced', { status: 206, headers: range(1000) }],
    ['a chunked whole longer than known', { headers: { etag: '"a"' } }],
  ] as [string, Act][]) {
    it(`believes no lie: ${name}`, async () => {
      const body = Buffer.concat([act.status === 206 ? BYTES.subarray(1000) : BYTES, BYTES])
      const { url } = await hostileOrigin(thenAnswers({ ...act, body, chunked: true }))
      const got: Uint8Array[] = []
      await failure(collect(impatient().open({ url, headers: [] }), got), 'origin-lies')
      expectBytes(Buffer.concat(got), BYTES)
    })
  }

  it('a range without a total is no end of a body of unknown length', async () => {
    const first = { body: BYTES, chunked: true, headers: { etag: '"a"' } }
    const second = { status: 206, body: BYTES.subarray(1000, 2000), headers: range(1000, '*', 2000) }
    const { url } = await hostileOrigin(thenAnswers(second, first))
    await failure(impatient().open({ url, headers: [] }).then(readAll), 'origin-lies')
  })

  it('takes a shorter range than asked as a step on the way', async () => {
    const { url, requests } = await hostileOrigin((r, nth) => {
      const act = honest(r, BYTES, { etag: '"a"' })
      if (nth === 1) return { ...act, cutAfter: 1000 }
      if (nth === 2) return { status: 206, body: BYTES.subarray(1000, 2000), headers: range(1000, '*', 2000) }
      return act
    })
    expectBytes(await readAll(await impatient().open({ url, headers: [] })), BYTES)
    expect(requests[2]?.headers.range).to.equal('bytes=2000-')
  })

  it('survives a connection that breaks before anyone reads', async () => {
    const { url, idle } = await hostileOrigin((r, nth) => ({
      ...honest(r, BYTES, { etag: '"a"' }),
      ...(nth === 1 ? { cutAfter: 100 } : {}),
    }))
    const read = await impatient().open({ url, headers: [] })
    await idle()
    expectBytes(await readAll(read), BYTES)
  })
})

async function collect(opening: Promise<AsyncIterable<Uint8Array>>, got: Uint8Array[]): Promise<void> {
  for await (const chunk of await opening) got.push(chunk)
}

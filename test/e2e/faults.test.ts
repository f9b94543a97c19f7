// Bad input and faults: each ends df with its own code, its own exit code and one line; and leaves nothing behind.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { expect } from 'chai'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type Act, content, deadUrl, honest, hostileOrigin, muteVillain, rawVillain } from '../origin/hostile-origin.ts'
import { complaint, receipt, refusal } from './expectations.ts'
import { DF, type Ended, isRoot, type Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const KiB = 1024
const MiB = 1024 * KiB
const PIECE = 128 * KiB
const PEER = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'

interface Fault {
  what: string
  code: ErrorCode
  exit: number
  /** What the line must say, so that a person knows whom to blame. */
  says: RegExp
  /** Arguments; the last one is the URL. */
  args: () => Promise<string[]>
  /** What is there can be gone on with, and stays in the store. Otherwise nothing does. */
  keeps?: true
}

const answers = (act: Act) => async () => [(await hostileOrigin(() => act)).url]
/** An answer that df would ask for again, made to be asked for at once. */
const NOW = { 'retry-after': '0' }

const ORIGIN: Fault[] = [
  { what: '404', code: 'origin-not-found', exit: 3, says: /404 Not Found .*check the URL/, args: answers({ status: 404 }) },
  { what: '410', code: 'origin-not-found', exit: 3, says: /410 Gone/, args: answers({ status: 410 }) },
  { what: '401', code: 'origin-forbidden', exit: 3, says: /401 .*-H 'Authorization/, args: answers({ status: 401 }) },
  { what: '403', code: 'origin-forbidden', exit: 3, says: /403 Forbidden/, args: answers({ status: 403 }) },
  { what: '418', code: 'origin-error', exit: 3, says: /418/, args: answers({ status: 418 }) },
  { what: '500', code: 'origin-error', exit: 4, says: /500 Internal/, args: answers({ status: 500, headers: NOW }) },
  { what: '503 for ever', code: 'origin-error', exit: 4, says: /503 Service/, args: answers({ status: 503, headers: NOW }) },
  {
    what: 'a Retry-After beyond all patience',
    code: 'origin-error',
    exit: 4,
    says: /503/,
    args: answers({ status: 503, headers: { 'retry-after': '86400' } }),
  },
  {
    what: 'a refused connection',
    code: 'origin-unreachable',
    exit: 4,
    says: /cannot connect to 127\.0\.0\.1:\d+: connection refused/,
    args: async () => [await deadUrl()],
  },
  {
    what: 'an unknown host',
    code: 'origin-unknown-host',
    exit: 4,
    says: /unknown host nonexistent\.invalid/,
    args: async () => ['http://nonexistent.invalid/file.bin'],
  },
  {
    what: 'an origin that never answers',
    code: 'timeout',
    exit: 8,
    says: /the timeout expired/,
    args: async () => ['--timeout', '300ms', (await muteVillain()).url],
  },
  {
    what: 'an origin that hangs up',
    code: 'origin-unreachable',
    exit: 4,
    says: /closed the connection without an answer/,
    args: answers({ hangUp: true }),
  },
  {
    what: 'something that is not HTTP',
    code: 'origin-error',
    exit: 4,
    says: /malformed HTTP/,
    args: async () => [(await rawVillain('220 ftp ready\r\n')).url],
  },
  {
    what: 'a body shorter than announced, without a version',
    code: 'origin-truncated',
    exit: 4,
    says: /broke off after \d+ of 1048576 bytes/,
    args: answers({ body: content(MiB), cutAfter: 700_000 }),
  },
  {
    what: 'a body that always breaks off at the same byte',
    code: 'origin-truncated',
    exit: 4,
    says: /broke off after 700000 of 1048576 bytes/,
    keeps: true,
    args: async () => {
      const body = content(MiB)
      const { url } = await hostileOrigin(request => {
        const act = honest(request, body, { etag: '"1"' })
        const from = Number(/\d+/.exec(request.headers.range ?? '0'))
        return { ...act, cutAfter: Math.max(0, 700_000 - from) }
      })
      return [url]
    },
  },
  {
    what: 'a chunked body that breaks off',
    code: 'origin-truncated',
    exit: 4,
    says: /broke off after \d+ bytes/,
    args: answers({ body: content(MiB), chunked: true, cutAfter: 300_000 }),
  },
  {
    what: 'a body longer than announced',
    code: 'origin-lies',
    exit: 5,
    says: /sent more than it announced/,
    args: async () => [(await rawVillain(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${'x'.repeat(5000)}`)).url],
  },
  {
    what: 'two lengths',
    code: 'origin-lies',
    exit: 5,
    says: /malformed Content-Length/,
    args: async () => [(await rawVillain('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456')).url],
  },
  {
    what: 'a range that nobody asked for',
    code: 'origin-lies',
    exit: 5,
    says: /range unasked/,
    args: answers({ status: 206, headers: { 'content-range': 'bytes 5-9/10' }, body: '56789' }),
  },
  {
    what: 'a redirect to nowhere',
    code: 'origin-redirect',
    exit: 4,
    says: /redirects to file:/,
    args: answers({ status: 302, headers: { location: 'file:///etc/passwd' } }),
  },
  {
    what: 'a redirect in a circle',
    code: 'origin-redirect',
    exit: 4,
    says: /redirects more than 10 times/,
    args: answers({ status: 302, headers: { location: '/dir/file.bin' } }),
  },
]

const HERE = 'http://127.0.0.1:1/f'
const INPUT: Fault[] = [
  ...['ftp://example.org/f', 'file:///etc/passwd', 'magnet:?xt=x'].map(
    (url): Fault => ({ what: url, code: 'bad-scheme', exit: 2, says: /use an http/, args: async () => [url] }),
  ),
  ...['example.org/f', '', 'http://', 'http://[::1/f', `http://x/${'y'.repeat(9000)}`].map(
    (url): Fault => ({
      what: `the URL ${JSON.stringify(url.slice(0, 20))}`,
      code: 'bad-url',
      exit: 2,
      says: /URL/,
      args: async () => [url],
    }),
  ),
  ...[
    ['--seed', 'nonsense'],
    ['--seed', '/ip4/1.2.3.4.5/tcp/1'],
    ['--bootstrap', `/ip4/127.0.0.1/tcp/99999/p2p/${PEER}`],
    ['--listen', '/ip4/127.0.0.1/nonsense'],
  ].map(
    (given): Fault => ({
      what: given.join(' ').slice(0, 40),
      code: 'bad-multiaddr',
      exit: 2,
      says: /multiaddr.*write it like/,
      args: async () => [...given, HERE],
    }),
  ),
  {
    what: '--seed without a peer id',
    code: 'bad-multiaddr',
    exit: 2,
    says: /p2p/,
    args: async () => ['--seed', '/ip4/127.0.0.1/tcp/1', HERE],
  },
  {
    what: '--trust nonsense',
    code: 'bad-peer-id',
    exit: 2,
    says: /peer id/,
    args: async () => ['--trust', 'nonsense', '--listen', '/ip4/127.0.0.1/tcp/0', HERE],
  },
  ...['md5:00', 'sha256:00', `sha256:${'g'.repeat(64)}`, 'f'.repeat(63), `sha256:${'0'.repeat(65)}`].map(
    (digest): Fault => ({
      what: `--digest ${digest.slice(0, 20)}`,
      code: 'bad-digest',
      exit: 2,
      says: /sha256:/,
      args: async () => ['--digest', digest, HERE],
    }),
  ),
  ...['nonsense', ': x', 'Na me: x', 'Range: bytes=0-1', 'X: a\nb'].map(
    (header): Fault => ({
      what: `-H ${JSON.stringify(header)}`,
      code: 'bad-header',
      exit: 2,
      says: /header/,
      args: async () => ['-H', header, HERE],
    }),
  ),
]

describe('df get, when things go wrong', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })
  beforeEach(async () => {
    await lab.folder('out')
  })

  const both = async (args: readonly string[]): Promise<[quiet: Ended, json: Ended]> =>
    await Promise.all([lab.df(['get', '--quiet', ...args], 'home-q').ended, lab.df(['get', '--json', ...args], 'home-j').ended])

  /** Fails as told, in both ways of telling, and leaves `left` in the folder `out`. */
  const expectFault = async (
    fault: Omit<Fault, 'args' | 'what'>,
    args: readonly string[],
    left: string[] = [],
  ): Promise<void> => {
    const [quiet, json] = await both(args)
    expect(complaint(quiet, fault.exit)).to.match(fault.says)
    refusal(json, fault.exit, fault.code)
    expect(await lab.files('out')).to.deep.equal(left)
  }

  for (const fault of [...ORIGIN, ...INPUT]) {
    it(`${fault.what}: ${fault.code}, ${fault.exit}`, async () => {
      await expectFault(fault, ['-o', 'out/f', ...(await fault.args())])
      for (const home of ['home-q', 'home-j']) expect(await lab.kept(home)).to.have.length(fault.keeps === true ? 1 : 0)
    })
  }

  describe('content', () => {
    const sizes = [0, 1, PIECE - 1, PIECE, PIECE + 1, 5 * PIECE - 1, 5 * PIECE, 5 * PIECE + 1]
    for (const chunked of [false, true]) {
      it(`of ${sizes.join(', ')} bytes comes right ${chunked ? 'without' : 'with'} a length`, async () => {
        const bodies = new Map(sizes.map(n => [`/${n}`, content(n)]))
        const { url } = await hostileOrigin(request => ({ body: bodies.get(request.url as string) as Uint8Array, chunked }))
        const check = async ([path, body]: [string, Uint8Array]): Promise<void> => {
          const ended = await lab.df(['get', '--json', '-o', `out${path}`, new URL(path, url).href], 'home').ended
          expect(receipt(ended)).to.include({ bytes: body.length, fromOrigin: body.length })
          expect(Buffer.compare(await readFile(lab.path(`out${path}`)), body), path).to.equal(0)
        }
        await Promise.all([...bodies].map(check))
        expect(await lab.files('out')).to.deep.equal(sizes.map(String).toSorted())
      })
    }

    it('of another digest: nothing at the output; the pieces stay for the right digest', async () => {
      const { url } = await hostileOrigin(request => honest(request, content(MiB), { etag: '"1"' }))
      const wrong = { code: 'digest-mismatch', exit: 5, says: /does not have the given digest.*--digest/ } as const
      await expectFault(wrong, ['--digest', `sha256:${'0'.repeat(64)}`, '-o', 'out/f', url])
      await writeFile(lab.path('out/f'), 'old')
      await expectFault(wrong, ['--digest', `sha256:${'0'.repeat(64)}`, '-o', 'out/f', url], ['f'])
      expect(await readFile(lab.path('out/f'), 'utf8')).to.equal('old')
      expect(await lab.kept('home-q')).to.have.length(1)
      const right = createHash('sha256').update(content(MiB)).digest('hex')
      const { lines } = await lab.df(['get', '--json', '--digest', right, '-o', 'out/f', url], 'home-q').ended
      expect(lines.at(-1)).to.include({ type: 'done', fromOrigin: 0, resumed: MiB })
    })

    it('of another digest never reaches standard output as a success', async () => {
      const { url } = await hostileOrigin(() => ({ body: content(MiB) }))
      const { code, stderr } = await lab.df(['get', '--quiet', '--digest', `sha256:${'0'.repeat(64)}`, '-o', '-', url]).ended
      expect({ code, stderr }).to.include({ code: 5 })
      expect(stderr).to.match(/^df: [^\n]*digest[^\n]*\n$/)
    })

    it('that changes between two ranges: wholly the new version, by the same command; never a mixture', async () => {
      const [old, fresh] = [content(2 * MiB, 1), content(2 * MiB, 2)]
      const { url } = await hostileOrigin((request, nth) =>
        nth === 1 ? { ...honest(request, old, { etag: '"old"' }), cutAfter: MiB + 5 } : honest(request, fresh, { etag: '"new"' }),
      )
      const ended = await lab.df(['get', '--json', '-o', 'out/f', url], 'home').ended
      expect(receipt(ended)).to.include({ bytes: fresh.length, fromOrigin: fresh.length, resumed: 0 })
      expect(ended.stdout).to.match(/"code":"content-changed"/)
      expect(Buffer.compare(await readFile(lab.path('out/f')), fresh)).to.equal(0)
      expect(await lab.kept('home')).to.deep.equal([])
    })

    const rangeLies: Array<[what: string, act: (body: Uint8Array, from: number) => Act]> = [
      [
        'another range than asked',
        (body, from) => ({
          status: 206,
          headers: { etag: '"1"', 'content-range': `bytes ${from + 1}-${body.length - 1}/${body.length}` },
          body: body.subarray(from + 1),
        }),
      ],
      [
        'a range of another length',
        (body, from) => ({
          status: 206,
          headers: { etag: '"1"', 'content-range': `bytes ${from}-${body.length - 1}/${body.length + 9}` },
          body: body.subarray(from),
        }),
      ],
      ['a range without saying which', (body, from) => ({ status: 206, headers: { etag: '"1"' }, body: body.subarray(from) })],
      [
        'that there is nothing more',
        body => ({ status: 416, headers: { etag: '"1"', 'content-range': `bytes */${body.length}` } }),
      ],
    ]
    for (const [what, act] of rangeLies) {
      it(`an origin that lies about ranges (${what}): read whole instead`, async () => {
        const body = content(2 * MiB)
        const { url } = await hostileOrigin((request, nth) => {
          const from = Number(/\d+/.exec(request.headers.range ?? '0'))
          if (from > 0) return act(body, from)
          return { ...honest(request, body, { etag: '"1"' }), ...(nth === 1 && { cutAfter: MiB + 5 }) }
        })
        receipt(await lab.df(['get', '--json', '-o', 'out/f', url], 'home').ended)
        expect(Buffer.compare(await readFile(lab.path('out/f')), body)).to.equal(0)
      })
    }

    it('an origin that ignores ranges gives the whole again: its beginning is skipped', async () => {
      const body = content(2 * MiB)
      const { url } = await hostileOrigin((request, nth) => ({
        ...honest(request, body, { etag: '"1"', ranges: false }),
        ...(nth === 1 ? { cutAfter: MiB + 5 } : {}),
      }))
      const done = receipt(await lab.df(['get', '--json', '-o', 'out/f', url], 'home').ended)
      expect(done).to.include({ bytes: body.length, fromOrigin: body.length })
      expect(Buffer.compare(await readFile(lab.path('out/f')), body)).to.equal(0)
    })
  })

  describe('output', () => {
    const url = async (): Promise<string> => (await hostileOrigin(() => ({ body: content(MiB) }))).url
    const unwritable = (says: RegExp) => ({ code: 'output-unwritable', exit: 6, says }) as const

    it('in a folder that does not exist: told before anything is fetched', async () => {
      const origin = await hostileOrigin(() => ({ body: content(MiB) }))
      await expectFault(unwritable(/folder \S+nowhere does not exist; create it first: mkdir -p/), [
        '-o',
        'out/nowhere/f',
        origin.url,
      ])
      await expectFault(unwritable(/nowhere does not exist/), ['-o', 'out/nowhere/', origin.url])
      expect(origin.requests).to.deep.equal([])
    })

    it('in a folder that is a file', async () => {
      await writeFile(lab.path('out/file'), 'x')
      await expectFault(unwritable(/is not a folder/), ['-o', 'out/file/f', await url()], ['file'])
    })

    it('in a read-only folder', async function () {
      if (isRoot()) {
        // only root may mount a disk; the lab says so
        if (!(await lab.readOnly('out'))) return this.skip()
      } else await chmod(lab.path('out'), 0o555)
      await expectFault(unwritable(/read-only|no permission/), ['-o', 'out/f', await url()])
      await expectFault(unwritable(/read-only|no permission/), ['-o', 'out', await url()])
      await chmod(lab.path('out'), 0o755).catch(() => {})
    })

    it('where a folder has the name of the file', async () => {
      await mkdir(lab.path('out/file.bin'))
      await expectFault(unwritable(/it is a folder; name a file in it with -o/), ['-o', 'out', await url()], ['file.bin'])
    })

    it('to a socket', async () => {
      const server = createServer().listen(lab.path('socket'))
      await once(server, 'listening')
      await expectFault(unwritable(/block device or a socket; write to standard output with -o -/), ['-o', 'socket', await url()])
      server.close()
    })

    it('under a name that is too long', async () => {
      await expectFault(unwritable(/name is too long/), ['-o', `out/${'n'.repeat(300)}`, await url()])
    })

    const full = { code: 'no-space', exit: 6, says: /no space left|has only .* free.*choose another place/ } as const
    for (const chunked of [false, true]) {
      const known = chunked ? 'unknown' : 'known'
      it(`on a full disk (${known} length): the old file stays, no half one is left`, async function () {
        // only root may mount a disk; the lab says so
        if (!(await lab.disk('out', 4 * MiB))) return this.skip()
        await writeFile(lab.path('out/f'), 'old')
        const { url } = await hostileOrigin(() => ({ body: content(8 * MiB), chunked }))
        await expectFault(full, ['-o', 'out/f', url], ['f'])
        expect(await readFile(lab.path('out/f'), 'utf8')).to.equal('old')
      })

      it(`with the store on a full disk (${known} length)`, async function () {
        // only root may mount a disk; the lab says so
        if (!(await lab.disk('disk', 4 * MiB))) return this.skip()
        const { url } = await hostileOrigin(() => ({ body: content(8 * MiB), chunked }))
        for (const store of ['disk/q', 'disk/j']) {
          const said = await lab.df(['get', '--quiet', '--store', store, '-o', 'out/f', url]).ended
          expect(complaint(said, 6)).to.match(full.says)
        }
        expect(await lab.files('out')).to.deep.equal([])
      })

      it(`with store and output on one full disk (${known} length)`, async function () {
        // only root may mount a disk; the lab says so
        if (!(await lab.disk('out', 4 * MiB))) return this.skip()
        const { url } = await hostileOrigin(() => ({ body: content(8 * MiB), chunked }))
        const said = await lab.df(['get', '--json', '--store', 'out/store', '-o', 'out/f', url], 'home').ended
        refusal(said, 6, 'no-space')
        expect(await lab.files('out')).to.deep.equal(['store'])
      })
    }

    it('a store that is no folder', async () => {
      await writeFile(lab.path('file'), 'x')
      await expectFault({ code: 'store-error', exit: 6, says: /--store/ }, ['--store', 'file', '-o', 'out/f', await url()])
    })

    it('standard output on a full disk', async function () {
      // only root may mount a disk; the lab says so
      if (!(await lab.disk('out', MiB))) return this.skip()
      const { url } = await hostileOrigin(() => ({ body: content(4 * MiB) }))
      const ended = await lab.run('sh', ['-c', 'exec "$0" get --quiet -o - "$1" >out/f', DF, url]).ended
      expect(complaint(ended, 6)).to.match(/standard output.*(ENOSPC|space)/)
    })
  })
})

// HTTP as it is: headers and secrets, redirects, ranges or none, retries, identity of a task, credentials at a seed.
import type { IncomingMessage } from 'node:http'
import { expect } from 'chai'
import { type Act, content, type HostileOrigin, honest, hostileOrigin, type Script } from '../origin/hostile-origin.ts'
import { complaint, type Done, expectFile, receipt, refusal } from './expectations.ts'
import { type Ended, holds, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const CONTENT = content(2 * MiB + 7)
const SECRET = 'hunter2-hunter2'

const good = (request: IncomingMessage): Act => honest(request, CONTENT, { etag: '"1"' })
/** Bodies that were sent, whole or in part. */
const reads = (origin: HostileOrigin, script: Script): number =>
  origin.requests.filter((request, i) => !isProof(request) && [200, 206, undefined].includes(script(request, i + 1).status))
    .length
/** A seed asks for one byte to see whether a reader is let in (docs/seed.md, private content). */
const isProof = (request: IncomingMessage): boolean => request.headers.range === 'bytes=0-0'

describe('df get, at HTTP origins', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })

  const get = async (args: readonly string[], home?: string): Promise<Ended> =>
    await lab.df(['get', '--json', ...args], home).ended
  /** Downloads to a file of its own and checks it. */
  let files = 0
  const fetch = async (args: readonly string[], home?: string): Promise<Done> => {
    const file = `out-${files++}`
    const done = receipt(await get(['-o', file, ...args], home))
    await expectFile(lab.path(file), CONTENT)
    expect(done.bytes).to.equal(CONTENT.length)
    return done
  }
  const expectNoSecret = async (secrets: readonly string[], ...said: Ended[]): Promise<void> => {
    for (const { stdout, stderr } of said) expect(holds(stdout, secrets) || holds(stderr, secrets), stderr).to.equal(false)
    expect(await lab.filesWith(secrets)).to.deep.equal([])
  }

  describe('headers', () => {
    const SECRETS = ['-H', `Authorization: Bearer ${SECRET}`, '-H', `X-Api-Key: ${SECRET}`, '-H', `Cookie: sid=${SECRET}`]
    const expectSent = ({ headers }: IncomingMessage): void => {
      expect(headers).to.include({ authorization: `Bearer ${SECRET}`, 'x-api-key': SECRET, cookie: `sid=${SECRET}` })
    }

    it('reach the origin, and nothing else: no file, no line', async () => {
      const { url, requests } = await hostileOrigin((request, nth) =>
        nth === 1 ? { status: 503, headers: { 'retry-after': '0' } } : good(request),
      )
      const json = await get([...SECRETS, '-o', 'f', url])
      receipt(json)
      const plain = await lab.df(['get', ...SECRETS, '-o', 'f', url]).ended
      expect(plain.code).to.equal(0)
      requests.forEach(expectSent)
      await expectNoSecret([SECRET], json, plain)
    })

    it('are in no complaint', async () => {
      const { url } = await hostileOrigin(() => ({ status: 403 }))
      const query = `${url}?token=${SECRET}`
      const said = await Promise.all([get([...SECRETS, query]), lab.df(['get', '--quiet', ...SECRETS, query]).ended])
      expect(said.map(s => s.code)).to.deep.equal([3, 3])
      await expectNoSecret([SECRET], ...said)
    })

    it('go through a seed to the origin; no log, store, DHT record or other peer gets them', async () => {
      const { url, requests } = await hostileOrigin(good)
      const seed = await lab.seed()
      const peers = await Promise.all(
        ['a', 'b'].map(name => get(['--seed', seed.address, ...LISTEN, ...SECRETS, '-o', name, url])),
      )
      for (const peer of peers) expect(receipt(peer).fromOrigin).to.equal(0)
      expect(requests.filter(isProof)).to.have.length(1)
      expect(requests).to.have.length(2)
      requests.forEach(expectSent)
      seed.child.kill('SIGTERM')
      const stopped = await seed.ended
      expect(stopped.code).to.equal(0)
      await expectNoSecret([SECRET], ...peers, stopped)
    })

    it('go along with a redirect on the same host, and never to another one', async () => {
      const elsewhere = await hostileOrigin(good)
      const { url, requests } = await hostileOrigin(request =>
        request.url === '/dir/file.bin'
          ? { status: 302, headers: { location: '/dir/next' } }
          : { status: 307, headers: { location: elsewhere.url } },
      )
      const done = await fetch([...SECRETS, url])
      expect(done.url).to.equal(url)
      expect(requests).to.have.length(2)
      requests.forEach(expectSent)
      expect(elsewhere.requests).to.have.length(1)
      expect(JSON.stringify(elsewhere.requests[0]?.rawHeaders)).to.not.include(SECRET)
    })

    it('user and password in the URL are credentials, and not in the receipt', async () => {
      const { url, requests } = await hostileOrigin(good)
      const ended = await get(['-o', 'f', url.replace('//', `//me:${SECRET}@`)])
      expect(receipt(ended).url).to.equal(url)
      expect(requests[0]?.headers.authorization).to.equal(`Basic ${Buffer.from(`me:${SECRET}`).toString('base64')}`)
      await expectNoSecret([SECRET, `me:${SECRET}`], ended)
    })
  })

  describe('answers', () => {
    const redirects = [301, 302, 303, 307, 308]
    it(`redirects: ${redirects.join(', ')}, one after the other`, async () => {
      const { url, requests } = await hostileOrigin(request => {
        const hop = Number(new URL(request.url as string, 'http://x').searchParams.get('hop') ?? 0)
        const status = redirects[hop]
        return status === undefined ? good(request) : { status, headers: { location: `?hop=${hop + 1}` } }
      })
      await fetch([url])
      expect(requests).to.have.length(redirects.length + 1)
    })

    it('without ranges, or without a length: one plain stream', async () => {
      const [plain, chunked] = [
        await hostileOrigin(() => ({ body: CONTENT })),
        await hostileOrigin(() => ({ body: CONTENT, chunked: true })),
      ]
      const [known, unknown] = await Promise.all([fetch([plain.url]), fetch([chunked.url])])
      expect([known.fromOrigin, unknown.fromOrigin]).to.deep.equal([CONTENT.length, CONTENT.length])
      expect([plain.requests.length, chunked.requests.length]).to.deep.equal([1, 1])
    })

    it('503 with Retry-After, 429, 500, a lost connection: tried again, no sooner than told', async () => {
      const troubles: Act[] = [
        { status: 503, headers: { 'retry-after': '1' } },
        { status: 429 },
        { status: 500, headers: { 'retry-after': '0' } },
        { hangUp: true },
      ]
      const at: number[] = []
      const { url } = await hostileOrigin((request, nth) => {
        at.push(performance.now())
        return troubles[nth - 1] ?? good(request)
      })
      const ended = await lab.df(['get', '-o', 'f', url]).ended
      expect(ended.code, ended.stderr).to.equal(0)
      expect(at).to.have.length(troubles.length + 1)
      expect((at[1] as number) - (at[0] as number)).to.be.at.least(990)
      expect(ended.stderr).to.match(/^df: warning: origin answered 503 [^\n]*; trying again in 1\.0 s$/m)
      expect(ended.stderr.match(/warning/g)).to.have.length(troubles.length)
    })

    it('a connection lost in the middle goes on by Range, and only for the version it began with', async () => {
      const { url, requests } = await hostileOrigin((request, nth) => ({
        ...good(request),
        ...(nth < 3 ? { cutAfter: 700_000 } : {}),
      }))
      const done = await fetch([url])
      expect(done.fromOrigin).to.equal(CONTENT.length)
      expect(requests.map(r => r.headers['if-range'])).to.deep.equal([undefined, '"1"', '"1"'])
      // what a cut connection still had in its buffers is lost: it goes on where the bytes really ended
      const [, first = 0, second = 0] = requests.map(r => Number(/^bytes=(\d+)-$/.exec(r.headers.range ?? '')?.[1]))
      expect(first).to.be.within(1, 700_000)
      expect(second).to.be.within(first + 1, first + 700_000)
    })
  })

  describe('identity, at one seed', () => {
    let origin: HostileOrigin
    let seed: string
    const at = (...args: string[]): Promise<Done> => fetch(['--seed', seed, ...args])

    beforeEach(async () => {
      origin = await hostileOrigin(good)
      seed = (await lab.seed()).address
    })

    it('--filter drops query parameters: two signatures, one read', async () => {
      const [a, b] = await Promise.all([
        at('--filter', 'sig,expires', `${origin.url}?v=1&sig=aaa&expires=1`),
        at('--filter', 'expires,sig', `${origin.url}?v=1&sig=bbb&expires=2`),
      ])
      expect(reads(origin, good)).to.equal(1)
      expect([a.fromOrigin, b.fromOrigin]).to.deep.equal([0, 0])
      // what the origin was asked for is a whole URL of one of them
      expect(origin.requests[0]?.url).to.match(/\?v=1&sig=(aaa&expires=1|bbb&expires=2)$/)
      await at('--filter', 'sig,expires', `${origin.url}?v=2&sig=aaa&expires=1`)
      expect(reads(origin, good)).to.equal(2)
    })

    it('another query is another content; --tag tells apart what shares a URL', async () => {
      await Promise.all([at(`${origin.url}?sig=1`), at(`${origin.url}?sig=2`)])
      expect(reads(origin, good)).to.equal(2)
      await Promise.all([at('--tag', 'one', origin.url), at('--tag', 'two', origin.url), at('--tag', 'two', origin.url)])
      expect(reads(origin, good)).to.equal(4)
    })
  })

  describe('private content, at one seed', () => {
    const guarded: Script = request => (request.headers.authorization === `Bearer ${SECRET}` ? good(request) : { status: 401 })
    const mine = ['-H', `Authorization: Bearer ${SECRET}`]

    it('is shared among the very same credentials, and others get what the origin gives them', async () => {
      const origin = await hostileOrigin(guarded)
      const { address } = await lab.seed()
      const at = (...args: string[]): string[] => ['--seed', address, ...LISTEN, ...args]
      const [a, b] = await Promise.all([fetch(at(...mine, origin.url)), fetch(at(...mine, origin.url))])
      expect(reads(origin, guarded)).to.equal(1)
      expect([a.fromOrigin, b.fromOrigin]).to.deep.equal([0, 0])
      const strangers = [
        ['-H', 'Authorization: Bearer other'],
        [],
        ['--no-origin'],
        ['--digest', `sha256:${a.sha256}`],
        ['--no-origin', '--digest', `sha256:${a.sha256}`],
        ['-H', `Cookie: Bearer ${SECRET}`],
      ]
      const refused = await Promise.all(strangers.map((who, i) => get([...at(...who, '-o', `no-${i}`, origin.url)])))
      for (const [i, ended] of refused.entries()) {
        expect(refusal(ended, 3, 'origin-forbidden'), `stranger ${i}`).to.match(/401 Unauthorized/)
      }
      expect((await lab.files('')).filter(name => name.startsWith('no-'))).to.deep.equal([])
      expect(reads(origin, guarded)).to.equal(1)
      expect(complaint(await lab.df(['get', '--quiet', ...at(origin.url)]).ended, 3)).to.include('401')
    })

    it('is asked about anew when the credentials are withdrawn at the origin', async () => {
      let isOpen = true
      const script: Script = request => (isOpen ? guarded(request, 0) : { status: 403 })
      const origin = await hostileOrigin(script)
      const { address } = await lab.seed()
      await fetch(['--seed', address, ...mine, origin.url])
      isOpen = false
      // a seed does not ask again within a second: that is how a flash crowd is one question
      let ended: Ended
      do ended = await get(['--seed', address, ...mine, '-o', 'late', origin.url])
      while (ended.code === 0)
      refusal(ended, 3, 'origin-forbidden')
    })
  })
})

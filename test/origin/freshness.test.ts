// How long an answer stays fresh: HTTP caching as a table, every time passed in.
import { expect } from 'chai'
import type { Freshness } from '../../src/core/freshness.ts'
import type { HeaderList } from '../../src/core/headers.ts'
import { note } from '../../src/origin/cached-headers.ts'
import {
  type Asker,
  freshnessOf,
  isNews,
  mayKeep,
  mayServeInTrouble,
  OUTDATED,
  type Verdict,
  verdict,
} from '../../src/origin/freshness.ts'

type Fields = Record<string, string | string[]>

const AT = Date.parse('2026-03-01T12:00:00Z')
const DATE = new Date(AT).toUTCString()
const HOUR = 3600
const PUBLIC: Asker = { headers: [], expire: undefined }

const later = (seconds: number) => AT + seconds * 1000
const asks = (...headers: [string, string][]): Asker => ({ ...PUBLIC, headers })
const date = (seconds: number) => new Date(later(seconds)).toUTCString()

/** What is known after answers that came one after the other, redirects first. */
function known(fields: Fields, redirects: [number, Fields][] = []): Freshness {
  const answers = [...redirects, [200, fields] as const].map(([status, f]) => note(status, { date: DATE, ...f }, AT))
  return freshnessOf({ at: AT, answers }, undefined)
}

const cc = (control: string): Fields => ({ 'cache-control': control })

describe('freshness', () => {
  const CASES: [what: string, fields: Fields, seconds: number, Verdict, asker?: Asker, redirects?: [number, Fields][]][] = [
    ['nothing said', {}, 0, 'ask'],
    ['max-age, within', cc('max-age=60'), 59, 'fresh'],
    ['max-age, at the end', cc('max-age=60'), 60, 'ask'],
    ['max-age=0', cc('max-age=0'), 0, 'ask'],
    ['directives in capitals', cc('Public, Max-Age=60'), 59, 'fresh'],
    ['no-store in capitals', cc('No-Store, max-age=60'), 1, 'ask'],
    ['several fields', { 'cache-control': ['max-age=60', 'no-cache'] }, 1, 'ask'],
    ['quoted', cc('max-age="60"'), 59, 'fresh'],
    ['malformed max-age', cc('max-age=soon'), 0, 'ask'],
    ['negative max-age', cc('max-age=-60'), 0, 'ask'],
    ['max-age twice, the same', cc('max-age=60, max-age=60'), 59, 'fresh'],
    ['max-age twice, contradicting', cc('max-age=60, max-age=3600'), 1, 'ask'],
    ['s-maxage over max-age', cc('max-age=60, s-maxage=120'), 119, 'fresh'],
    ['s-maxage below max-age', cc('max-age=120, s-maxage=60'), 61, 'ask'],
    ['no-cache', cc('no-cache, max-age=60'), 0, 'ask'],
    ['no-cache with fields', cc('no-cache="set-cookie", max-age=60'), 1, 'ask'],
    ['no-store', cc('no-store'), 0, 'ask'],
    ['private, for everybody', cc('private, max-age=60'), 1, 'ask'],
    ['must-revalidate, fresh', cc('max-age=60, must-revalidate'), 59, 'fresh'],
    ['must-revalidate, stale', cc('max-age=60, must-revalidate, stale-while-revalidate=60'), 61, 'ask'],
    ['immutable, fresh', cc('max-age=60, immutable'), 59, 'fresh'],
    ['immutable, stale', cc('max-age=60, immutable'), 61, 'ask'],
    ['immutable without a lifetime', cc('immutable'), 1, 'ask'],
    ['Pragma: no-cache', { pragma: 'no-cache', expires: date(60) }, 1, 'ask'],
    ['Expires, within', { expires: date(60) }, 59, 'fresh'],
    ['Expires, past', { expires: date(60) }, 61, 'ask'],
    ['Expires by the origin’s own clock, a day behind', { expires: date(60 - 86_400), date: date(-86_400) }, 1, 'ask'],
    ['Expires by the origin’s own clock, a day ahead', { expires: date(60 + 86_400), date: date(86_400) }, 59, 'fresh'],
    ['Expires: 0', { expires: '0' }, 0, 'ask'],
    ['Expires: a number far away', { expires: '9999' }, 1, 'ask'],
    ['Expires twice, contradicting', { expires: [date(60), date(120)] }, 1, 'ask'],
    ['max-age over Expires', { ...cc('max-age=10'), expires: date(60) }, 11, 'ask'],
    ['Age counts', { ...cc('max-age=60'), age: '50' }, 9, 'fresh'],
    ['Age used up', { ...cc('max-age=60'), age: '50' }, 10, 'ask'],
    ['malformed Age', { ...cc('max-age=60'), age: '-50' }, 1, 'ask'],
    ['Age twice, contradicting', { ...cc('max-age=60'), age: ['1', '2'] }, 1, 'ask'],
    ['an old Date without Age', { ...cc('max-age=60'), date: date(-50) }, 10, 'ask'],
    ['Last-Modified gives no freshness', { 'last-modified': date(-365 * 86_400) }, 0, 'ask'],
    ['a cookie', { ...cc('max-age=60'), 'set-cookie': 'a=b' }, 1, 'ask'],
    ['a cookie for everybody', { ...cc('public, max-age=60'), 'set-cookie': 'a=b' }, 1, 'fresh'],
    ['stale-while-revalidate', cc('max-age=60, stale-while-revalidate=30'), 89, 'usable'],
    ['stale-while-revalidate, over', cc('max-age=60, stale-while-revalidate=30'), 91, 'ask'],
    ['stale-while-revalidate under no-cache', cc('no-cache, stale-while-revalidate=30'), 1, 'ask'],
    ['stale-while-revalidate under no-store', cc('no-store, stale-while-revalidate=30'), 1, 'ask'],
    ['stale-if-error is not freshness', cc('max-age=60, stale-if-error=600'), 61, 'ask'],
    ['a value of 2 KiB', cc(`max-age=60, x=${'y'.repeat(2048)}`), 1, 'ask'],
    ['this host’s clock has gone back', cc('max-age=60'), -1, 'ask'],
    ['this host’s clock has gone back, expire', cc('max-age=60'), -1, 'ask', { ...PUBLIC, expire: 3_600_000 }],
    // what a request says
    ['request no-cache', cc('max-age=60'), 1, 'ask', asks(['cache-control', 'no-cache'])],
    ['request Pragma', cc('max-age=60'), 1, 'ask', asks(['pragma', 'No-Cache'])],
    ['request max-age', cc('max-age=60'), 11, 'ask', asks(['cache-control', 'max-age=10'])],
    ['request min-fresh', cc('max-age=60'), 30, 'ask', asks(['cache-control', 'min-fresh=40'])],
    ['request max-stale makes nothing staler', cc('max-age=60'), 61, 'ask', asks(['cache-control', 'max-stale'])],
    ['request max-stale of no-store', cc('no-store'), 1, 'ask', asks(['cache-control', 'max-stale=999'])],
    // credentials
    ['Authorization', cc('max-age=60'), 1, 'ask', asks(['authorization', 'x'])],
    ['any header that may be a credential', cc('max-age=60'), 1, 'ask', asks(['x-api-key', 'x'])],
    ['Authorization, public', cc('public, max-age=60'), 1, 'fresh', asks(['authorization', 'x'])],
    ['Authorization, must-revalidate', cc('max-age=60, must-revalidate'), 1, 'fresh', asks(['authorization', 'x'])],
    ['Accept is no credential', cc('max-age=60'), 1, 'fresh', asks(['accept', 'text/x'], ['accept-language', 'de'])],
    // --expire
    ['expire over no-store', cc('no-store'), 3599, 'fresh', { ...PUBLIC, expire: HOUR * 1000 }],
    ['expire, past', cc('max-age=999999'), 3600, 'ask', { ...PUBLIC, expire: HOUR * 1000 }],
    ['expire 0', cc('max-age=60'), 0, 'ask', { ...PUBLIC, expire: 0 }],
    ['expire, but the request says no-cache', {}, 1, 'ask', { ...asks(['pragma', 'no-cache']), expire: HOUR * 1000 }],
    // redirects
    ['a redirect that says nothing', cc('max-age=60'), 1, 'ask', PUBLIC, [[302, {}]]],
    ['a permanent redirect that says nothing', cc('max-age=60'), 1, 'ask', PUBLIC, [[308, {}]]],
    ['a redirect that may be kept', cc('max-age=60'), 29, 'fresh', PUBLIC, [[302, cc('max-age=30')]]],
    ['a redirect that is stale first', cc('max-age=60'), 31, 'ask', PUBLIC, [[302, cc('max-age=30')]]],
    // Vary
    ['Vary: *', { ...cc('max-age=60'), vary: 'accept, *' }, 1, 'ask'],
    ['Vary: Accept-Encoding', { ...cc('max-age=60'), vary: 'Accept-Encoding' }, 1, 'fresh'],
  ]
  for (const [what, fields, seconds, expected, asker, redirects] of CASES) {
    it(`${what}: ${expected}`, () => {
      expect(verdict(known(fields, redirects), asker ?? PUBLIC, later(seconds))).to.equal(expected)
    })
  }

  it('unknown, or outdated: ask', () => {
    expect(verdict(undefined, PUBLIC, AT)).to.equal('ask')
    expect(verdict(OUTDATED, { ...PUBLIC, expire: Number.MAX_SAFE_INTEGER }, AT)).to.equal('ask')
  })

  it('notes neither cookies nor what caching does not look at', () => {
    const content = known({ 'set-cookie': 'sid=hunter2', 'x-secret': 'hunter2', etag: '"hunter2"' })
    expect(JSON.stringify(content)).to.not.include('hunter2')
  })

  describe('after a 304', () => {
    const revalidated = (before: Freshness, fields: Fields) =>
      freshnessOf({ at: later(100), answers: [note(304, fields, later(100))] }, before)

    it('is fresh anew by what was said before', () => {
      const content = revalidated(known({ ...cc('max-age=60'), age: '50' }), { date: date(100) })
      expect(verdict(content, PUBLIC, later(159))).to.equal('fresh')
      expect(verdict(content, PUBLIC, later(160))).to.equal('ask')
    })
    it('takes over what it names', () => {
      const content = revalidated(known(cc('max-age=60')), { ...cc('max-age=600'), date: date(100) })
      expect(verdict(content, PUBLIC, later(699))).to.equal('fresh')
      expect(verdict(revalidated(known(cc('max-age=60')), cc('no-store')), PUBLIC, later(101))).to.equal('ask')
    })
    it('does not make an old Expires younger', () => {
      expect(verdict(revalidated(known({ expires: date(60) }), { date: date(100) }), PUBLIC, later(101))).to.equal('ask')
    })
    it('is fresh by itself where nothing was known', () => {
      const content = freshnessOf({ at: AT, answers: [note(304, cc('max-age=60'), AT)] }, undefined)
      expect(verdict(content, PUBLIC, later(59))).to.equal('fresh')
    })
  })

  describe('while the origin is in trouble', () => {
    const TROUBLE: [string, Fields, seconds: number, may: boolean, asker?: Asker][] = [
      ['nothing said', {}, 1e6, true],
      ['stale for long', cc('max-age=60'), 1e6, true],
      ['must-revalidate', cc('max-age=60, must-revalidate'), 61, false],
      ['proxy-revalidate', cc('max-age=60, proxy-revalidate'), 61, false],
      ['no-cache', cc('no-cache'), 1, false],
      ['no-store', cc('no-store, stale-if-error=60'), 1, false],
      ['s-maxage', cc('s-maxage=60'), 61, false],
      ['s-maxage with stale-if-error', cc('s-maxage=60, stale-if-error=60'), 119, true],
      ['within stale-if-error', cc('max-age=60, stale-if-error=60'), 119, true],
      ['behind stale-if-error', cc('max-age=60, stale-if-error=60'), 121, false],
      ['stale-if-error, clock gone back', cc('max-age=60, stale-if-error=60'), -1, false],
      ['expire over must-revalidate', cc('max-age=60, must-revalidate'), 1e6, true, { ...PUBLIC, expire: 1000 }],
      ['expire 0 allows nothing', cc('max-age=60, must-revalidate'), 61, false, { ...PUBLIC, expire: 0 }],
    ]
    for (const [what, fields, seconds, may, asker = PUBLIC] of TROUBLE) {
      it(`${what}: ${may ? 'served' : 'not served'}`, () => {
        expect(mayServeInTrouble(known(fields), asker, later(seconds))).to.equal(may)
      })
    }
    it('nothing known: served', () => expect(mayServeInTrouble(undefined, PUBLIC, AT)).to.equal(true))
  })

  const KEPT: [string, HeaderList, expire: number | undefined, boolean][] = [
    ['max-age=0, no-cache', [], undefined, true],
    ['no-store', [], undefined, false],
    ['no-store', [], 0, false],
    ['no-store', [], 1, true],
    ['private', [], undefined, false],
    ['private', [['authorization', 'x']], undefined, true],
    ['no-store', [['authorization', 'x']], undefined, false],
  ]
  for (const [control, headers, expire, may] of KEPT) {
    it(`${control} with ${headers.length} headers, expire ${expire}: ${may ? 'kept' : 'not kept'}`, () => {
      const asker = { ...PUBLIC, headers, expire }
      expect(mayKeep(known(cc(control)), asker)).to.equal(may)
    })
  }

  it('is written down again only when it says something else, or a minute later', () => {
    const fields = { ...cc('max-age=60'), expires: date(60) }
    const content = known(fields)
    const after = (seconds: number, changes: Fields = {}) => {
      const answer = note(200, { ...fields, date: date(seconds), expires: date(seconds + 60), ...changes }, later(seconds))
      return freshnessOf({ at: later(seconds), answers: [answer] }, undefined)
    }
    expect(isNews(content, after(59))).to.equal(false)
    expect(isNews(content, after(59, { age: '59' })), 'older by its Age, asked later').to.equal(false)
    expect(isNews(content, after(60))).to.equal(true)
    expect(isNews(content, after(-1)), 'a clock that went back').to.equal(true)
    for (const change of [cc('max-age=61'), { vary: 'origin' }, { expires: date(62) }, { 'set-cookie': 'a' }, { age: '9' }])
      expect(isNews(content, after(5, change)), JSON.stringify(change)).to.equal(true)
    expect([isNews(undefined, content), isNews(content, OUTDATED), isNews(OUTDATED, content)]).to.deep.equal([true, true, true])
    expect(isNews(OUTDATED, OUTDATED)).to.equal(false)
  })
})

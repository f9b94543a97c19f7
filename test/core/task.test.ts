// A task's identity: what makes two requests the same, what tells them apart, and what never leaks.
import { expect } from 'chai'
import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import {
  contentId,
  MAX_FILTERS,
  MAX_TAG_BYTES,
  MAX_URL_BYTES,
  makeProof,
  makeTask,
  shownUrl,
  type TaskRequest,
  withoutSecrets,
} from '../../src/core/task.ts'
import { failure } from './failure.ts'

const URL_TEXT = 'https://example.org/file.iso?a=1&b=2'

function id(url: string, rest: Omit<TaskRequest, 'url'> = {}): string {
  return makeTask({ url, ...rest }).id
}

const SAME: [string, TaskRequest, TaskRequest][] = [
  ['case of scheme and host', { url: 'HTTPS://Example.ORG/f' }, { url: 'https://example.org/f' }],
  ['default port', { url: 'https://example.org:443/f' }, { url: 'https://example.org/f' }],
  ['dot segments', { url: 'https://example.org/a/../f' }, { url: 'https://example.org/f' }],
  ['no path', { url: 'https://example.org' }, { url: 'https://example.org/' }],
  ['fragment', { url: 'https://example.org/f#part' }, { url: 'https://example.org/f' }],
  ['space around the URL', { url: ' https://example.org/f\n' }, { url: 'https://example.org/f' }],
  ['empty tag', { url: URL_TEXT, tag: '' }, { url: URL_TEXT }],
  ['empty lists', { url: URL_TEXT, headers: [], filter: [] }, { url: URL_TEXT }],
  ['filter that meets nothing', { url: URL_TEXT, filter: ['sig'] }, { url: URL_TEXT }],
  ['neutral headers', { url: URL_TEXT, headers: [['User-Agent', 'x']] }, { url: URL_TEXT, headers: [['referer', 'y']] }],
  [
    'case of header names',
    { url: URL_TEXT, headers: [['AUTHORIZATION', 'x']] },
    { url: URL_TEXT, headers: [['authorization', 'x']] },
  ],
  [
    'order of header names',
    {
      url: URL_TEXT,
      headers: [
        ['cookie', 'c'],
        ['authorization', 'x'],
      ],
    },
    {
      url: URL_TEXT,
      headers: [
        ['authorization', 'x'],
        ['cookie', 'c'],
      ],
    },
  ],
  [
    'user and password in the URL or in a header',
    { url: 'https://us%20er:p%40ss@example.org/f' },
    { url: 'https://example.org/f', headers: [['Authorization', `Basic ${Buffer.from('us er:p@ss').toString('base64')}`]] },
  ],
]

const OTHER: [string, TaskRequest, TaskRequest][] = [
  ['scheme', { url: 'https://h/f' }, { url: 'http://h/f' }],
  ['case of the path', { url: 'https://h/f' }, { url: 'https://h/F' }],
  ['parameter order', { url: 'https://h/f?a=1&b=2' }, { url: 'https://h/f?b=2&a=1' }],
  ['unfiltered parameter', { url: 'https://h/f?a=1' }, { url: 'https://h/f?a=2' }],
  ['filter is case-sensitive', { url: 'https://h/f?A=1', filter: ['a'] }, { url: 'https://h/f' }],
  // what is sent to the origin is part of what is asked for: nobody's filter decides what others get
  ['a filtered parameter', { url: 'https://h/f?sig=x', filter: ['sig'] }, { url: 'https://h/f', filter: ['sig'] }],
  [
    'another value of a filtered parameter',
    { url: 'https://h/f?v=evil', filter: ['v'] },
    { url: 'https://h/f?v=1', filter: ['v'] },
  ],
  ['a filter that takes part of a value', { url: 'https://h/f?f=good&x;f=evil', filter: ['x;f'] }, { url: 'https://h/f?f=good' }],
  ['tag', { url: 'https://h/f', tag: 'x' }, { url: 'https://h/f' }],
  ['other tag', { url: 'https://h/f', tag: 'x' }, { url: 'https://h/f', tag: 'y' }],
  ['credentials at all', { url: 'https://h/f', headers: [['authorization', 'x']] }, { url: 'https://h/f' }],
  [
    'other credentials',
    { url: 'https://h/f', headers: [['authorization', 'x']] },
    { url: 'https://h/f', headers: [['authorization', 'y']] },
  ],
  ['an unknown header', { url: 'https://h/f', headers: [['x-token', '1']] }, { url: 'https://h/f' }],
  ['an empty password', { url: 'https://u:@h/f' }, { url: 'https://h/f' }],
]

describe('a task that its digest names', () => {
  const digest = new Uint8Array(32).fill(7)
  const name = `sha256:${'07'.repeat(32)}`
  const named = (url: string, rest: Omit<TaskRequest, 'url'> = {}) => makeTask({ url, digest, ...rest })
  const token = (value: string): Omit<TaskRequest, 'url'> => ({ headers: [['authorization', value]] })
  const URL_OF = `https://registry.example/v2/team/app/blobs/${name}`

  it('is the same under all URLs of a server, with any tag, filter, query and credentials', () => {
    const { id, subject, isPrivate } = named(URL_OF)
    const other = named(`https://registry.example:443/v2/x/blobs/${name.replace(':', '%3a')}?ns=a`, { tag: 'x', filter: ['ns'] })
    expect(other).to.include({ id, subject, isPrivate, tag: undefined })
    expect(isPrivate).to.equal(false)
    expect(named(URL_OF, token('a')).id).to.equal(named(URL_OF, token('b')).id)
    expect(named(URL_OF, { ...token('a'), anonymous: true })).to.include({ id, isPrivate: false })
  })

  it('is another one at another server, with another digest, when it is private, and than that of the URL', () => {
    const tasks = [
      named(URL_OF),
      named(URL_OF.replace('https', 'http')),
      named(URL_OF.replace('.example', '.example:444')),
      named(URL_OF, token('a')),
      makeTask({ url: URL_OF }),
      makeTask({ url: URL_OF.replaceAll('07', '08'), digest: new Uint8Array(32).fill(8) }),
    ]
    expect(new Set(tasks.map(task => task.id)).size).to.equal(tasks.length)
  })

  it('is opened by nobody who guesses, where it is private', () => {
    expect(named(URL_OF, token('a')).secret).to.not.deep.equal(named(URL_OF, token('a')).secret)
    expect(named(URL_OF).secret).to.deep.equal(named(URL_OF).secret)
  })

  it('is about one version, which its manifests name', () => {
    const task = named(URL_OF, token('a'))
    expect(task.version).to.equal(`digest ${name}`)
    expect(contentId(task, `digest ${name}`)).to.equal(task.id)
  })

  it('needs a URL whose path ends with the digest', () => {
    for (const url of [
      'https://r.example/',
      `https://r.example/?/${name}`,
      `${URL_OF}/x`,
      URL_OF.replaceAll('07', '08'),
      `https://r.example/x${name}`,
    ]) {
      failure(() => named(url), 'bad-option')
    }
  })
})

describe('core: task', () => {
  for (const [what, a, b] of SAME) it(`is the same whatever the ${what}`, () => expect(makeTask(a).id).to.equal(makeTask(b).id))
  for (const [what, a, b] of OTHER) it(`is another one: ${what}`, () => expect(makeTask(a).id).to.not.equal(makeTask(b).id))

  it('has an id that stays: golden vectors', () => {
    expect(id(URL_TEXT)).to.equal('bafyreieu7gx7fb6yi76bdrcsrifakn2rrjudr2fk6abuwgqjpd3lh6ahzy')
    expect(id(URL_TEXT, { tag: 't', filter: ['b'] })).to.equal('bafyreib5f5fhcjyfv4tmnb72sxjz7kzaycf3dh2lrxp4cyxvrxfkzp3tvi')
    expect(id(URL_TEXT, { headers: [['authorization', 'Bearer x']] })).to.equal(
      'bafyreiaalkgkhsi4uu7umw5kwdt5tcitq4ygtsa2auuhzkpcm5xxebwuoq',
    )
  })

  it('has a dag-cbor CIDv1 as id and a secret that the id does not tell', () => {
    const task = makeTask({ url: URL_TEXT })
    const cid = CID.parse(task.id)
    expect([cid.version, cid.code, cid.multihash.code]).to.deep.equal([1, 0x71, 0x12])
    expect(task.secret).to.have.length(32)
    expect(Buffer.from(task.secret).equals(cid.multihash.digest)).to.equal(false)
  })

  it('asks the origin for what was given, without user, password and fragment', () => {
    const task = makeTask({
      url: 'https://u:p@example.org/f?sig=1&x=2#y',
      filter: ['sig'],
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
    })
    expect(task.url).to.equal('https://example.org/f?sig=1&x=2')
    expect(task.headers).to.deep.equal([
      ['x-a', '1'],
      ['x-a', '2'],
      ['authorization', 'Basic dTpw'],
    ])
  })

  it('is private with anything that may be a credential', () => {
    const isPrivate = (headers: [string, string][]): boolean => makeTask({ url: URL_TEXT, headers }).isPrivate
    expect(isPrivate([])).to.equal(false)
    expect(isPrivate([['user-agent', 'x']])).to.equal(false)
    expect(isPrivate([['x-anything', 'x']])).to.equal(true)
    expect(makeTask({ url: 'https://u@h/f' }).isPrivate).to.equal(true)
  })

  it('gives the same scope another id at another origin', () => {
    const headers = [['authorization', 'x']] as const
    expect(id('https://a/f', { headers })).to.not.equal(id('https://b/f', { headers }))
  })

  describe('with filtered parameters', () => {
    const signed = (query: string, filter = ['sig']) => makeTask({ url: `https://h/f${query}`, filter })

    const ALIKE: [what: string, a: string, b: string][] = [
      ['other values', '?x=1&sig=a', '?x=1&sig=b'],
      ['a name that is encoded', '?x=1&%73ig=a', '?x=1&sig=b'],
      ['repeated ones', '?sig=1&x=1&sig=2', '?x=1&sig=3'],
      ['nothing else', '?sig=1', '?sig=2'],
    ]
    for (const [what, a, b] of ALIKE) {
      it(`shares one version, as the origin names it, whatever they are: ${what}`, () => {
        expect(signed(a).id).to.not.equal(signed(b).id)
        expect(signed(a).subject).to.equal(signed(b).subject)
        expect(contentId(signed(a), 'etag "1"')).to.equal(contentId(signed(b), 'etag "1"'))
        expect(contentId(signed(a), 'etag "1"')).to.not.equal(contentId(signed(b), 'etag "2"'))
      })
    }

    it('shares nothing without a strong ETag', () => {
      for (const version of ['weak W/"1" 7', 'modified Thu, 01 Jan 1970 00:00:00 GMT 7'])
        expect(contentId(signed('?sig=a'), version)).to.not.equal(contentId(signed('?sig=b'), version))
    })

    it('is private, and shares nothing with the bare URL or another filter', () => {
      expect(signed('?sig=a').isPrivate).to.equal(true)
      expect(signed('').isPrivate).to.equal(false)
      expect(contentId(signed('?sig=a'), 'etag "1"')).to.not.equal(contentId(signed(''), 'etag "1"'))
      expect(signed('?sig=a&v=1', ['sig', 'v']).subject).to.not.equal(signed('?sig=a').subject)
    })
  })

  it('trims, sorts and dedupes the filter', () => {
    expect(makeTask({ url: URL_TEXT, filter: [' b', 'a', '', 'b '] }).filter).to.deep.equal(['a', 'b'])
  })

  it('normalises once and for all', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), url => {
        const task = makeTask({ url })
        expect(makeTask({ url: task.url }).id).to.equal(task.id)
      }),
      { numRuns: 30 },
    )
  })
})

describe('core: task, bad requests', () => {
  for (const url of ['', 'example.org/f', '/etc/passwd', 'https://', 'https://h:99999/', 'https://[::1/', 'https://a b/']) {
    it(`${JSON.stringify(url)} is no URL`, () => void failure(() => makeTask({ url }), 'bad-url'))
  }
  for (const url of ['ftp://h/f', 'file:///etc/passwd', 'javascript:alert(1)', 'data:,x', 'example.org:80/f']) {
    it(`${url} has a scheme that we do not fetch`, () => void failure(() => makeTask({ url }), 'bad-scheme'))
  }

  it('has limits', () => {
    const long = `https://h/${'x'.repeat(MAX_URL_BYTES - 10)}`
    expect(makeTask({ url: long }).url).to.have.length(MAX_URL_BYTES)
    failure(() => makeTask({ url: `${long}x` }), 'bad-url')
    failure(() => makeTask({ url: `https://h/${'ä'.repeat(MAX_URL_BYTES / 2)}` }), 'bad-url')
    makeTask({ url: URL_TEXT, tag: 'x'.repeat(MAX_TAG_BYTES) })
    failure(() => makeTask({ url: URL_TEXT, tag: 'ä'.repeat(MAX_TAG_BYTES / 2 + 1) }), 'bad-option')
    makeTask({ url: URL_TEXT, filter: Array.from({ length: MAX_FILTERS }, (_, i) => `p${i}`) })
    failure(() => makeTask({ url: URL_TEXT, filter: Array.from({ length: MAX_FILTERS + 1 }, (_, i) => `p${i}`) }), 'bad-option')
  })

  it('takes credentials from one place', () => {
    failure(
      () => makeTask({ url: 'https://u:hidden@h/', headers: [['authorization', 'covert']] }),
      'bad-header',
      'hidden',
      'covert',
    )
  })

  it('tells no secret', () => {
    for (const url of [
      'https://user:hidden@bad host/f?token=covert',
      'https://user:hid@den@h:port/f#covert',
      'https://user:hid/den@h/',
      'https://user:hid?den@h/',
      '//user:hidden@h/f?covert',
      'user hidden@h',
    ]) {
      failure(() => makeTask({ url }), 'bad-url', 'hidden', 'hid', 'den', 'covert')
    }
    failure(() => makeTask({ url: 'ftp://user:hidden@h/f?token=covert' }), 'bad-scheme', 'hidden', 'covert')
    failure(() => makeTask({ url: URL_TEXT, headers: [['x-a', 'hidden\ncovert']] }), 'bad-header', 'hidden', 'covert')
  })

  it('shortens a URL for messages', () => {
    expect(withoutSecrets('https://u:p@h/@scope/f?x#y')).to.equal('https://h/@scope/f')
    expect(withoutSecrets(`https://h/${'x'.repeat(500)}`)).to.have.length(200)
  })

  it('shows no query, and of a private task not even that there is one', () => {
    const headers = [['authorization', 'x']] as const
    expect(shownUrl(makeTask({ url: 'https://h/f' }))).to.equal('https://h/f')
    expect(shownUrl(makeTask({ url: 'https://h/f?key=x' }))).to.equal('https://h/f?…')
    expect(shownUrl(makeTask({ url: 'https://u:p@h/f?key=x' }))).to.equal('https://h/f')
    expect(shownUrl(makeTask({ url: 'https://h/f?key=x', headers }))).to.equal('https://h/f')
  })
})

describe('core: proof of a task', () => {
  const secret = makeTask({ url: URL_TEXT }).secret

  it('is bound to the secret, to both peers and to their order', () => {
    const other = makeTask({ url: URL_TEXT, tag: 'x' }).secret
    const proofs = [
      makeProof(secret, 'a', 'b'),
      makeProof(secret, 'b', 'a'),
      makeProof(secret, 'a', 'c'),
      makeProof(secret, 'a\0b', ''),
      makeProof(other, 'a', 'b'),
    ]
    expect(new Set(proofs.map(p => Buffer.from(p).toString('hex'))).size).to.equal(5)
    expect(makeProof(secret, 'a', 'b')).to.deep.equal(proofs[0])
  })
})

// What a grant opens, and for how long the origin's word counts.
import { expect } from 'chai'
import { checkGrant, type Grant, type GrantFacts, MAX_GRANT_MS } from '../../src/core/grant.ts'
import { MAX_PROOFS, ProofBook } from '../../src/core/proofs.ts'
import { contentId, makeTask, sharedTask } from '../../src/core/task.ts'

const NOW = 1_700_000_000_000
const grant: Grant = { peer: 'P', topic: Uint8Array.of(1, 2), expires: NOW + 1000 }
const facts: GrantFacts = { peer: 'P', topic: Uint8Array.of(1, 2), signer: 'S', isTrusted: peer => peer === 'S', skew: 500 }

describe('core/grant', () => {
  it('opens one content to one peer, by the word of a trusted seed', () => {
    expect(checkGrant(grant, facts, NOW)).to.equal(true)
    const others: Partial<GrantFacts>[] = [
      { peer: 'Q' },
      { topic: Uint8Array.of(1, 3) },
      { signer: 'P' },
      { isTrusted: () => false },
    ]
    for (const other of others) expect(checkGrant(grant, { ...facts, ...other }, NOW)).to.equal(false)
  })

  it('ends, and clocks may differ by so much and no more', () => {
    expect(checkGrant(grant, facts, NOW + 1499)).to.equal(true)
    expect(checkGrant(grant, facts, NOW + 1500)).to.equal(false)
    const longest = { ...grant, expires: NOW + MAX_GRANT_MS + facts.skew }
    expect(checkGrant(longest, facts, NOW)).to.equal(true)
    expect(checkGrant({ ...longest, expires: longest.expires + 1 }, facts, NOW)).to.equal(false)
  })
})

describe('core/proofs', () => {
  it('counts for the reader that it was given to, for so long', () => {
    const book = new ProofBook()
    book.note('alice', 's', 'v', 0)
    expect(book.proven('alice', 100, 99)).to.equal('v')
    expect(book.proven('alice', 100, 100)).to.equal(undefined)
    expect(book.proven('bob', 100, 0)).to.equal(undefined)
    book.forget('alice')
    expect(book.proven('alice', 100, 0)).to.equal(undefined)
  })

  it('is current while anybody was shown the same a moment ago', () => {
    const book = new ProofBook()
    book.note('alice', 's', 'v', 0)
    expect(book.current('alice', 's', 100, 10, 50)).to.equal(undefined)
    book.note('bob', 's', 'v', 45)
    expect(book.current('alice', 's', 100, 10, 50)).to.equal('v')
    book.note('bob', 's', 'w', 46)
    expect(book.current('alice', 's', 100, 10, 50)).to.equal(undefined)
    expect(book.current('alice', 's', 100, 10, 101)).to.equal(undefined)
  })

  it('keeps no more than so many', () => {
    const book = new ProofBook()
    for (let i = 0; i <= MAX_PROOFS; i++) book.note(`reader ${i}`, `subject ${i}`, 'v', i)
    expect(book.proven('reader 0', Infinity, 0)).to.equal(undefined)
    expect(book.proven('reader 1', Infinity, 0)).to.equal('v')
  })
})

describe('core/task: private contents', () => {
  const url = 'https://example.org/f?session=1'
  const task = (...headers: [string, string][]) => makeTask({ url, headers })
  const etag = 'etag "one"'

  it('are one for all credentials, and another for another choice or version', () => {
    const id = contentId(task(['authorization', 'a']), etag)
    expect(contentId(task(['cookie', 'b'], ['x-key', 'c']), etag)).to.equal(id)
    expect(contentId(task(['authorization', 'a'], ['accept', 'text/html']), etag)).not.to.equal(id)
    expect(contentId(task(['authorization', 'a']), 'etag "two"')).not.to.equal(id)
    expect(contentId(task(), etag)).to.equal(task().id).and.not.equal(id)
  })

  it('are not shared by a name that two users may have for different bytes', () => {
    for (const version of ['modified Thu, 01 Jan 2026 00:00:00 GMT 100', 'weak W/"1" 100', 'once 1']) {
      const mine = task(['authorization', 'a'])
      expect(sharedTask(mine, version)).to.equal(undefined)
      expect(contentId(mine, version)).to.equal(mine.id)
    }
    expect(sharedTask(task(), etag)).to.equal(undefined)
  })
})

// A manifest grows piece by piece or not at all, and its chain ties every digest to version and place.
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import { hex } from '../../src/core/digest.ts'
import { chainStart, Manifest, type ManifestHead, type Seal, type VersionInfo } from '../../src/core/manifest.ts'
import { MAX_PIECES, sha256 } from '../../src/core/piece.ts'
import { failure } from './failure.ts'

const INFO: VersionInfo = { task: 'bafytask', version: 'etag "1"', pieceLength: 1024, length: undefined, fileName: 'f' }
const digestOf = (i: number): Uint8Array => sha256(Buffer.from(`piece ${i}`))
const sealOf = (length: number): Seal => ({ length, sha256: sha256(Buffer.from('all')), root: 'bafyroot' })

function manifestOf(count: number, info = INFO): Manifest {
  const manifest = new Manifest(info)
  for (let i = 0; i < count; i++) manifest.append(digestOf(i))
  return manifest
}

describe('core: manifest', () => {
  it('chains as written down: golden vector', () => {
    const field = (text: string): string => `${text.length}:${text}`
    const start = createHash('sha256')
      .update(`dragonfly/manifest/1\0${field('bafytask')}${field('etag "1"')}${field('1024')}`)
      .digest()
    const first = createHash('sha256').update(start).update(digestOf(0)).digest()
    expect(hex(chainStart(INFO))).to.equal(start.toString('hex'))
    expect(hex(manifestOf(1).chain)).to.equal(first.toString('hex'))
  })

  it('has another chain for another task, version, cut, order or number', () => {
    const chains = [
      manifestOf(2),
      manifestOf(1),
      manifestOf(2, { ...INFO, task: 'bafyother' }),
      manifestOf(2, { ...INFO, version: 'etag "2"' }),
      manifestOf(2, { ...INFO, pieceLength: 2048 }),
      manifestOf(2, { ...INFO, task: 'bafytaske', version: 'tag "1"' }),
    ].map(m => hex(m.chain))
    const swapped = new Manifest(INFO)
    swapped.append(digestOf(1))
    swapped.append(digestOf(0))
    expect(new Set([...chains, hex(swapped.chain)]).size).to.equal(7)
  })

  it('extends in any steps to the same manifest', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 10 }), steps => {
        const mine = new Manifest(INFO)
        const theirs = new Manifest(INFO)
        let at = 0
        for (const step of steps) {
          const digests = Array.from({ length: step }, () => digestOf(at++))
          for (const digest of digests) theirs.append(digest)
          mine.extend(digests, theirs.head())
        }
        expect(mine.head()).to.deep.equal(theirs.head())
        for (let i = 0; i < at; i++) expect(mine.digest(i)).to.deep.equal(digestOf(i))
        expect(mine.digest(at)).to.equal(undefined)
      }),
    )
  })

  const HOSTILE: [string, (head: ManifestHead, digests: Uint8Array[]) => [ManifestHead, Uint8Array[]]][] = [
    ['one digest is another', (head, [a]) => [head, [a as Uint8Array, digestOf(99)]]],
    ['digests are swapped', (head, digests) => [head, digests.toReversed()]],
    ['a digest is missing', (head, digests) => [head, digests.slice(1)]],
    ['a digest too many', (head, digests) => [head, [...digests, digestOf(9)]]],
    ['a digest is too short', (head, [a, b]) => [head, [a as Uint8Array, (b as Uint8Array).subarray(1)]]],
    [
      'a digest is cut elsewhere',
      (head, [a, b]) => [head, [Buffer.concat([a as Uint8Array, b as Uint8Array]), new Uint8Array()]],
    ],
    ['the count is another', (head, digests) => [{ ...head, count: head.count + 1 }, digests]],
    ['the chain is another', (head, digests) => [{ ...head, chain: digestOf(0) }, digests]],
    ['the chain is empty', (head, digests) => [{ ...head, chain: new Uint8Array() }, digests]],
    ['the task is another', (head, digests) => [{ ...head, task: 'x' }, digests]],
    ['the version is another', (head, digests) => [{ ...head, version: 'x' }, digests]],
    ['the cut is another', (head, digests) => [{ ...head, pieceLength: 2048 }, digests]],
    ['the announced length is another', (head, digests) => [{ ...head, length: 3000 }, digests]],
    ['the seal is too long', (head, digests) => [{ ...head, seal: sealOf(3 * 1024 + 1) }, digests]],
    ['the seal is too short', (head, digests) => [{ ...head, seal: sealOf(2 * 1024) }, digests]],
    ['the seal is negative', (head, digests) => [{ ...head, seal: sealOf(-1) }, digests]],
  ]
  for (const [name, spoil] of HOSTILE) {
    it(`changes nothing when ${name}`, () => {
      const mine = manifestOf(1)
      const before = mine.head()
      const [head, digests] = spoil(manifestOf(3).head(), [digestOf(1), digestOf(2)])
      failure(() => mine.extend(digests, head), 'protocol')
      expect(mine.head()).to.deep.equal(before)
      mine.extend([digestOf(1), digestOf(2)], manifestOf(3).head())
      expect(mine.count).to.equal(3)
    })
  }

  it('takes no more pieces than the announced length has, or the limit allows', () => {
    const info = { ...INFO, length: 2048 }
    failure(() => new Manifest(info).extend([0, 1, 2].map(digestOf), manifestOf(3, info).head()), 'protocol')
    const many = new Array<Uint8Array>(MAX_PIECES + 1).fill(digestOf(0))
    const head = { ...manifestOf(0).head(), count: many.length }
    expect(failure(() => new Manifest(INFO).extend(many, head), 'protocol').message).to.include('too many')
  })

  it('is sealed once all is known', () => {
    const whole = manifestOf(3)
    whole.sealWith(sealOf(2049))
    const mine = manifestOf(1)
    mine.extend([digestOf(1), digestOf(2)], whole.head())
    expect([mine.length, mine.pieceSize(0), mine.pieceSize(2)]).to.deep.equal([2049, 1024, 1])
    expect(mine.seal).to.deep.equal(sealOf(2049))
    failure(() => mine.append(digestOf(3)), 'internal')
    failure(() => mine.extend([digestOf(3)], manifestOf(4).head()), 'protocol')
    expect(mine.count).to.equal(3)
  })

  it('a seal alone may come later', () => {
    const whole = manifestOf(2)
    const mine = manifestOf(2)
    whole.sealWith(sealOf(2048))
    mine.extend([], whole.head())
    expect(mine.seal).to.deep.equal(sealOf(2048))
  })

  for (const [count, length, fits] of [
    [0, 0, true],
    [0, 1, false],
    [1, 0, false],
    [1, 1, true],
    [1, 1024, true],
    [1, 1025, false],
    [2, 1025, true],
  ] as const) {
    it(`${length} bytes ${fits ? 'are' : 'are not'} ${count} pieces`, () => {
      const manifest = manifestOf(count)
      if (fits) manifest.sealWith(sealOf(length))
      else failure(() => manifest.sealWith(sealOf(length)), 'protocol')
      expect(manifest.seal !== undefined).to.equal(fits)
    })
  }

  it('holds the origin to the length that it announced', () => {
    const manifest = manifestOf(1, { ...INFO, length: 1000 })
    failure(() => manifest.sealWith(sealOf(999)), 'protocol')
    manifest.sealWith(sealOf(1000))
    expect(manifest.pieceSize(0)).to.equal(1000)
  })
})

// The list of a tree below a URL: what is encoded is decoded, and whatever else comes is refused.
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import fc from 'fast-check'
import { DragonflyError } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid } from '../../src/core/root.ts'
import {
  decodeUrlTree,
  encodeUrlTree,
  MAX_URL_TREE_BYTES,
  MAX_URL_TREE_FILES,
  NO_FACTS,
  type UrlTree,
  unpack,
} from '../../src/core/url-tree.ts'

const ROOT = rawCid(sha256(Buffer.from('pack'))).toString()
const DIGEST = sha256(Buffer.from('abc'))
const PACKED = ['a', '/t/a', 0, 0, 3, DIGEST, null]
const BY_URL = ['b', '/t/b', null, null, null]

function encoded(changes: object): Uint8Array {
  return dagCbor.encode({ v: 1, files: [PACKED, BY_URL], packs: [[ROOT, 3]], ...changes })
}

function refused(bytes: Uint8Array, what: string): void {
  expect(() => decodeUrlTree(bytes), what)
    .to.throw(DragonflyError)
    .with.property('code', 'bad-option')
}

const time = fc.nat({ max: 8_640_000_000_000_000 })
const none = fc.constant(undefined)
const tree: fc.Arbitrary<UrlTree> = fc
  .array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.nat({ max: 65_536 }), fc.oneof(time, none), fc.boolean()), {
    maxLength: 40,
  })
  .map(rows => {
    let offset = 0
    const files = rows.map(([path, size, modified, isPacked]) => {
      const named = { path, ref: `/${encodeURIComponent(path)}` }
      if (!isPacked) return { ...named, packed: undefined, facts: { length: size, modified, md5: '0'.repeat(32) } }
      offset += size
      return { ...named, packed: { pack: 0, offset: offset - size, size, sha256: DIGEST, modified }, facts: NO_FACTS }
    })
    return { files, packs: files.some(({ packed }) => packed !== undefined) ? [{ root: ROOT, size: offset }] : [] }
  })

describe('core/url-tree', () => {
  it('decodes to what was encoded', () => {
    fc.assert(fc.property(tree, value => void expect(decodeUrlTree(encodeUrlTree(value))).to.deep.equal(value)))
  })

  it('decodes whatever comes, or refuses it', () => {
    const decode = (bytes: Uint8Array) => {
      try {
        encodeUrlTree(decodeUrlTree(bytes))
      } catch (error) {
        expect(error).to.have.property('code', 'bad-option')
      }
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), decode))
    const json = fc.anything({ maxDepth: 3, withBigInt: false, withDate: false, withMap: false, withSet: false })
    const anything = fc.record({ v: fc.constant(1), files: fc.array(fc.array(json)), packs: fc.array(fc.array(json)) })
    fc.assert(
      fc.property(anything, value => {
        let bytes: Uint8Array
        try {
          bytes = dagCbor.encode(value)
        } catch {
          return
        }
        decode(bytes)
      }),
    )
  })

  const hostile: [what: string, changes: object][] = [
    ['another version', { v: 2 }],
    ['a field that is not known', { more: 1 }],
    ['files that are none', { files: 1 }],
    ['a file without a URL', { files: [['a']] }],
    ['a path that is no text', { files: [[1, '/t/a', null, null, null]] }],
    ['a path that is too long', { files: [['x'.repeat(8193), '/t/a', null, null, null]] }],
    ['a pack that is not there', { files: [['a', '/t/a', 1, 0, 3, DIGEST, null]] }],
    ['an offset behind its pack', { files: [['a', '/t/a', 0, 1, 3, DIGEST, null]] }],
    ['an offset below it', { files: [['a', '/t/a', 0, -1, 3, DIGEST, null]] }],
    ['a huge offset', { files: [['a', '/t/a', 0, Number.MAX_SAFE_INTEGER, 3, DIGEST, null]] }],
    ['a time that no date can be', { files: [['b', '/t/b', 1, 8_640_000_000_000_001, null]] }],
    ['half a number', { files: [['a', '/t/a', 0, 0.5, 1, DIGEST, null]] }],
    ['a file that is too large for a pack', { files: [['a', '/t/a', 0, 0, 65_537, DIGEST, null]], packs: [[ROOT, 70_000]] }],
    ['files that lie one over the other', { files: [PACKED, ['b', '/t/b', 0, 1, 2, DIGEST, null]] }],
    ['half a digest', { files: [['a', '/t/a', 0, 0, 3, DIGEST.slice(16), null]] }],
    ['a digest that is none', { files: [['b', '/t/b', 1, 1, '../x']] }],
    ['a pack that is none', { packs: [['../x', 3]] }],
    ['a pack that is too large', { packs: [[ROOT, 4 * 1024 * 1024 + 1]] }],
    [
      'more packs than files',
      {
        packs: [
          [ROOT, 3],
          [ROOT, 3],
          [ROOT, 3],
        ],
      },
    ],
    ['a pack with more to it', { packs: [[ROOT, 3, 1]] }],
  ]
  for (const [what, changes] of hostile) it(`refuses ${what}`, () => refused(encoded(changes), what))

  it('takes the same without a fault', () => {
    expect(decodeUrlTree(encoded({})).files.map(({ path }) => path)).to.deep.equal(['a', 'b'])
  })

  it('refuses 10 million entries, and more bytes than it may have, before it looks at them', () => {
    refused(encoded({ files: Array(MAX_URL_TREE_FILES + 1).fill(BY_URL) }), 'files')
    // an array of ten million zeros, which takes as many bytes
    const head = Buffer.from([0xa1, 0x65, ...Buffer.from('files'), 0x9a, 0, 0x98, 0x96, 0x80])
    refused(Buffer.concat([head, Buffer.alloc(10_000_000)]), 'entries')
    refused(new Uint8Array(MAX_URL_TREE_BYTES + 1), 'bytes')
  })

  it('takes a file out of its pack only if it is what the list says', () => {
    const file = { pack: 0, offset: 1, size: 3, sha256: DIGEST, modified: undefined }
    expect(Buffer.from(unpack(Buffer.from('xabcx'), file)).toString()).to.equal('abc')
    for (const pack of ['xabdx', 'xab', '', 'abcx']) {
      expect(() => unpack(Buffer.from(pack), file), pack)
        .to.throw(DragonflyError)
        .with.property('code', 'digest-mismatch')
    }
  })
})

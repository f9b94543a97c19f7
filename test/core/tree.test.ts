// The list of a shared folder: one encoding, and nothing in it that could be written outside of the folder.
import * as dagCbor from '@ipld/dag-cbor'
import { expect } from 'chai'
import { sha256 } from '../../src/core/piece.ts'
import { rawCid } from '../../src/core/root.ts'
import { isSharedUrl, parseSharedUrl, sharedUrl } from '../../src/core/shared-url.ts'
import { decodeTree, encodeTree, MAX_TREE_DEPTH, MAX_TREE_ENTRIES, type Tree, type TreeFile } from '../../src/core/tree.ts'

const ROOT = rawCid(sha256(Buffer.from('x'))).toString()

function file(path: string, changes: Partial<TreeFile> = {}): TreeFile {
  return { path, size: 1, isExecutable: false, sha256: sha256(Buffer.from('x')), place: { root: ROOT }, ...changes }
}

function tree(changes: Partial<Tree>): Tree {
  return { files: [], links: [], folders: [], packs: [], ...changes }
}

const refused = (changes: Partial<Tree>) =>
  expect(() => encodeTree(tree(changes)), JSON.stringify(changes)).to.throw(/cannot be shared/)

/** As a hostile host would make it. */
function raw(files: unknown[], more: object = {}): Uint8Array {
  return dagCbor.encode({ v: 1, files, links: [], folders: [], packs: [], ...more })
}

const row = (path: unknown) => [path, 1, false, sha256(Buffer.from('x')), ROOT]

describe('the list of a shared folder', () => {
  it('comes back as it was, and is the same whatever the order', () => {
    const files = [file('b/c'), file('a', { isExecutable: true }), file('z', { place: { pack: 0, offset: 2 } })]
    const whole = tree({ files, links: [{ path: 'b/l', target: '../a' }], folders: ['e'], packs: [{ root: ROOT, size: 3 }] })
    const bytes = encodeTree(whole)
    expect(decodeTree(bytes)).to.deep.equal({ ...whole, files: [files[1], files[0], files[2]] })
    expect(encodeTree({ ...whole, files: files.toReversed() })).to.deep.equal(bytes)
  })

  it('has no path that leads out of the folder or is another one elsewhere', () => {
    const paths = [
      '',
      '/a',
      'a/',
      'a//b',
      '.',
      '..',
      '../a',
      'a/../b',
      './a',
      'a\\b',
      'C:a',
      'a\0',
      'a\nb',
      'x'.repeat(256),
      '\ud800',
    ]
    for (const path of paths) refused({ files: [file(path)] })
    refused({ files: [file(Array.from({ length: MAX_TREE_DEPTH + 1 }, () => 'd').join('/'))] })
    refused({ files: [file(`${'d/'.repeat(20)}${'x'.repeat(200)}/`.repeat(6).slice(0, -1))] })
    for (const path of ['.hidden', '-rf', 'a b', 'ä', '...', 'a..b']) encodeTree(tree({ files: [file(path)] }))
  })

  it('has no two names that are one where case is folded or characters are composed', () => {
    for (const [a, b] of [
      ['a', 'a'],
      ['a', 'A'],
      ['ä', 'a\u0308'],
      ['straße', 'STRASSE'],
      ['d/a', 'D/b'],
      ['a', 'a/b'],
      ['A', 'a/b'],
    ] as const) {
      refused({ files: [file(a), file(b)] })
      refused({ files: [file(b)], links: [{ path: a, target: 'x' }] })
      if (a !== 'd/a') refused({ files: [file(b)], folders: [a] })
    }
    encodeTree(tree({ files: [file('d/a'), file('d/b'), file('e/a')] }))
  })

  it('has links that lead up first and then down, to somewhere in the folder', () => {
    const link = (path: string, target: string) => ({ links: [{ path, target }] })
    for (const [path, target] of [
      ['l', '..'],
      ['l', '../x'],
      ['d/l', '../../x'],
      ['l', '/etc/passwd'],
      ['l', 'a/../../x'],
      ['d/l', 'a/../b'],
      ['l', ''],
      ['l', 'a//b'],
      ['l', './a'],
    ] as const) {
      refused(link(path, target))
    }
    for (const [path, target] of [
      ['l', 'a'],
      ['d/l', '../a/b'],
      ['d/l', '..'],
      ['d/e/l', '../../x'],
    ] as const) {
      encodeTree(tree(link(path, target)))
    }
  })

  it('names for each file where its bytes are', () => {
    const packs = [{ root: ROOT, size: 10 }]
    refused({ files: [file('a', { place: { root: 'bafy' } })] })
    refused({ files: [file('a', { place: { pack: 1, offset: 0 } })], packs })
    refused({ files: [file('a', { place: { pack: 0, offset: 10 } })], packs })
    refused({ files: [file('a', { size: 65_537, place: { pack: 0, offset: 0 } })], packs: [{ root: ROOT, size: 100_000 }] })
    refused({ files: [file('a')], packs: [{ root: ROOT, size: 16 * 1024 * 1024 + 1 }] })
    refused({ files: [], packs })
  })

  it('is refused in any other encoding, type, version or number', () => {
    decodeTree(raw([row('a')]))
    const two = [row('b'), row('a')]
    for (const bytes of [
      ...[new Uint8Array(), Buffer.from('garbage'), dagCbor.encode(null), dagCbor.encode([1])],
      ...[raw(two), raw([row('a')], { v: 2 }), raw([row('a')], { more: 1 }), raw([[...row('a'), 1]]), raw([row(7)])],
      ...[raw([['a', -1, false, sha256(new Uint8Array()), ROOT]]), raw([['a', 1, 1, sha256(new Uint8Array()), ROOT]])],
      ...[raw([['a', 1, false, new Uint8Array(31), ROOT]]), raw([['a', 1, false, sha256(new Uint8Array()), [0, 1, 2]]])],
      ...[raw([row('../a')]), raw([row('a'), row('A')]), raw([], { links: [['l', '../x']] }), raw([], { folders: ['/'] })],
      Buffer.concat([raw([row('a')]), Buffer.from([0])]),
    ]) {
      expect(() => decodeTree(bytes)).to.throw(/cannot be shared/)
    }
    refused({ folders: Array.from({ length: MAX_TREE_ENTRIES + 1 }, (_, i) => String(i)) })
  })
})

describe('the address of a shared content', () => {
  it('is a CID and hints', () => {
    const address = { root: ROOT, name: 'a b&c.iso', isTree: true }
    const text = sharedUrl(address)
    expect(text).to.equal(`dragonfly:${ROOT}?name=a+b%26c.iso&tree=1`)
    expect(parseSharedUrl(text)).to.deep.equal(address)
    expect(sharedUrl(parseSharedUrl(`DRAGONFLY:${ROOT}`))).to.equal(`dragonfly:${ROOT}`)
    expect(isSharedUrl('https://example.org/')).to.equal(false)
  })

  it('suggests no name that is unsafe to write', () => {
    for (const [name, safe] of [
      ['../../etc/passwd', 'passwd'],
      ['.bashrc', 'bashrc'],
      ['-rf', 'rf'],
      ['a%00b', 'ab'],
      ['..', undefined],
    ] as const) {
      expect(parseSharedUrl(`dragonfly:${ROOT}?name=${name}`).name, name).to.equal(safe)
    }
  })

  it('has a CID of a content of ours and nothing else', () => {
    const bad = ['', 'x', 'bafy', `${ROOT}/a`, 'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPFZB', `//${ROOT}`]
    for (const cid of bad) expect(() => parseSharedUrl(`dragonfly:${cid}`), cid).to.throw(/not an address/)
  })
})

import { gzipSync, zstdCompressSync } from 'node:zlib'
import { expect } from 'chai'
import { makeTask } from '../../../src/core/task.ts'
import { isOneStream, mayHaveMoved, strideAfter } from '../../../src/node/session/reuse-rules.ts'
import { content, PIECE } from '../../world/content.ts'
import { manifestOf } from '../../world/manifest.ts'

const MANIFEST = manifestOf(makeTask({ url: 'http://origin.test/file.bin' }), content('rules', 32 * PIECE))

describe('the rules for older versions', () => {
  it('of one compressed stream no chunk is looked for', () => {
    expect(isOneStream(gzipSync('text'))).to.equal(true)
    expect(isOneStream(zstdCompressSync('text'))).to.equal(true)
    for (const text of ['PK\u0003\u0004', '\u001f', '', 'text']) expect(isOneStream(Buffer.from(text))).to.equal(false)
  })

  it('of other bytes few pieces are read, and every one behind the last that was found', () => {
    const tried = (count: number) => {
      let tries = 0
      for (let piece = 0; piece < count; piece += strideAfter(tries)) tries++
      return tries
    }
    expect(strideAfter(0)).to.equal(1)
    expect(tried(4)).to.equal(4)
    expect(tried(1024)).to.be.at.most(100)
    expect(strideAfter(1e9)).to.equal(32)
  })

  it('a list is asked for where bytes may have moved', () => {
    const length = 32 * PIECE
    expect(mayHaveMoved(MANIFEST, length + 1, 1)).to.equal(true)
    expect(mayHaveMoved(MANIFEST, length + 1, 0)).to.equal(false)
    // changed in place
    expect(mayHaveMoved(MANIFEST, length, 4)).to.equal(false)
    expect(mayHaveMoved(MANIFEST, length, 5)).to.equal(true)
    expect(mayHaveMoved(undefined, length, 5)).to.equal(false)
  })
})

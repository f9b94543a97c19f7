// Which contents are shared with equal ones under other URLs.
import { expect } from 'chai'
import { makeTask } from '../../src/core/task.ts'
import { isJoining, type Joinable, joinedRoot } from '../../src/node/content/joined-root.ts'
import { content, PIECE } from '../world/content.ts'
import { manifestOf } from '../world/manifest.ts'

const BODY = content('joined', 3 * PIECE)
const URL = 'https://example.org/file.bin?token=1'
const task = makeTask({ url: URL })
const manifest = manifestOf(task, BODY)
const root = manifest.seal?.root as string
const joinable: Joinable = { task, manifest, trust: 'seed', isWhole: false, isTransient: false }
const headers = [['authorization', 'Bearer alice']] as const

describe('node: the root by which equal contents join', () => {
  it('is that of a public content whose end is known, whole or not, whoever vouches for it', () => {
    expect(joinedRoot(joinable)).to.equal(root)
    expect(joinedRoot({ ...joinable, trust: 'origin' })).to.equal(root)
    expect(joinedRoot({ ...joinable, task: makeTask({ url: 'https://mirror.example.org/' }) })).to.equal(root)
  })

  const never: [why: string, change: Partial<Joinable>][] = [
    ['of a private content', { task: makeTask({ url: URL, headers }) }],
    ['of a URL with filtered parameters', { task: makeTask({ url: URL, filter: ['token'] }) }],
    ['of a shared content, whose root is its secret', { task: makeTask({ url: `dragonfly:${root}` }) }],
    ['of what the origin forbids to keep', { isTransient: true }],
    ['while nothing is known', { manifest: undefined }],
    ['of one piece', { manifest: manifestOf(task, BODY.subarray(0, PIECE)) }],
  ]
  for (const [why, change] of never) {
    it(`does not exist: ${why}`, () => expect(joinedRoot({ ...joinable, isWhole: true, ...change })).to.equal(undefined))
  }

  it('waits for the whole where only a digest speaks for the manifest', () => {
    expect(joinedRoot({ ...joinable, trust: 'digest' })).to.equal(undefined)
    expect(joinedRoot({ ...joinable, trust: 'digest', isWhole: true })).to.equal(root)
  })

  it('is none that the digests do not make', () => {
    const lie = manifestOf(task, content('another', BODY.length)).head()
    const wrong = manifestOf(task, BODY)
    Object.assign(wrong.seal as object, { root: lie.seal?.root })
    expect(joinedRoot({ ...joinable, manifest: wrong })).to.equal(undefined)
  })

  it('is asked for by a hello that has the digests and no version', () => {
    const hello = {
      type: 'hello',
      topic: new Uint8Array(),
      proof: new Uint8Array(),
      version: '',
      manifestCount: 3,
      links: 0,
    } as const
    expect(isJoining(hello)).to.equal(true)
    expect(isJoining({ ...hello, manifestCount: 0 })).to.equal(false)
    expect(isJoining({ ...hello, version: 'etag "one"' })).to.equal(false)
  })
})

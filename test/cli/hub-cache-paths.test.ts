import { expect } from 'chai'
import { cachePathsOf, hubCacheFolder, refPathOf, repoFolder } from '../../src/cli/hub-cache-paths.ts'

const COMMIT = 'a'.repeat(40)
const FILE = { repo: 'org/model', commit: COMMIT, path: 'sub/x.bin', etag: 'b'.repeat(64) }

describe('the cache of huggingface_hub', () => {
  it('is where its variables say', () => {
    const env = { HOME: '/home/me' }
    expect(hubCacheFolder(env)).to.equal('/home/me/.cache/huggingface/hub')
    expect(hubCacheFolder({ ...env, XDG_CACHE_HOME: '/c' })).to.equal('/c/huggingface/hub')
    expect(hubCacheFolder({ ...env, HF_HOME: '/hf' })).to.equal('/hf/hub')
    expect(hubCacheFolder({ ...env, HF_HOME: '/hf', HUGGINGFACE_HUB_CACHE: '~/old' })).to.equal('/home/me/old')
    expect(hubCacheFolder({ ...env, HF_HUB_CACHE: '/new', HUGGINGFACE_HUB_CACHE: '/old' })).to.equal('/new')
  })

  it('has a folder for each repository, and in it blobs, snapshots and refs', () => {
    expect(repoFolder('org/model')).to.equal('models--org--model')
    expect(repoFolder('datasets/org/rows')).to.equal('datasets--org--rows')
    expect(cachePathsOf('/c', FILE)).to.deep.equal({
      blob: `/c/models--org--model/blobs/${'b'.repeat(64)}`,
      pointer: `/c/models--org--model/snapshots/${COMMIT}/sub/x.bin`,
    })
    expect(refPathOf('/c', 'org/model', 'refs/pr/1')).to.equal('/c/models--org--model/refs/refs/pr/1')
    expect(refPathOf('/c', 'org/model', COMMIT)).to.equal(undefined)
  })

  it('has no place for names that lead out of it', () => {
    for (const path of ['../x', 'a/../../x', '/x', 'a//x', 'a/', '', 'a\\x', 'a\0', 'x'.repeat(256), 'a\nb', 'a\x1b[31m'])
      expect(cachePathsOf('/c', { ...FILE, path }), path).to.equal(undefined)
    for (const etag of ['', '..', 'a/b', 'x'.repeat(201)]) expect(cachePathsOf('/c', { ...FILE, etag }), etag).to.equal(undefined)
    expect(cachePathsOf('/c', { ...FILE, repo: '../org' })).to.equal(undefined)
    expect(refPathOf('/c', 'org/model', '../../x')).to.equal(undefined)
  })
})

import { expect } from 'chai'
import { type ReadPage, type WalkLimits, type WalkStep, walkIndex } from '../../../src/origin/listing/index-walk.ts'

async function steps(read: ReadPage, limits: Partial<WalkLimits> = {}, urls = ['http://h/']): Promise<WalkStep[]> {
  const all = { level: undefined, maxFiles: 10_000, ...limits }
  const found: WalkStep[] = []
  for await (const step of walkIndex(urls, read, all)) found.push(step)
  return found
}

/** Paths of files, and messages of what failed. */
function said(found: WalkStep[]): string[] {
  return found.map(({ path, error }) => (error === undefined ? path.join('/') : `! ${(error as Error).message}`))
}

const link = (...names: string[]) => `<ul>${names.map(name => `<a href="${name}">x</a>`).join('')}</ul>`
const TREE: Record<string, string> = {
  'http://h/': link('../', 'a', 'd/', 'e/'),
  'http://h/d/': link('../', 'b', 'f/', '/a'),
  'http://h/d/f/': link('c', '/d/'),
  'http://h/e/': link('b'),
}

describe('walk of indexes', () => {
  it('finds every file once, folder by folder, and ends in circles', async () => {
    const asked: string[] = []
    const found = await steps(async url => {
      asked.push(url)
      return TREE[url] ?? ''
    })
    expect(said(found)).to.deep.equal(['a', 'd/b', 'e/b', 'd/f/c'])
    expect(asked).to.deep.equal(['http://h/', 'http://h/d/', 'http://h/e/', 'http://h/d/f/'])
  })

  it('stays so many folders deep; without a word for a level that was given', async () => {
    expect(said(await steps(async url => TREE[url] ?? '', { level: 0 }))).to.deep.equal(['a'])
    expect(said(await steps(async url => TREE[url] ?? '', { level: 1 }))).to.deep.equal(['a', 'd/b', 'e/b'])
  })

  it('ends in folders without end, and says so', async () => {
    const found = await steps(async () => link('f', 'deeper/'))
    expect(found).to.have.lengthOf(18)
    expect(said(found).at(-1)).to.equal('! more than 16 folders one in the other; the rest was left out')
  })

  it('ends at so many files, and says so', async () => {
    const found = await steps(async () => link(...Array.from({ length: 50 }, (_, i) => `f${i}`)), { maxFiles: 20 })
    expect(found).to.have.lengthOf(21)
    expect(said(found).at(-1)).to.equal('! more than 20 files; the rest was left out')
  })

  it('ends in lists without end, and says so', async () => {
    let pages = 0
    const list = () =>
      `<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>${pages++}</NextContinuationToken></ListBucketResult>`
    const found = await steps(async () => list())
    expect(said(found)).to.deep.equal(['! more than 10000 folders; the rest was left out'])
    expect(pages).to.equal(10_000)
  })

  it('ends when a list goes on with itself, and says so', async () => {
    const page =
      '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>x</NextContinuationToken></ListBucketResult>'
    expect(said(await steps(async () => page))).to.deep.equal(['! the index breaks off: more may be there'])
  })

  it('has what a page that breaks off names, and says so', async () => {
    const found = await steps(async url => (url.endsWith('/d/') ? '<ul><a href="b">x</a><a hre' : (TREE[url] ?? '')))
    expect(said(found)).to.deep.equal(['a', 'd/b', '! the index breaks off: more may be there', 'e/b'])
  })

  it('goes on behind a page that cannot be had, and tells of a hostile name once for each page', async () => {
    const found = await steps(async url => {
      if (url.endsWith('/d/')) throw new Error('broken')
      return url.endsWith('/e/') ? link('..%2fx', '..%2fy', 'z') : (TREE[url] ?? '')
    })
    expect(said(found)).to.deep.equal(['a', '! broken', 'e/z', '! the index has a name that no file can have here: "e/..%2fx"'])
  })
})

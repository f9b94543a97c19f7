// The names in a folder that others write to as well.
import { mkdir, mkdtemp, readdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { FolderListing } from '../../src/store/listing.ts'

describe('a listing of folders', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-listing-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true })
  })

  it('has what is made and removed at once, in the same tick of the clock too', async () => {
    const listing = new FolderListing(dir)
    for (let round = 0; round < 50; round++) {
      const names = Array.from({ length: round % 5 }, (_, i) => `${round}-${i}`)
      for (const name of names) await mkdir(join(dir, name))
      expect([...(await listing.folders()).all]).to.have.members(names)
      for (const name of names) await rmdir(join(dir, name))
    }
  })

  it('is read again after a rest only when the folder has changed; files do not count', async () => {
    const listing = new FolderListing(dir)
    await mkdir(join(dir, 'a'))
    await writeFile(join(dir, 'file'), '')
    for (let i = 0; i < 3; i++) {
      expect([...(await listing.folders()).all]).to.deep.equal(['a'])
      await pause(120)
    }
    expect(await listing.folders()).to.equal(await listing.folders())
    await mkdir(join(dir, 'b'))
    expect([...(await listing.folders()).all]).to.have.members(['a', 'b'])
  })

  it('finds names by what is before their first dot', async () => {
    for (const name of ['a.1', 'a.2.x', 'ab.1', 'a', '.b']) await mkdir(join(dir, name))
    const { byName } = await new FolderListing(dir).folders()
    expect([...(byName.get('a') ?? [])]).to.have.members(['a.1', 'a.2.x'])
    expect([...byName.keys()]).to.have.members(['a', 'ab', ''])
  })

  it('of what we change ourselves is kept without reading, however much that is', async () => {
    let reads = 0
    const listing = new FolderListing(dir, async path => {
      reads++
      return await readdir(path)
    })
    await listing.recent()
    for (let i = 0; i < 500; i++) {
      await mkdir(join(dir, `name-${i}.v`))
      listing.made(`name-${i}.v`)
      if (i % 2 === 1) {
        await rmdir(join(dir, `name-${i - 1}.v`))
        listing.removed(`name-${i - 1}.v`)
      }
      const { byName } = await listing.recent()
      expect(byName.get(`name-${i}`)?.size).to.equal(1)
      expect(byName.has(`name-${i - 1}`)).to.equal(i > 0 && i % 2 === 0)
    }
    // once at first, and once a second
    expect(reads).to.be.at.most(10)
    expect((await listing.folders()).all).to.deep.equal(new Set(Array.from({ length: 250 }, (_, i) => `name-${2 * i + 1}.v`)))
  })

  it('has what others did at once while we do nothing, and after a second while we do', async () => {
    const listing = new FolderListing(dir)
    await listing.recent()
    await mkdir(join(dir, 'theirs.1'))
    expect((await listing.recent()).byName.has('theirs')).to.equal(true)
    listing.made('ours.1')
    await mkdir(join(dir, 'ours.1'))
    await mkdir(join(dir, 'theirs.2'))
    for (let waited = 0; (await listing.recent()).byName.get('theirs')?.size !== 2; waited += 50) {
      expect(waited).to.be.below(5000)
      await pause(50)
    }
    expect((await listing.recent()).byName.has('ours')).to.equal(true)
  })

  it('keeps what we did while it was being read, and what was read last of two readings', async () => {
    const answers: ((names: string[]) => void)[] = []
    const listing = new FolderListing(dir, () => new Promise(resolve => answers.push(resolve)))
    const until = async (count: number) => {
      while (answers.length < count) await pause(1)
    }
    const first = listing.folders()
    await until(1)
    listing.made('a.1')
    const second = listing.folders()
    await until(2)
    listing.removed('b.1')
    answers[1]?.(['a.1', 'b.1', 'c.1'])
    expect([...(await second).all].sort()).to.deep.equal(['a.1', 'c.1'])
    answers[0]?.(['b.1'])
    expect([...(await first).all].sort()).to.deep.equal(['a.1', 'c.1'])
  })

  it('of a folder that is gone rejects', async () => {
    const listing = new FolderListing(join(dir, 'gone'))
    const error = await listing.folders().catch(error => error.code)
    expect(error).to.equal('ENOENT')
  })
})

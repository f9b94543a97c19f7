// The names in a folder that others write to as well.
import { mkdir, mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises'
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
      expect((await listing.folders()).all).to.have.members(names)
      for (const name of names) await rmdir(join(dir, name))
    }
  })

  it('is read again after a rest only when the folder has changed; files do not count', async () => {
    const listing = new FolderListing(dir)
    await mkdir(join(dir, 'a'))
    await writeFile(join(dir, 'file'), '')
    for (let i = 0; i < 3; i++) {
      expect((await listing.folders()).all).to.deep.equal(['a'])
      await pause(120)
    }
    expect(await listing.folders()).to.equal(await listing.folders())
    await mkdir(join(dir, 'b'))
    expect((await listing.folders()).all).to.have.members(['a', 'b'])
  })

  it('finds names by what is before their first dot', async () => {
    for (const name of ['a.1', 'a.2.x', 'ab.1', 'a', '.b']) await mkdir(join(dir, name))
    const { byName } = await new FolderListing(dir).folders()
    expect(byName.get('a')).to.have.members(['a.1', 'a.2.x'])
    expect([...byName.keys()]).to.have.members(['a', 'ab', ''])
  })

  it('of a folder that is gone rejects', async () => {
    const listing = new FolderListing(join(dir, 'gone'))
    const error = await listing.folders().catch(error => error.code)
    expect(error).to.equal('ENOENT')
  })
})

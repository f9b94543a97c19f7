import { execFileSync } from 'node:child_process'
import { chmod, chown, lchown, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { placeNew } from '../../src/store/new-file.ts'
import { checkOutput, placeBytes } from '../../src/store/output.ts'
import { failure } from './expect-error.ts'

const MINE = 'mine'
/** Another user; only root may give it files. */
const OTHER = 65_534

describe('store: a new file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-new-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  const place = (name: string, text: string) => placeNew(join(dir, name), path => writeFile(path, text))

  it('takes the first free name, whatever has the others', async () => {
    await writeFile(join(dir, 'a'), MINE)
    await mkdir(join(dir, 'a.1'))
    await symlink('none', join(dir, 'a.2'))
    execFileSync('mkfifo', [join(dir, 'a.3')])
    expect(await place('a', 'text')).to.equal(join(dir, 'a.4'))
    expect(await place('a', 'text')).to.equal(join(dir, 'a.4'))
    expect(await place('a', 'next')).to.equal(join(dir, 'a.5'))
    expect(await readFile(join(dir, 'a'), 'utf8')).to.equal(MINE)
    expect((await readdir(dir)).toSorted()).to.deep.equal(['a', 'a.1', 'a.2', 'a.3', 'a.4', 'a.5'])
  })

  it('has a name that fits', async () => {
    const name = 'ü'.repeat(127)
    await writeFile(join(dir, name), MINE)
    expect(await place(name, 'text')).to.equal(join(dir, `${'ü'.repeat(126)}.1`))
  })

  it('is one file for each of many that come at the same time', async () => {
    const paths = await Promise.all(Array.from({ length: 20 }, (_, i) => place('a', `text ${i}`)))
    expect(new Set(paths).size).to.equal(20)
    for (const [i, path] of paths.entries()) expect(await readFile(path, 'utf8')).to.equal(`text ${i}`)
    expect(await readdir(dir)).to.have.lengthOf(20)
  })

  it('leaves nothing behind when it cannot be made', async () => {
    const fails = placeNew(join(dir, 'a'), async path => {
      await writeFile(path, 'half')
      throw new Error('broken')
    })
    await failure(fails, 'output-unwritable')
    expect(await readdir(dir)).to.deep.equal([])
  })
})

describe('store: a file that is replaced', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-old-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('is never readable by more users than before, while it is written either', async () => {
    const target = join(dir, 'secret')
    await writeFile(target, 'old', { mode: 0o600 })
    const modes: number[] = []
    async function* bytes() {
      yield Uint8Array.of(1)
      for (const name of await readdir(dir)) modes.push((await stat(join(dir, name))).mode & 0o777)
      yield Uint8Array.of(2)
    }
    await placeBytes(target, bytes())
    expect(modes).to.deep.equal([0o600, 0o600])
    expect((await stat(target)).mode & 0o777).to.equal(0o600)
  })

  it("is neither another user's nor behind another user's link, in a folder that everybody may write to", async function () {
    if (process.getuid?.() !== 0) return this.skip()
    await writeFile(join(dir, 'victim'), MINE)
    const shared = join(dir, 'tmp')
    await mkdir(join(shared, 'own'), { recursive: true })
    await chmod(shared, 0o1777)
    await symlink('../victim', join(shared, 'theirs'))
    await symlink('own', join(shared, 'their-folder'))
    for (const name of ['theirs', 'their-folder']) await lchown(join(shared, name), OTHER, OTHER)
    await writeFile(join(shared, 'file'), 'theirs')
    execFileSync('mkfifo', [join(shared, 'pipe')])
    for (const name of ['file', 'pipe']) await chown(join(shared, name), OTHER, OTHER)
    await symlink('theirs', join(shared, 'mine'))
    for (const name of ['theirs', 'their-folder/x', 'file', 'pipe', 'mine']) {
      const { message, hint } = await failure(checkOutput(join(shared, name)), 'output-unwritable')
      expect(message).to.match(/ of another user, in a folder that everybody may write to$/)
      expect(hint).to.include('-o')
    }
    await symlink('../victim', join(shared, 'own-link'))
    for (const name of ['own-link', 'own/x', 'new']) await checkOutput(join(shared, name))
    // in a folder of one's own everything is one's own choice
    await chmod(shared, 0o755)
    for (const name of ['theirs', 'file']) await checkOutput(join(shared, name))
    expect(await readFile(join(dir, 'victim'), 'utf8')).to.equal(MINE)
  })
})

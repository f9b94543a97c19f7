// Writing a small entry whole.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { SmallWriter } from '../../src/store/write-small.ts'

describe('the writer of small entries', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-small-'))
  })

  afterEach(async () => {
    await rm(dir, { recursive: true, force: true })
  })

  it('writes elsewhere while the disk is slow, and tries again later', async () => {
    let [clock, step] = [0, 0]
    const writer = new SmallWriter(() => (clock += step))
    let written = 0
    const write = async () => await writer.write(join(dir, 'at'), join(dir, `${written++}`), new Map([['a', `${written}`]]))
    // one that was late is no slow disk
    step = 40
    await write()
    step = 0
    await write()
    expect(writer.isInPlace).to.equal(true)
    step = 20
    for (let tries = 0; writer.isInPlace; tries++) {
      expect(tries).to.be.below(10)
      await write()
    }
    step = 0
    await write()
    expect(writer.isInPlace).to.equal(false)
    clock += 10_000
    expect(writer.isInPlace).to.equal(true)
    await write()
    expect((await readdir(dir)).length).to.equal(written)
    for (let i = 0; i < written; i++) expect(await readFile(join(dir, `${i}`, 'a'), 'utf8')).to.equal(`${i + 1}`)
  })

  it('leaves nothing where something is in the way, in place and elsewhere', async () => {
    await mkdir(join(dir, 'to'))
    await writeFile(join(dir, 'to', 'theirs'), '')
    for (const now of [() => 0, () => -Infinity]) {
      const writer = new SmallWriter(now)
      const code = await writer.write(join(dir, 'at'), join(dir, 'to'), new Map([['a', 'x']])).catch(error => error.code)
      expect(code).to.be.oneOf(['ENOTEMPTY', 'EEXIST'])
      expect(await readdir(dir)).to.deep.equal(['to'])
      expect(await readdir(join(dir, 'to'))).to.deep.equal(['theirs'])
    }
  })
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Marks } from '../../src/store/marks.ts'

const MANY = Array.from({ length: 500 }, (_, index) => index)

describe('marks of pieces', () => {
  let dir: string
  let path: string

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'df-marks-'))
    path = join(dir, 'marks')
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('are in the file when their add resolves, each once, however many come at once', async () => {
    const marks = await Marks.open(path)
    const seen: Promise<unknown>[] = []
    for (const index of MANY) {
      const added = marks.add(index)
      seen.push(added.then(async () => expect(new Set(await indexes())).to.include(index)))
      // some come while others are written, and some when nothing is
      if (index % 50 === 49) await added
    }
    await Promise.all(seen)
    expect((await indexes()).toSorted((a, b) => a - b)).to.deep.equal(MANY)
    await marks.close()
    const again = await Marks.open(path)
    expect(again.hints).to.deep.equal(new Set(MANY))
    await again.close()
  })

  it('fail all together when they cannot be written, and nothing is torn afterwards', async () => {
    const marks = await Marks.open(path)
    await marks.add(1)
    await marks.close()
    const results = await Promise.allSettled([2, 3, 4].map(index => marks.add(index)))
    expect(results.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected'])
    expect(await indexes()).to.deep.equal([1])
  })

  async function indexes(): Promise<number[]> {
    const bytes = await readFile(path)
    return Array.from({ length: bytes.byteLength / 4 }, (_, i) => bytes.readUInt32LE(i * 4))
  }
})

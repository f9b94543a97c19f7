// docs/reference.md is what the code says.
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { REFERENCE, reference } from '../scripts/reference.ts'
import { VARIABLES } from '../src/cli/variables.ts'
import { ROOT } from './cli/processes.ts'

/** Between the launcher and the program: nobody else sets them. */
const OURS = ['DRAGONFLY_NAME', 'DRAGONFLY_NOHUP', 'DRAGONFLY_PASSED_ON']

describe('reference', () => {
  it('is as `npm run docs:reference` writes it', async () => {
    expect(await readFile(REFERENCE, 'utf8')).to.equal(reference())
  })

  it('has every variable of ours that the program reads', async () => {
    const files = ['src', 'bin'].flatMap(async folder => {
      const entries = await readdir(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      return Promise.all(entries.filter(e => e.isFile()).map(e => readFile(path.join(e.parentPath, e.name), 'utf8')))
    })
    const sources = (await Promise.all(files)).flat().join('\n')
    const read = new Set(sources.match(/\bDRAGONFLY_[A-Z_]+\b/g))
    const told = Object.keys(VARIABLES).filter(name => name.startsWith('DRAGONFLY_'))
    expect([...read].filter(name => !OURS.includes(name))).to.have.members(told)
  })
})

// The compiled checks are what the schemas say.
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { compiled, TARGETS } from '../scripts/schemas.ts'
import { ROOT } from './cli/processes.ts'

describe('schemas', () => {
  for (const target of TARGETS) {
    it(`${target.file} is fresh: run \`npm run schemas\` when this fails`, async () => {
      for (const [end, text] of Object.entries(compiled(target))) {
        expect((await readFile(path.join(ROOT, `${target.file}${end}`), 'utf8')) === text, end).to.equal(true)
      }
    })
  }
})

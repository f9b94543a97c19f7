// The committed code is what messages.proto says.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

const ROOT = join(import.meta.dirname, '../..')

describe('wire/generated', () => {
  it('is fresh: run scripts/proto.sh when this fails', () => {
    const folder = mkdtempSync(join(tmpdir(), 'proto-'))
    try {
      execFileSync(join(ROOT, 'scripts/proto.sh'), [folder], { stdio: 'pipe' })
      for (const file of ['messages.js', 'messages.d.ts']) {
        const fresh = readFileSync(join(folder, file), 'utf8')
        const committed = readFileSync(join(ROOT, 'src/wire/generated', file), 'utf8')
        expect(committed === fresh, file).to.equal(true)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

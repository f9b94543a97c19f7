// man/*.1 are what the commands say, and what man programs take.
import { spawnSync } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { MAN, manPages } from '../scripts/man.ts'
import { DF, ROOT, run } from './cli/processes.ts'

/** Program → its arguments before the file, and what it may complain of: pages have no date, so that they do not change by themselves. */
const READERS: [program: string, args: string[], allowed: RegExp][] = [
  ['mandoc', ['-T', 'lint', '-W', 'warning'], /missing date/],
  ['groff', ['-man', '-ww', '-z', '-Tutf8'], /^$/],
  ['man', ['--warnings', '-l', '-Tutf8', '-P', 'cat'], /^$/],
]

describe('man pages', () => {
  it('are as `npm run docs:man` writes them', async () => {
    const pages = manPages()
    expect((await readdir(MAN)).toSorted()).to.deep.equal([...pages.keys()].toSorted())
    for (const [name, text] of pages) expect(await readFile(path.join(MAN, name), 'utf8'), name).to.equal(text)
  })

  it('are all in the package', async () => {
    const { man, files } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    expect(man).to.have.members((await readdir(MAN)).map(name => `man/${name}`))
    expect(files).to.include('man')
  })

  for (const [program, args, allowed] of READERS) {
    it(`${program} takes them`, async function () {
      if (spawnSync(program, ['--version']).error !== undefined) {
        console.warn(`SKIPPED: ${program} is not installed`)
        return this.skip()
      }
      for (const name of await readdir(MAN)) {
        const { stdout, stderr } = spawnSync(program, [...args, path.join(MAN, name)], { encoding: 'utf8' })
        const said = (program === 'mandoc' ? stdout : '') + stderr
        const complaints = said.split('\n').filter(line => line !== '' && !allowed.test(line))
        expect(complaints, name).to.deep.equal([])
      }
    })
  }

  it('df help knows every command', async () => {
    for (const words of [[], ['get'], ['seed'], ['seed', 'start'], ['daemon', 'set'], ['completion'], ['version'], ['help']]) {
      const { stdout, code } = await run(DF, ['help', ...words], { env: { PATH: '/usr/bin:/bin' } })
      expect(code).to.equal(0)
      expect(stdout).to.match(new RegExp(`^Usage: df ${words.join(' ')}`))
    }
  })
})

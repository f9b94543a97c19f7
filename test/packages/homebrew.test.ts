import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { makeProgram } from '../../src/cli/program.ts'
import { ROOT } from '../cli/processes.ts'

const FORMULA = path.join(ROOT, 'packaging', 'homebrew', 'dragonfly.rb')

describe('the Homebrew formula', () => {
  it('is Ruby', function () {
    if (spawnSync('ruby', ['--version']).status !== 0) {
      console.warn('SKIPPED: ruby is not installed, so the Homebrew formula is not parsed')
      return this.skip()
    }
    const parsed = spawnSync('ruby', ['-wc', FORMULA])
    expect([parsed.stdout.toString(), parsed.stderr.toString()]).to.deep.equal(['Syntax OK\n', ''])
  })

  it('has the version of the package, and starts a daemon that exists', async () => {
    const text = await readFile(FORMULA, 'utf8')
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    expect(text).to.include(`/dragonfly-p2p-${version}.tgz"`)
    const [, list = ''] = /run \[opt_bin\/"dragonfly", (.*)\]/.exec(text) ?? []
    const seen: string[] = []
    const nothing = async () => 0
    const actions = {
      get: nothing,
      preheat: nothing,
      startSeed: nothing,
      administrate: nothing,
      fleet: nothing,
      gateway: nothing,
      simulate: nothing,
    }
    const program = makeProgram('dragonfly', {
      ...actions,
      daemon: async (command: { do: string }) => void seen.push(command.do),
    } as never)
    await program.run(JSON.parse(`[${list}]`))
    expect(seen).to.deep.equal(['start'])
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { DF, run } from './processes.ts'

const ENV = { PATH: '/usr/bin:/bin', HOME: os.tmpdir(), TERM: 'dumb' }

/** Whether this shell is here; says so loudly when not. */
function has(shell: string): boolean {
  const isHere = spawnSync(shell, ['-c', 'true']).status === 0
  if (!isHere) console.warn(`SKIPPED: ${shell} is not installed`)
  return isHere
}

describe('completion', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-completion-'))
  })
  after(() => rm(dir, { recursive: true }))

  async function script(shell: string): Promise<string> {
    const { stdout, stderr, code } = await run(DF, ['completion', shell], { env: ENV })
    expect({ stderr, code }).to.deep.equal({ stderr: '', code: 0 })
    const file = path.join(dir, shell)
    await writeFile(file, stdout)
    return file
  }

  it('is refused for another shell', async () => {
    const { stderr, code } = await run(DF, ['completion', 'csh'], { env: ENV })
    expect(code).to.equal(2)
    expect(stderr).to.equal('df: no completion for "csh"; there is one for bash, zsh, fish\n')
  })

  const CASES: [words: string[], has: string[]][] = [
    [['df', 'see'], ['seed']],
    [
      ['df', 'seed', 'sta'],
      ['start', 'status'],
    ],
    [
      ['df', 'daemon', 's'],
      ['start', 'stop', 'status', 'set'],
    ],
    [['df', 'get', '--recu'], ['--recursive']],
    [
      ['df', 'get', '--priority', ''],
      ['low', 'normal', 'high'],
    ],
    [['df', 'seed', 'start', '--lis'], ['--listen']],
    [['df', 'help', 'exit'], ['exit-codes']],
    [['df', 'completion', 'z'], ['zsh']],
    [['dragonfly', 'prehe'], ['preheat']],
  ]

  it('in bash', async function () {
    if (!has('bash')) return this.skip()
    const file = await script('bash')
    const ask = (words: string[]) => {
      const text = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _dragonfly_df; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', text, file, ...words], { env: ENV, encoding: 'utf8' })
      expect(stderr).to.equal('')
      return stdout.split('\n').filter(line => line !== '')
    }
    for (const [words, expected] of CASES) expect(ask(words), words.join(' ')).to.have.members(expected)
    // of the system's df nothing is known: files, as before
    for (const words of [
      ['df', '-h', ''],
      ['df', '/et'],
      ['df', 'get', 'ht'],
    ])
      expect(ask(words)).to.deep.equal([])
  })

  it('in fish', async function () {
    if (!has('fish')) return this.skip()
    const file = await script('fish')
    for (const [words, expected] of CASES) {
      const text = `source ${file}; complete -C '${words.join(' ')}'`
      const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', text], { env: ENV, encoding: 'utf8' })
      expect(stderr).to.equal('')
      const found = stdout.split('\n').map(line => line.split('\t')[0])
      expect(found, words.join(' ')).to.include.members(expected)
    }
  })

  it('in zsh', async function () {
    if (!has('zsh')) return this.skip()
    const file = await script('zsh')
    const text = `autoload -Uz compinit; compinit -u -D; source ${file}; print -r -- $_comps[df] $_comps[dragonfly]; _dragonfly_df_get --x 2>&1 | head -0`
    const { stdout } = spawnSync('zsh', ['-f', '-c', text], { env: ENV, encoding: 'utf8' })
    expect(stdout).to.equal('_dragonfly_df _dragonfly_df\n')
    expect(spawnSync('zsh', ['-n', file], { encoding: 'utf8' })).to.include({ status: 0, stderr: '' })
  })
})

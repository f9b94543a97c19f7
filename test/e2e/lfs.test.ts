// A real git-lfs, set up by df lfs install, pushes to and clones from an LFS server.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { DF, type Ended, run } from '../cli/processes.ts'
import { NOWHERE } from '../origin/sources/environment.ts'
import { Lab } from './lab.ts'
import { LfsServer } from './lfs-server.ts'

const WEIGHTS = randomBytes(900_001)
const OID = createHash('sha256').update(WEIGHTS).digest('hex')

describe('df lfs', () => {
  let lab: Lab
  let server: LfsServer
  let env: NodeJS.ProcessEnv

  before(function () {
    if (spawnSync('git', ['lfs', 'version']).status === 0) return
    console.warn('SKIPPED: git-lfs is not installed (apt-get install git-lfs)')
    this.skip()
  })
  beforeEach(async () => {
    lab = await Lab.open()
    server = await LfsServer.start()
    await mkdir(lab.path('user'))
    const { PATH = '' } = process.env
    const git = { GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0', GIT_AUTHOR_NAME: 'a', GIT_AUTHOR_EMAIL: 'a@b' }
    const committer = { GIT_COMMITTER_NAME: 'a', GIT_COMMITTER_EMAIL: 'a@b' }
    env = { ...NOWHERE, PATH, HOME: lab.path('user'), DRAGONFLY_HOME: lab.path('home'), ...git, ...committer }
    await sh(
      'git lfs install --skip-repo && git config --global init.defaultBranch main && git config --global lfs.transfer.maxretries 1 && git config --global lfs.concurrenttransfers 1',
    )
    const installed = await run(DF, ['lfs', 'install'], { env })
    expect(installed, installed.stderr).to.include({ code: 0 })
  })
  afterEach(async () => {
    await server?.stop()
    await lab?.close()
  })

  async function tried(script: string, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return await run('bash', ['-ec', script], { cwd: lab.dir, env: { ...env, ...more } })
  }

  async function sh(script: string, more: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const ended = await tried(script, more)
    expect(ended, `${script}\n${ended.stdout}${ended.stderr}`).to.include({ code: 0 })
    return ended
  }

  /** A bare repository with one object, pushed by git-lfs. */
  async function pushed(): Promise<void> {
    await sh(`git init -q --bare bare.git && git init -q work && cd work && git lfs track '*.bin'
git config -f .lfsconfig lfs.url ${server.url}/team/models`)
    await writeFile(lab.path('work', 'model.bin'), WEIGHTS)
    await sh('cd work && git add -A && git commit -qm one && git remote add origin ../bare.git && git push -q origin main')
  }

  const agentReads = () => server.requests.filter(({ method, path }) => method === 'GET' && path.endsWith(OID))

  it('lets uploads be those of git-lfs, and downloads be those of df', async function () {
    this.timeout(60_000)
    await pushed()
    expect(server.objects.get(OID)?.equals(WEIGHTS)).to.equal(true)
    expect(server.requests.find(({ method }) => method === 'PUT')?.agent).to.match(/^git-lfs\//)
    await sh('git clone -q bare.git clone')
    expect((await readFile(lab.path('clone', 'model.bin'))).equals(WEIGHTS)).to.equal(true)
    expect(agentReads()).to.have.length.greaterThan(0)
    for (const { agent } of agentReads()) expect(agent).to.match(/dragonfly/i)
    await sh('cd clone && git lfs fsck')
    expect((await run(DF, ['lfs', 'uninstall'], { env })).code).to.equal(0)
    expect((await tried('git config --global --list')).stdout).not.to.match(/dragonfly|standalone/)
    await sh('git clone -q bare.git plain')
    expect(agentReads().at(-1)?.agent).to.match(/^git-lfs\//)
  })

  it('leaves what is not on the web to git-lfs', async function () {
    this.timeout(60_000)
    await sh(`git init -q --bare bare.git && git init -q work && cd work && git lfs track '*.bin'`)
    await writeFile(lab.path('work', 'model.bin'), WEIGHTS)
    await sh(
      'cd work && git add -A && git commit -qm one && git remote add origin "file://$PWD/../bare.git" && git push -q origin main',
    )
    await sh('git clone -q "file://$PWD/bare.git" clone')
    expect((await readFile(lab.path('clone', 'model.bin'))).equals(WEIGHTS)).to.equal(true)
    expect(server.requests).to.deep.equal([])
  })

  it('shows the login that git has, and refuses an object that is another one', async function () {
    this.timeout(60_000)
    await pushed()
    server.login = 'alice:s3cret'
    await sh(
      `git config --global credential.helper '!f() { test "$1" = get && echo username=alice && echo password=s3cret; }; f'`,
    )
    await sh('git clone -q bare.git clone')
    for (const { agent } of agentReads()) expect(agent).to.match(/dragonfly/i)
    expect((await readFile(lab.path('clone', 'model.bin'))).equals(WEIGHTS)).to.equal(true)
    server.wrong.set(OID, randomBytes(WEIGHTS.length))
    const wrong = await tried('git clone -q bare.git wrong')
    expect(wrong.code).not.to.equal(0)
    expect(await readFile(lab.path('wrong', 'model.bin')).catch(() => Buffer.alloc(0)))
      .to.have.property('length')
      .below(200)
  })
})

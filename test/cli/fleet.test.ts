// df fleet init, rotate, status, and what a fleet file that is no good leads to.
import { chmod, chown, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { controlPath, openDaemon } from '../../src/client/index.ts'
import { DF, type Ended, ROOT, type Running, run, start } from './processes.ts'

const MEMBER = ['--listen', '/ip4/127.0.0.1/tcp/0', '--no-lan', '--json', '--log-level', 'debug']

interface FleetFile {
  secrets: { secret: string; from?: string; until?: string }[]
}

describe('df fleet', () => {
  let dir: string
  const running: Running[] = []
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-fleet-'))
  })
  afterEach(async () => {
    for (const one of running) one.child.kill('SIGTERM')
    await Promise.all(running.splice(0).map(one => one.ended))
    await rm(dir, { recursive: true })
  })

  const env = (home = 'home') => ({ PATH: process.env.PATH, DRAGONFLY_HOME: path.join(dir, home) })
  const df = async (args: string[], home?: string): Promise<Ended> => await run(DF, args, { env: env(home), cwd: dir })
  const secretsOf = async (file: string) => (JSON.parse(await readFile(file, 'utf8')) as FleetFile).secrets

  async function daemon(home: string, args: string[] = []): Promise<string> {
    const one = start(DF, ['daemon', 'start', ...MEMBER, ...args], { env: env(home), cwd: dir })
    running.push(one)
    await one.says(/"ready"/)
    return JSON.parse(one.said.stdout.split('\n').find(line => line.includes('"ready"')) as string).addresses[0]
  }

  async function others(home: string): Promise<number | undefined> {
    await using node = await openDaemon(controlPath(path.join(dir, home)))
    return (await node.status(0)).fleet?.total
  }

  async function untilOthers(home: string, count: number): Promise<void> {
    while ((await others(home)) !== count) await new Promise(resolve => setTimeout(resolve, 50))
  }

  /** A home with a copy of the file, as a user makes it. */
  async function copied(home: string, file: string): Promise<void> {
    await mkdir(path.join(dir, home), { recursive: true })
    await copyFile(file, path.join(dir, home, 'fleet.json'))
  }

  it('init writes a secret that only its owner can read, and never a second one over it', async () => {
    const { stdout, code } = await df(['fleet', 'init', '--json'])
    const file = path.join(dir, 'home', 'fleet.json')
    expect(code).to.equal(0)
    expect(JSON.parse(stdout)).to.deep.equal({ type: 'fleet', file })
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    const before = await readFile(file)
    expect(await secretsOf(file)).to.have.length(1)
    const again = await df(['fleet', 'init'])
    expect(again).to.include({ code: 2, stdout: '' })
    expect(again.stderr).to.equal(`df: the fleet file ${file}: there is one already; to change the secret, run df fleet rotate\n`)
    expect(await readFile(file)).to.deep.equal(before)
    expect(await readdir(path.join(dir, 'home'))).to.deep.equal(['fleet.json'])
  })

  it('rotate adds a secret that is spoken after half of the grace, until whose end the old one counts', async () => {
    const file = path.join(dir, 'x.json')
    await df(['fleet', 'init', file])
    const [old] = await secretsOf(file)
    const { stdout } = await df(['fleet', 'rotate', '--grace', '1h', '--json', file])
    const { from, until } = JSON.parse(stdout)
    expect(Date.parse(until) - Date.parse(from)).to.equal(30 * 60_000)
    const [newest, before] = await secretsOf(file)
    expect(newest).to.include({ from }).and.not.include({ secret: old?.secret })
    expect(before).to.deep.equal({ secret: old?.secret, until })
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
  })

  for (const [what, make, words] of [
    ['others may read', (file: string) => chmod(file, 0o644), /other users may read it \(mode 644\).*chmod 600/],
    ['is not there', (file: string) => rm(file), /there is no such file/],
  ] as const) {
    it(`a fleet file that ${what} is refused in one line`, async () => {
      const file = path.join(dir, 'x.json')
      await df(['fleet', 'init', file])
      await make(file)
      for (const args of [
        ['daemon', 'start', '--fleet', file],
        ['get', '--quiet', '--no-daemon', '--fleet', file, 'http://127.0.0.1:9/x'],
        ['fleet', 'rotate', file],
      ]) {
        const { code, stderr } = await df(args)
        expect(code, stderr).to.equal(2)
        expect(stderr)
          .to.match(/^df: [^\n]+\n$/)
          .and.match(words)
      }
      const asJson = await df(['fleet', 'rotate', '--json', file])
      expect(JSON.parse(asJson.stdout)).to.include({ type: 'error', code: 'bad-fleet' })
    })
  }

  it("is read by its owner's group where the owner is the administrator, as Kubernetes mounts a secret, and by nobody else", async function () {
    if (process.getuid?.() !== 0) {
      console.warn('SKIPPED: only root can become other users')
      return this.skip()
    }
    const [member, other] = [65_532, 65_533]
    const file = path.join(dir, 'x.json')
    await chmod(dir, 0o755)
    await df(['fleet', 'init', file])
    const read = async (mode: number, uid: number, gid: number) => {
      await chown(file, uid, gid)
      await chmod(file, mode)
      const program = `(await import(process.argv[1])).readFleetFile(process.argv[2]).then(s => console.log(s.length), e => console.log(e.message))`
      const as = [`--reuid=${member}`, `--regid=${member}`, '--clear-groups']
      const module = path.join(ROOT, 'src', 'store', 'fleet-file.ts')
      return (await run('setpriv', [...as, process.execPath, '--input-type=module', '-e', program, module, file])).stdout
    }
    expect(await read(0o440, 0, member)).to.equal('1\n')
    expect(await read(0o640, 0, member)).to.equal('1\n')
    for (const mode of [0o444, 0o660, 0o644]) expect(await read(mode, 0, member)).to.match(/other users may read it/)
    expect(await read(0o440, member, other)).to.match(/other users may read it/)
  })

  it('status names the members; the secret is in no output, log, argument or other file', async () => {
    await df(['fleet', 'init'], 'one')
    const file = path.join(dir, 'one', 'fleet.json')
    await copied('two', file)
    const address = await daemon('one')
    await daemon('two', ['--bootstrap', address])
    await untilOthers('one', 1)
    const status = await df(['fleet', 'status', '--json'], 'one')
    const lines = status.stdout.trim().split('\n')
    expect(JSON.parse(lines[0] as string)).to.include({ type: 'member', role: 'member', self: true })
    expect(JSON.parse(lines[1] as string)).to.include({ type: 'member', role: 'member', self: false })
    expect(JSON.parse(lines[2] as string)).to.include({ type: 'summary', members: 2, answered: 2 })
    const said = [status, await df(['daemon', 'status', '--json'], 'one'), await df(['fleet', 'status'], 'two')]
    for (const one of running) one.child.kill('SIGTERM')
    const texts = [...said, ...(await Promise.all(running.map(one => one.ended)))].map(({ stdout, stderr }) => stdout + stderr)
    const secret = (await secretsOf(file))[0]?.secret as string
    const forms = [secret, Buffer.from(secret, 'base64url').toString('hex'), Buffer.from(secret, 'base64url').toString('base64')]
    const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter(
      entry => entry.isFile() && entry.name !== 'fleet.json',
    )
    for (const entry of files) texts.push(await readFile(path.join(entry.parentPath, entry.name), 'latin1'))
    for (const text of texts) for (const form of forms) expect(text.includes(form)).to.equal(false)
  })

  it('where there is no fleet, status says so', async () => {
    await daemon('alone')
    const { code, stderr } = await df(['fleet', 'status'], 'alone')
    expect(code).to.equal(2)
    expect(stderr).to.match(/^df: the daemon of this host is in no fleet; df fleet init makes a fleet file[^\n]*\n$/)
  })

  it('running daemons take a rotated file, and whoever has only the old one is out at the end', async () => {
    await df(['fleet', 'init'], 'one')
    const file = path.join(dir, 'one', 'fleet.json')
    await copied('two', file)
    await copied('late', file)
    const address = await daemon('one')
    await daemon('two', ['--bootstrap', address])
    await daemon('late', ['--bootstrap', address])
    await untilOthers('one', 2)
    await df(['fleet', 'rotate', '--grace', '10s'], 'one')
    await copied('two', file)
    await untilOthers('one', 1)
    await untilOthers('two', 1)
    expect(Date.now()).to.be.at.least(Date.parse((await secretsOf(file))[1]?.until as string) - 1000)
  })
})

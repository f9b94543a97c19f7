// The Debian package, installed, run, removed and purged by dpkg: on a copy of this machine's file system that only the test sees (overlayfs).
import { spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { VARIABLES } from '../../src/cli/variables.ts'
import { buildOnce } from '../cli/built.ts'
import { type Ended, ROOT, run } from '../cli/processes.ts'
import { hasNginx, Lab, running } from '../e2e/lab.ts'

/** Says where the copy is, and keeps it until standard input ends. */
const MACHINE = `
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
mount --rbind /dev "$1/root/dev"
mount -t proc proc "$1/root/proc"
mount -t tmpfs tmpfs "$1/root/run"
mkdir -p "$1/root/install"
cp "$2" "$1/root/install/"
echo ready
cat >/dev/null
`

describe('the Debian package', () => {
  let dir: string
  let lab: Lab
  let machine: ReturnType<typeof spawn> | undefined
  let version: string

  before(async function () {
    const missing = ['dpkg-deb', 'unshare', 'nsenter'].filter(program => spawnSync(program, ['--version']).status !== 0)
    if (missing.length > 0 || process.getuid?.() !== 0) {
      console.warn('SKIPPED: the Debian package is built and installed by root on a machine with dpkg and util-linux only')
      return this.skip()
    }
    if (!hasNginx()) return this.skip()
    await buildOnce()
    dir = await mkdtemp(path.join(tmpdir(), 'df-deb-'))
    lab = await Lab.open()
    version = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')).version
    const built = await run(process.execPath, [path.join(ROOT, 'scripts', 'deb.ts'), dir, 'none'])
    expect(built.code, built.stderr).to.equal(0)
    await mkdir(path.join(dir, 'machine'))
    await writeFile(path.join(dir, 'machine.sh'), MACHINE)
    const file = built.stdout.trim()
    machine = spawn('unshare', ['--mount', 'sh', path.join(dir, 'machine.sh'), path.join(dir, 'machine'), file], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const begun = running(machine)
    const isUp = await begun.said(text => text.includes('ready')).catch(() => undefined)
    if (isUp === undefined) {
      console.warn(`SKIPPED: no overlay of the file system can be mounted here: ${(await begun.ended).stderr}`)
      return this.skip()
    }
  })
  after(async () => {
    if (machine !== undefined && machine.exitCode === null) {
      const ended = new Promise(resolve => machine?.once('exit', resolve))
      machine.stdin?.end()
      await ended
    }
    await lab?.close()
    if (dir !== undefined) await rm(dir, { recursive: true, force: true })
  })

  /** Arguments of nsenter for a program of that machine. */
  const inside = (...command: string[]): string[] => {
    const pid = (machine as { pid: number }).pid
    return [`--mount=/proc/${pid}/ns/mnt`, 'chroot', path.join(dir, 'machine', 'root'), ...command]
  }
  const on = async (...command: string[]): Promise<Ended> => await run('nsenter', inside(...command), { env: clean() })
  const clean = () => ({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C', DEBIAN_FRONTEND: 'noninteractive' })
  const ofPackage = async (folder: string): Promise<string> =>
    (await on('find', folder, '-path', '*dragonfly*', '-not', '-path', '*/dpkg/info/*')).stdout

  async function must(...command: string[]): Promise<string> {
    const { code, stdout, stderr } = await on(...command)
    expect(code, `${command.join(' ')}: ${stdout}${stderr}`).to.equal(0)
    return stdout
  }

  it('is installed, with a user, pages and completions, and leaves the df of the system alone', async () => {
    await must('sh', '-c', 'dpkg -i --force-unsafe-io /install/*.deb')
    expect(await must('dragonfly', '--version')).to.equal(`${version}\n`)
    expect(await must('df', '-P', '/')).to.match(/^Filesystem /)
    expect(await must('getent', 'passwd', 'dragonfly')).to.match(/:\/var\/lib\/dragonfly:\/usr\/sbin\/nologin\n$/)
    expect(await must('stat', '-c', '%U %a', '/var/lib/dragonfly')).to.equal('dragonfly 700\n')
    expect(await must('dpkg-query', '-W', '-f', '$' + '{Conffiles}', 'dragonfly')).to.match(
      /\/etc\/default\/dragonfly .*\n.*config\.json /,
    )
    expect((await must('dpkg', '-V', 'dragonfly')).trim()).to.equal('')
    for (const page of ['dragonfly', 'df-get']) await must('gzip', '-t', `/usr/share/man/man1/${page}.1.gz`)
    await must('bash', '-c', '. /usr/share/bash-completion/completions/dragonfly && complete -p dragonfly')
    const unit = await must('cat', '/usr/lib/systemd/system/dragonfly.service')
    expect(unit).to.include('ExecStart=/usr/bin/dragonfly daemon start ')
    if (spawnSync('systemd-analyze', ['--version']).status === 0)
      expect(await on('systemd-analyze', 'verify', '/usr/lib/systemd/system/dragonfly.service')).to.include({
        code: 0,
        stderr: '',
      })
  })

  it('its service, started as the unit says, downloads; its variables exist', async () => {
    const defaults = await must('cat', '/etc/default/dragonfly')
    const named = [...defaults.matchAll(/^#?([A-Za-z_]+)=(.*)$/gm)]
    expect(named).to.have.length.above(3)
    for (const [, name] of named) expect(VARIABLES).to.have.property(name as string)
    const set = named.filter(([line]) => !line.startsWith('#')).map(([line]) => line)
    const unit = await must('cat', '/usr/lib/systemd/system/dragonfly.service')
    const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? []
    const digest = await lab.file('a.bin', 200_000)
    const origin = await lab.nginx()
    await must('install', '-d', '-o', 'dragonfly', '-g', 'dragonfly', '/run/dragonfly')
    const as = [
      'setpriv',
      '--reuid=dragonfly',
      '--regid=dragonfly',
      '--init-groups',
      'env',
      'DRAGONFLY_HOME=/var/lib/dragonfly',
      ...set,
    ]
    const args = [...line.split(' '), '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0']
    const daemon = running(spawn('nsenter', inside(...as, ...args), { env: clean(), stdio: ['ignore', 'pipe', 'pipe'] }))
    await daemon.line('ready')
    const got = await must(
      'env',
      'DRAGONFLY_HOME=/tmp/none',
      'dragonfly',
      'get',
      '--json',
      '-o',
      '/tmp/a.bin',
      `${origin.url}/a.bin`,
    )
    expect(JSON.parse(got.trimEnd().split('\n').at(-1) as string)).to.include({ type: 'done', sha256: digest })
    expect((await must('ls', '/var/lib/dragonfly/store/entries')).trim()).to.not.equal('')
    daemon.child.kill('SIGTERM')
    expect(await daemon.ended).to.include({ code: 0 })
  })

  it('goes when it is removed, but for settings and contents, and a purge takes those, too', async () => {
    await must('sh', '-c', 'echo "{\\"limit\\": \\"5M\\"}" > /etc/dragonfly/config.json')
    // installed once more, as an upgrade: settings that were edited stay
    await must('sh', '-c', 'dpkg -i --force-unsafe-io --force-confold /install/*.deb')
    expect(await must('cat', '/etc/dragonfly/config.json')).to.equal('{"limit": "5M"}\n')
    await must('dpkg', '--remove', 'dragonfly')
    expect((await on('dragonfly', '--version')).code).to.equal(127)
    expect(await ofPackage('/usr')).to.equal('')
    expect(await must('ls', '/etc/dragonfly', '/var/lib/dragonfly'))
      .to.include('config.json')
      .and.include('store')
    await must('dpkg', '--purge', 'dragonfly')
    expect(await ofPackage('/etc')).to.equal('')
    expect(await ofPackage('/var/lib')).to.equal('')
    expect(await readdir('/usr/lib')).to.not.include('dragonfly')
  })
})

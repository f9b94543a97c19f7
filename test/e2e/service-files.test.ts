// The service files in packaging/, as far as they can be tried without a running service manager.
import { spawnSync } from 'node:child_process'
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { openDaemon } from '../../src/client/index.ts'
import { receipt } from './expectations.ts'
import { DF, hasNginx, isRoot, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const PACKAGING = fileURLToPath(new URL('../../packaging/', import.meta.url))
const INSTALLED = '/usr/local/bin/dragonfly'
/** Highest exposure that `systemd-analyze security` may find, in tenths; 100 is a service without any protection. */
const MAX_EXPOSURE = 15

function has(program: string, ...args: string[]): boolean {
  const isHere = spawnSync(program, args).status === 0
  if (!isHere) console.warn(`SKIPPED: ${program} is not installed`)
  return isHere
}

describe('service files', () => {
  let lab: Lab
  labForEach(opened => {
    lab = opened
  })

  const packaged = async (name: string) => await readFile(`${PACKAGING}${name}`, 'utf8')

  /** The units with a program that is there. */
  async function units(): Promise<string[]> {
    const service = await packaged('systemd/dragonfly.service')
    expect(service).to.include(`ExecStart=${INSTALLED} daemon start `)
    await writeFile(lab.path('dragonfly.service'), service.replace(INSTALLED, DF))
    await writeFile(lab.path('dragonfly.socket'), await packaged('systemd/dragonfly.socket'))
    return [lab.path('dragonfly.service'), lab.path('dragonfly.socket')]
  }

  /** Until somebody listens there, without connecting (unix(5): __SO_ACCEPTCON); mocha's limit ends it. */
  async function untilListening(socket: string): Promise<void> {
    const isListening = (line: string) => line.endsWith(` ${socket}`) && line.split(/\s+/)[3] === '00010000'
    while (!(await readFile('/proc/net/unix', 'utf8')).split('\n').some(isListening)) await sleep(20)
  }

  it('are what systemd understands, and leave the daemon few rights', async function () {
    if (!has('systemd-analyze', '--version')) return this.skip()
    const files = await units()
    const verified = spawnSync('systemd-analyze', ['verify', ...files])
    expect([verified.status, verified.stderr.toString()]).to.deep.equal([0, ''])
    const checked = spawnSync('systemd-analyze', [
      'security',
      '--offline=true',
      `--threshold=${MAX_EXPOSURE}`,
      files[0] as string,
    ])
    expect(checked.status, checked.stdout.toString()).to.equal(0)
  })

  it('start a daemon of another user, in its folders, for a group', async function () {
    if (!hasNginx()) return this.skip()
    if (!isRoot()) {
      console.warn('SKIPPED: only root can become other users')
      return this.skip()
    }
    const [, line = ''] = /^ExecStart=\S+ (.*)$/m.exec(await packaged('systemd/dragonfly.service')) ?? []
    const args = line.replace('--socket-group dragonfly', '--socket-group nogroup').split(' ')
    await chmod(lab.dir, 0o755)
    // StateDirectory and RuntimeDirectory
    for (const [name, mode] of [
      ['state', 0o700],
      ['run', 0o755],
    ] as const) {
      await lab.folder(name)
      await chmod(lab.path(name), mode)
      spawnSync('chown', ['nobody:nogroup', lab.path(name)])
    }
    await lab.file('a.bin', 100_000)
    const origin = await lab.nginx()
    const socket = lab.path('run', 'df.sock')
    const daemon = lab.run(
      'setpriv',
      ['--reuid=nobody', '--regid=nogroup', '--clear-groups', DF, ...args, '--socket', socket, ...LISTEN],
      'state',
      { HOME: lab.path('state') },
    )
    await daemon.said(out => out.includes('daemon ready'))
    const { mode } = await stat(socket)
    expect(mode & 0o777).to.equal(0o660)
    const mine = { DRAGONFLY_SOCKET: socket }
    receipt(await lab.df(['get', '--json', '-o', lab.path('a'), `${origin.url}/a.bin`], 'mine', mine).ended)
    expect(await lab.kept('mine')).to.deep.equal([])
    expect(await lab.kept('state')).to.have.lengthOf(1)
    daemon.child.kill('SIGTERM')
    expect((await daemon.ended).code).to.equal(0)
  })

  it('have the daemon started by the first who connects to its socket', async function () {
    if (!hasNginx() || !has('systemd-socket-activate', '--version')) return this.skip()
    await lab.file('a.bin', 100_000)
    const origin = await lab.nginx()
    await lab.folder('run')
    const socket = lab.path('run', 'df.sock')
    // it keeps no variables by itself; a daemon with another way to origins (proxies, authorities) is not used
    const kept = ['DRAGONFLY_HOME', ...Object.keys(process.env)].flatMap(name => ['-E', name])
    const daemon = lab.run(
      'systemd-socket-activate',
      [`--listen=${socket}`, ...kept, DF, 'daemon', 'start', '--socket-group', 'nogroup', ...LISTEN],
      'state',
    )
    await untilListening(socket)
    const mine = { DRAGONFLY_SOCKET: socket }
    receipt(await lab.df(['get', '--json', '-o', lab.path('a'), `${origin.url}/a.bin`], 'mine', mine).ended)
    expect(await lab.kept('state')).to.have.lengthOf(1)
    // who connects to it may download, and no more
    const shared = await openDaemon(socket)
    await shared.status().then(
      () => expect.fail('it told its status'),
      error => expect(error).to.include({ code: 'not-found' }),
    )
    await shared.stop()
    daemon.child.kill('SIGTERM')
    expect((await daemon.ended).code).to.equal(0)
    // it is the service manager's
    expect((await stat(socket)).isSocket()).to.equal(true)
  })

  it('for launchd are a property list that starts the daemon', async function () {
    if (!has('python3', '--version')) return this.skip()
    const script = 'import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], "rb"))))'
    const { stdout, stderr } = spawnSync('python3', ['-c', script, `${PACKAGING}launchd/dragonfly.plist`])
    expect(stderr.toString()).to.equal('')
    expect(JSON.parse(stdout.toString())).to.deep.include({
      Label: 'dragonfly',
      ProgramArguments: [INSTALLED, 'daemon', 'start'],
      RunAtLoad: true,
    })
  })
})

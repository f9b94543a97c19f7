import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { ROOT } from '../cli/processes.ts'
import { hasNginx, Lab } from '../e2e/lab.ts'
import { hasEngines, ImageLab, UID } from './image-lab.ts'

/** Bytes that the image may have, unpacked; docs/install.md says how many it has. */
const MAX_SIZE = 170e6

describe('the container image', () => {
  let images: ImageLab
  let lab: Lab

  before(async function () {
    if (!hasEngines() || !hasNginx()) return this.skip()
    images = await ImageLab.open()
    lab = await Lab.open()
    await images.build()
  })
  after(async () => {
    await images?.close()
    await lab?.close()
  })

  it('has the size that is promised, no shell, a user that is not root, and one volume', async () => {
    const [{ Config }] = JSON.parse((await images.podman('image', 'inspect', images.image)).stdout)
    expect(Config).to.deep.include({ User: `${UID}:${UID}`, StopSignal: 'SIGTERM', Volumes: { '/var/lib/dragonfly': {} } })
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    expect(Config.Labels).to.include({
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.licenses': 'Apache-2.0',
    })
    const launcher = await readFile(path.join(ROOT, 'bin', 'df'), 'utf8')
    for (const flag of Config.Entrypoint.slice(1, 3)) expect(launcher).to.include(` ${flag} `)
    const shell = await images.podman(...images.command('shell', [], []).toSpliced(1, 0, '--entrypoint', '/bin/sh'))
    expect(shell.code).to.equal(127)
    expect(await images.size()).to.be.below(MAX_SIZE)
  })

  it('downloads a file to a volume, with a read-only root and no rights', async () => {
    const digest = await lab.file('a.bin', 3_000_000)
    const origin = await lab.nginx()
    const out = await images.volume('out')
    const command = images.command('get', [`${out}:/out`], ['get', '--json', '-o', '/out/a.bin', `${origin.url}/a.bin`])
    const { code, stdout, stderr } = await images.podman(...command)
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) as string)).to.include({
      type: 'done',
      sha256: digest,
      trust: 'origin',
    })
    expect(spawnSync('sha256sum', [path.join(out, 'a.bin')]).stdout.toString()).to.include(digest)
  })

  it('runs the daemon, whose health check tells that it lives, and stops it by SIGTERM', async () => {
    await lab.file('b.bin', 300_000)
    const origin = await lab.nginx()
    const store = await images.volume('home')
    const args = ['daemon', 'start', '--json', '--no-lan', '--listen', '/ip4/127.0.0.1/tcp/0']
    const daemon = images.start(...images.command('daemon', [`${store}:/var/lib/dragonfly`], args))
    await daemon.says(/"type":"ready"/)
    const [{ Healthcheck }] = JSON.parse((await images.podman('image', 'inspect', images.image)).stdout)
    const check: string[] = Healthcheck.Test
    expect(check[0]).to.equal('CMD')
    const healthy = await images.podman('exec', 'daemon', ...check.slice(1))
    expect(healthy.code, healthy.stderr).to.equal(0)
    expect(JSON.parse(healthy.stdout)).to.include({ role: 'daemon', pid: 1 })
    // df get in the same container goes through the daemon
    const got = await images.podman('exec', 'daemon', 'df', 'get', '--json', '-o', '/var/lib/dragonfly/b', `${origin.url}/b.bin`)
    expect(got.code, got.stderr).to.equal(0)
    const after = JSON.parse((await images.podman('exec', 'daemon', ...check.slice(1))).stdout)
    expect(after.contents).to.have.length(1)
    expect((await images.podman('stop', '-t', '30', 'daemon')).code).to.equal(0)
    expect(await daemon.ended).to.include({ code: 0 })
    const none = await images.podman(...images.command('check', [], check.slice(2)))
    expect(none.code).to.equal(7)
  })
})

// df gateway setup: each engine × print, write, twice, undo, foreign settings, broken files, no rights; all below a temporary root.
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { ENGINES, type Engine } from '../../src/cli/gateway-command.ts'
import { planOf } from '../../src/cli/setup/engine-plan.ts'
import { planned, undo, write } from '../../src/cli/setup/files.ts'
import type { SetupRequest } from '../../src/cli/setup/plan.ts'
import { DF, run } from './processes.ts'

const GATEWAY = 'http://127.0.0.1:65001'
const CONFIG = '/etc/containerd/config.toml'
const HOSTS = '/etc/containerd/certs.d'
const DAEMON = '/etc/docker/daemon.json'
const DROP_IN = '/etc/containers/registries.conf.d/zz-dragonfly.conf'

/** Files that a host may have, with comments and odd spaces. */
const FOREIGN: Record<Engine, Record<string, string>> = {
  containerd: {
    [CONFIG]:
      'version = 2 # ours\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    [plugins."io.containerd.grpc.v1.cri".registry]\n      config_path = ""\n      [plugins."io.containerd.grpc.v1.cri".registry.headers]\n  # the end',
  },
  docker: { [DAEMON]: '{ "debug":true,\n\t"registry-mirrors": ["https://mirror.example.org"], "big": 12345678901234567890 }' },
  podman: { '/etc/containers/registries.conf': '# ours\nunqualified-search-registries = ["docker.io", "a.example.org"]\n' },
  crio: { '/etc/containers/registries.conf.d/a.conf': '[[registry]]\nlocation = "quay.io"\ninsecure = true\n' },
}

describe('df gateway setup', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'df-setup-'))
  })
  afterEach(() => rm(root, { recursive: true }))

  const request = (more: Partial<SetupRequest> = {}): SetupRequest => ({
    gateway: GATEWAY,
    registries: [],
    root,
    proxy: false,
    undo: false,
    check: false,
    ...more,
  })
  const put = async (file: string, text: string) => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true })
    await writeFile(path.join(root, file), text)
  }
  const read = (file: string) => readFile(path.join(root, file), 'utf8')
  const setUp = async (engine: Engine, more: Partial<SetupRequest> = {}) => {
    const changes = await planned(root, await planOf(engine, request(more)))
    await write(root, changes)
    return changes.map(({ action }) => action)
  }
  const takeBack = async (engine: Engine) => {
    const changes = await undo(root, await planOf(engine, request({ undo: true })))
    return changes.map(({ action }) => action)
  }
  /** Name → text of every file. */
  const tree = async (): Promise<Record<string, string>> => {
    const entries = await readdir(root, { recursive: true, withFileTypes: true })
    const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name))
    return Object.fromEntries(await Promise.all(files.map(async file => [file, await readFile(file, 'utf8')])))
  }
  const refusal = async (what: Promise<unknown>): Promise<string> => {
    try {
      await what
    } catch (error) {
      return String((error as Error).message)
    }
    throw new Error('was not refused')
  }

  for (const engine of ENGINES) {
    it(`${engine}: prints, writes once, and undoes to the byte`, async () => {
      for (const files of [{}, FOREIGN[engine]]) {
        for (const [file, text] of Object.entries(files)) await put(file, text)
        const before = await tree()
        await planned(root, await planOf(engine, request()))
        expect(await tree()).to.deep.equal(before)
        expect(await setUp(engine)).not.to.include('unchanged')
        const after = await tree()
        expect(Object.values(after).join('')).to.include('127.0.0.1:65001')
        expect(new Set(await setUp(engine))).to.deep.equal(new Set(['unchanged']))
        expect(await tree()).to.deep.equal(after)
        await takeBack(engine)
        expect(await tree()).to.deep.equal(before)
        expect(await takeBack(engine)).not.to.include('removed')
      }
    })
  }

  it('undo keeps what was edited since', async () => {
    await put(DAEMON, '{"debug": true}')
    await put(CONFIG, 'version = 2\n')
    await setUp('docker')
    await setUp('containerd')
    await put(DAEMON, (await read(DAEMON)).replace('true', 'false'))
    await put(CONFIG, `# edited\n${await read(CONFIG)}`)
    await takeBack('docker')
    await takeBack('containerd')
    expect(JSON.parse(await read(DAEMON))).to.deep.equal({ debug: false })
    expect(await tree()).to.have.all.keys(path.join(root, DAEMON), path.join(root, CONFIG))
    expect(await read(CONFIG)).to.equal('# edited\nversion = 2\n')
  })

  it('refuses to undo a block that lost a mark, and changes nothing', async () => {
    await setUp('containerd')
    await put(CONFIG, (await read(CONFIG)).replace('# END dragonfly', ''))
    const before = await tree()
    expect(await refusal(takeBack('containerd'))).to.match(/one of its marks is missing/)
    expect(await tree()).to.deep.equal(before)
  })

  const BROKEN: [Engine, file: string, text: string, why: RegExp][] = [
    ['containerd', CONFIG, 'version = = 2', /not valid TOML \(line 1\)/],
    ['containerd', `${HOSTS}/_default/hosts.toml`, '[host', /not valid TOML/],
    ['containerd', CONFIG, 'version = 2\nplugins = {}\n', /cannot be changed safely/],
    ['containerd', CONFIG, 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry.mirrors."a.b"]\n', /old form/],
    ['containerd', `${HOSTS}/_default/hosts.toml`, `[host."${GATEWAY}"]\n`, /names .* already/],
    ['docker', DAEMON, '{"debug": true,}', /not valid JSON/],
    ['docker', DAEMON, '[]', /no JSON object/],
    ['docker', DAEMON, '{"registry-mirrors": "a"}', /no list of URLs/],
    ['docker', '/etc/default/docker', 'DOCKER_OPTS="--registry-mirror=http://a"', /flag --registry-mirror/],
    ['podman', '/etc/containers/registries.conf', '[registries.search]\nregistries = ["a.b"]\n', /version 1/],
    ['podman', DROP_IN, 'a = = 1', /not valid TOML/],
    ['docker', DAEMON, ' '.repeat(4 * 1024 * 1024 + 1), /too long/],
  ]
  for (const [engine, file, text, why] of BROKEN) {
    it(`${engine}: refuses ${path.basename(file)}: ${why.source}`, async () => {
      await put(file, text)
      expect(await refusal(setUp(engine))).to.match(why)
      expect(Object.keys(await tree())).to.deep.equal([path.join(root, file)])
    })
  }

  it('containerd: knows the places of config versions 1, 2 and 3, and a folder that is set', async () => {
    const places = { 1: 'cri', 2: 'io.containerd.grpc.v1.cri', 3: 'io.containerd.cri.v1.images' }
    for (const [version, plugin] of Object.entries(places)) {
      await put(CONFIG, version === '1' ? 'root = "/r"\n' : `version = ${version}\n`)
      await setUp('containerd')
      expect(await read(CONFIG)).to.include(`[plugins."${plugin}".registry]\n  config_path = "${HOSTS}"`)
      await takeBack('containerd')
    }
    const set = `version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '/a/b:/c'\n`
    await put(CONFIG, set)
    await setUp('containerd')
    expect(await read(CONFIG)).to.equal(set)
    expect(await read('/a/b/_default/hosts.toml')).to.include(GATEWAY)
  })

  it('containerd: leaves config.toml alone where the CRI plugin is disabled', async () => {
    await put(CONFIG, 'disabled_plugins = ["cri"]\n')
    const plan = await planOf('containerd', request())
    expect(plan.files.map(file => file.path)).to.deep.equal([`${HOSTS}/_default/hosts.toml`])
    expect(plan.notes[0]).to.match(/disabled/)
  })

  it('containerd: goes before the hosts of a registry, keeps comments, and names certificates', async () => {
    const text = '# mine\nserver = "https://a.b"\n\n[host."https://c.d"] # first\n  capabilities = ["pull"]\n'
    await put(`${HOSTS}/a.b/hosts.toml`, text)
    await put(`${HOSTS}/e.f:5000/ca.crt`, '')
    await put(`${HOSTS}/e.f:5000/me.cert`, '')
    await put(`${HOSTS}/e.f:5000/me.key`, '')
    expect((await planOf('containerd', request())).notes[0]).to.match(/^a.b, e.f:5000: has a folder of its own/)
    await setUp('containerd', { registries: ['a.b', 'e.f:5000'] })
    const [head, tail] = (await read(`${HOSTS}/a.b/hosts.toml`)).split(/^# BEGIN[\s\S]*# END dragonfly\n/m)
    expect([head, tail]).to.deep.equal([text.slice(0, text.indexOf('[host')), text.slice(text.indexOf('[host'))])
    const folder = `${HOSTS}/e.f:5000`
    expect(await read(`${folder}/hosts.toml`)).to.include(
      `server = "https://e.f:5000"\nca = ["${folder}/ca.crt"]\nclient = [["${folder}/me.cert", "${folder}/me.key"]]\n[host."${GATEWAY}"]`,
    )
    await takeBack('containerd')
    expect(await read(`${HOSTS}/a.b/hosts.toml`)).to.equal(text)
  })

  it('podman: takes over what other files say of a registry, and leaves blocked ones', async () => {
    await put('/etc/containers/registries.conf', '[[registry]]\nlocation = "bad.example.org"\nblocked = true\n')
    await put(
      '/etc/containers/registries.conf.d/b.conf',
      '[[registry]]\nlocation = "quay.io"\ninsecure = true\n[[registry.mirror]]\nlocation = "m.example.org"\n',
    )
    await setUp('podman', { registries: ['quay.io', 'bad.example.org', 'r.example.org:5000'] })
    expect(await read(DROP_IN)).to.include(
      'location = "quay.io"\ninsecure = true\n[[registry.mirror]]\nlocation = "127.0.0.1:65001/quay.io"\ninsecure = true\n[[registry.mirror]]\nlocation = "m.example.org"\n',
    )
    expect(await read(DROP_IN)).to.include('location = "127.0.0.1:65001/r.example.org_5000"')
    expect(await read(DROP_IN)).not.to.include('bad.example.org')
  })

  it('keeps mode and symbolic links, and takes everything back when a file cannot be written', async () => {
    await put('/real/daemon.json', '{}')
    await chmod(path.join(root, 'real/daemon.json'), 0o600)
    await mkdir(path.join(root, 'etc/docker'), { recursive: true })
    await symlink('../../real/daemon.json', path.join(root, DAEMON))
    await setUp('docker')
    expect((await lstat(path.join(root, DAEMON))).isSymbolicLink()).to.equal(true)
    expect((await lstat(path.join(root, 'real/daemon.json'))).mode & 0o777).to.equal(0o600)
    // also root cannot write below a file
    const changes = await planned(root, await planOf('containerd', request()))
    await rm(path.join(root, 'etc/containerd'), { recursive: true, force: true })
    const last = { ...(changes[0] as (typeof changes)[0]), path: '/real/daemon.json/hosts.toml' }
    const before = await tree()
    expect(await refusal(write(root, [...changes, last]))).to.match(/^cannot write to \/real\/daemon.json\/hosts.toml/)
    expect(await tree()).to.deep.equal(before)
  })

  it('tells what is wrong with the arguments, and writes with --write only', async () => {
    const df = (...args: string[]) => run(DF, ['gateway', ...args, '--root', root])
    const cases: [string[], RegExp][] = [
      [['setup', 'rkt'], /value 'rkt' is invalid/],
      [['setup', 'docker', '--registry', 'a.b'], /mirrors for Docker Hub only/],
      [['setup', 'podman', '--proxy'], /--proxy is for docker/],
      [['setup', 'podman', '--registry', 'https://a.b/c'], /not a registry/],
      [['setup', 'podman', '--registry', 'reg:5000'], /cannot tell reg:5000/],
      [['setup', 'podman', '--gateway', '0'], /port 0/],
      [['setup', 'podman', '--write', '--undo'], /cannot be used with/],
      [['check', '--image', 'busybox'], /needs an engine/],
      [['check', 'docker', '--image', '--all'], /not the name of an image/],
    ]
    for (const [args, why] of cases) {
      const { code, stderr } = await df(...args)
      expect(stderr).to.match(why)
      expect(code).to.equal(2)
    }
    const { code, stdout } = await df('setup', 'docker', '--proxy', '--json', '--gateway', '0.0.0.0:7000')
    expect(code).to.equal(0)
    const [file, done] = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(file).to.include({ type: 'file', action: 'created', written: false })
    expect(file.text).to.include('HTTPS_PROXY=http://127.0.0.1:7000')
    expect(done).to.include({ type: 'done', restart: 'systemctl daemon-reload && systemctl restart docker' })
    expect(await tree()).to.deep.equal({})
  }).timeout(60_000)
})

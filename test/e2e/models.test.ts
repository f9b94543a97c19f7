// docs/models.md holds for the cache of huggingface_hub: its commands run against a hub of this host, and huggingface_hub finds the files.
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { DF, ROOT, run } from '../cli/processes.ts'
import { NOWHERE } from '../origin/sources/environment.ts'
import { COMMIT, HubServer } from '../origin/sources/hub-server.ts'
import { Lab } from './lab.ts'

const WEIGHTS = randomBytes(700_001)
const CONFIG = Buffer.from('{"model_type": "tiny"}')
const SHA256 = createHash('sha256').update(WEIGHTS).digest('hex')
/** A Python with huggingface_hub, if there is one. */
const PYTHON = process.env.DF_TEST_HF_PYTHON ?? 'python3'

describe('df get --hf-cache', () => {
  let lab: Lab
  let hub: HubServer
  let env: NodeJS.ProcessEnv

  beforeEach(async () => {
    lab = await Lab.open()
    hub = await HubServer.start([
      { repo: 'org/model', path: 'model.safetensors', body: WEIGHTS },
      { repo: 'org/model', path: 'config.json', body: CONFIG, isLarge: false },
      { repo: 'org/model', path: 'sub/copy.safetensors', body: WEIGHTS },
      { repo: 'org/bad', path: '../../../escaped.bin', body: WEIGHTS },
    ])
    await mkdir(lab.path('bin'))
    await symlink(DF, lab.path('bin', 'df'))
    const { PATH = '', HOME = '' } = process.env
    env = {
      ...NOWHERE,
      PATH: `${lab.path('bin')}:${PATH}`,
      HOME,
      DRAGONFLY_HOME: lab.path('home'),
      HF_ENDPOINT: hub.url,
      HF_HOME: lab.path('hf'),
    }
  })
  afterEach(async () => {
    await hub.stop()
    await lab.close()
  })

  it('does what docs/models.md says, and huggingface_hub finds the files without a network', async function () {
    this.timeout(60_000)
    const doc = await readFile(path.join(ROOT, 'docs', 'models.md'), 'utf8')
    const section = doc.split(/^## /m).find(part => part.includes('--hf-cache')) ?? ''
    const lines = (/^```sh\n([\s\S]*?)^```$/m.exec(section)?.[1] ?? '').trim().split('\n')
    expect(lines).to.have.length(3)
    for (const line of lines.slice(0, 2)) {
      const ended = await run('bash', ['-c', line], { cwd: lab.dir, env })
      expect(ended, `${line}\n${ended.stderr}`).to.include({ code: 0 })
    }
    const repo = lab.path('hf', 'hub', 'models--org--model')
    const snapshot = path.join(repo, 'snapshots', COMMIT)
    expect(await readlink(path.join(snapshot, 'model.safetensors'))).to.equal(`../../blobs/${SHA256}`)
    expect(await readlink(path.join(snapshot, 'sub', 'copy.safetensors'))).to.equal(`../../../blobs/${SHA256}`)
    expect((await readFile(path.join(snapshot, 'model.safetensors'))).equals(WEIGHTS)).to.equal(true)
    expect((await readFile(path.join(snapshot, 'config.json'))).equals(CONFIG)).to.equal(true)
    expect(await readFile(path.join(repo, 'refs', 'main'), 'utf8')).to.equal(COMMIT)
    expect(await readFile(path.join(repo, 'refs', 'v2'), 'utf8')).to.equal(COMMIT)
    expect(await readdir(path.join(repo, 'blobs'))).to.have.length(2)
    // one content, whatever it is called, and whatever is there is not fetched again
    expect(hub.cdnBytes).to.equal(WEIGHTS.length)
    const again = await run(DF, ['get', '--json', '--hf-cache', 'hf://org/model@v2'], { env })
    expect(again.stdout.match(/"type":"skipped"/g)).to.have.length(3)
    expect(hub.cdnBytes).to.equal(WEIGHTS.length)
    if (spawnSync(PYTHON, ['-c', 'import huggingface_hub']).status !== 0) {
      console.warn('SKIPPED: huggingface_hub is not installed (pip install huggingface_hub)')
      return
    }
    const program = `
from huggingface_hub import *
print(snapshot_download("org/model", revision="v2", local_files_only=True))
print(hf_hub_download("org/model", "model.safetensors", local_files_only=True))
print(try_to_load_from_cache("org/model", "config.json"))`
    const found = await run(PYTHON, ['-c', program], { env: { ...env, HF_HUB_OFFLINE: '1' } })
    const names = ['', 'model.safetensors', 'config.json'].map(name => path.join(snapshot, name).replace(/\/$/, ''))
    expect(found.stdout.trim().split('\n'), found.stderr).to.deep.equal(names)
    // a cache that df filled is one for an online huggingface_hub, too
    const online = await run(PYTHON, ['-c', 'from huggingface_hub import *; print(snapshot_download("org/model"))'], { env })
    expect(online.stdout.trim(), online.stderr).to.equal(snapshot)
    expect(hub.cdnBytes).to.equal(WEIGHTS.length)
  })

  it('has one blob for files of the same bytes, however many come at once, and takes names of 255 bytes', async () => {
    const long = 'x'.repeat(255)
    const same = Array.from({ length: 12 }, (_, i) => ({
      repo: 'org/same',
      path: `p${i}/__init__.py`,
      body: CONFIG,
      isLarge: false,
    }))
    const other = await HubServer.start([...same, { repo: 'org/same', path: long, body: WEIGHTS }])
    try {
      const ended = await run(DF, ['get', '--hf-cache', 'hf://org/same'], { env: { ...env, HF_ENDPOINT: other.url } })
      expect(ended, ended.stderr).to.include({ code: 0 })
    } finally {
      await other.stop()
    }
    const repo = lab.path('hf', 'hub', 'models--org--same')
    expect(await readdir(path.join(repo, 'blobs'))).to.have.length(2)
    const snapshot = path.join(repo, 'snapshots', COMMIT)
    expect(await readdir(snapshot)).to.have.length(13)
    expect((await readFile(path.join(snapshot, 'p11', '__init__.py'))).equals(CONFIG)).to.equal(true)
    expect((await readFile(path.join(snapshot, long))).equals(WEIGHTS)).to.equal(true)
  })

  it('writes nothing outside of the cache, and refuses what has another place', async () => {
    const bad = await run(DF, ['get', '--hf-cache', 'hf://org/bad'], { env })
    expect(bad.code).not.to.equal(0)
    expect(bad.stderr).to.match(/name|path/)
    expect(await lab.files('.')).not.to.include('escaped.bin')
    for (const flags of [
      ['-o', 'x'],
      ['-P', 'y'],
      ['-r', '0-9'],
    ]) {
      const ended = await run(DF, ['get', '--hf-cache', ...flags, 'hf://org/model/config.json'], { env })
      expect(ended, flags.join(' ')).to.include({ code: 2 })
    }
    expect(await run(DF, ['get', '--hf-cache', 'https://example.org/x'], { env })).to.include({ code: 2 })
  })
})

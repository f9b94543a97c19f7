// The README holds: its commands run, its tables are those of the program, its links lead somewhere.
import { existsSync } from 'node:fs'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { EXIT_CODES } from '../src/cli/exit-codes.ts'
import { type Ended, ROOT, type Running, run, start } from './cli/processes.ts'
import { hasNginx, Lab, type Nginx } from './e2e/lab.ts'

const MiB = 2 ** 20
const README = await readFile(path.join(ROOT, 'README.md'), 'utf8')
const SEED_LINE = 'df seed start\n'
const SEED_ADDRESS = '/ip4/10.0.0.1/tcp/4801/p2p/12D3KooW…'

/** Code blocks whose fence says `info`. */
function blocks(info: string): string[] {
  return [...README.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].filter(m => m[1] === info).map(m => m[2] as string)
}

describe('README', () => {
  it('has fewer than 200 lines', () => {
    expect(README.split('\n').length).to.be.below(200)
  })

  it('leads to files that exist', () => {
    const links = [...README.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(m => m[1] as string).filter(link => !link.includes('://'))
    expect(links).to.not.be.empty
    for (const link of links) expect(existsSync(path.join(ROOT, link)), link).to.equal(true)
  })

  it('has the exit codes of the program', () => {
    const rows = [...README.matchAll(/^\| (\d+) \| (.*) \|$/gm)].map(m => [Number(m[1]), m[2]])
    expect(rows).to.deep.equal(EXIT_CODES.map(row => [...row]))
  })

  it('names npm scripts that exist', async () => {
    const { scripts } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    const named = [...README.matchAll(/npm run ([\w:-]+)/g)].map(m => m[1])
    expect(named).to.include('demo')
    for (const name of named) expect(scripts).to.have.property(name as string)
  })

  it('docs/dependencies.md has a reason for every dependency, and no other', async () => {
    const { dependencies, devDependencies } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    const [, runTime = '', development = ''] = (await readFile(path.join(ROOT, 'docs', 'dependencies.md'), 'utf8')).split(/^## /m)
    const named = (text: string) => [...text.matchAll(/^\| `(.+?)` \| \S/gm)].map(m => m[1])
    expect(named(runTime)).to.deep.equal(Object.keys(dependencies))
    expect(named(development)).to.deep.equal(Object.keys(devDependencies))
  })

  it("npx finds the clone's own df, and npm packs what the install line installs", async () => {
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
    expect(await run('npx', ['--no-install', 'df', 'version'], { cwd: ROOT })).to.include({ code: 0, stdout: `${version}\n` })
    const packed = await run('npm', ['pack', '--silent', '--dry-run', '--ignore-scripts'], { cwd: ROOT })
    expect(packed.stdout).to.equal(`dragonfly-p2p-${version}.tgz\n`)
  })

  describe('commands', () => {
    let lab: Lab
    let origin: Nginx
    let seed: Running
    let sha256: string
    let address: string
    let env: NodeJS.ProcessEnv

    before(async function () {
      if (!hasNginx()) this.skip()
      lab = await Lab.open()
      sha256 = await lab.file('big.iso', 2 * MiB + 1)
      await lab.file('private.bin', MiB)
      origin = await lab.nginx()
      const PATH = `${path.join(ROOT, 'bin')}:${process.env.PATH}`
      env = { ...process.env, PATH, DRAGONFLY_HOME: lab.path('home'), DRAGONFLY_SEEDS: undefined }
      await mkdir(lab.path('home'))
      const [block] = blocks('sh seed')
      expect(block).to.equal(SEED_LINE)
      // A port of its own: 4801 may be taken by a seed that somebody uses.
      const args = [...SEED_LINE.trim().split(' ').slice(1), '--listen', '/ip4/127.0.0.1/tcp/0']
      // as a person gives it for a registry of his own: this origin is no public one
      args.push('--allow-origin', '127.0.0.1')
      seed = start('df', args, { cwd: lab.dir, env: { ...env, DRAGONFLY_HOME: lab.path('seed') } })
      await seed.says(/On other hosts:\n {2}df get --seed \S+ URL\n/)
      address = /--seed (\S+) URL/.exec(seed.said.stdout)?.[1] as string
    })
    after(async () => {
      if (seed !== undefined) {
        seed.child.kill('SIGTERM')
        expect(await seed.ended).to.include({ code: 0 })
      }
      await lab?.close()
    })

    function filledIn(text: string): string {
      return text
        .replaceAll('https://example.org', origin.url)
        .replaceAll('sha256:9f86d08…', `sha256:${sha256}`)
        .replaceAll(SEED_ADDRESS, address)
    }

    /** As a person types it, stopping at the first failure. */
    function sh(script: string): Promise<Ended> {
      return run('sh', ['-eu', '-c', script], { cwd: lab.dir, env })
    }

    for (const [i, block] of blocks('sh run').entries()) {
      it(`block ${i + 1}: ${block.split('\n')[0]} …`, async () => {
        const ended = await sh(filledIn(block))
        expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
        expect(filledIn(block), 'nothing left out').to.not.include('…')
      })
    }

    it('the daemon', async () => {
      const [block = ''] = blocks('sh daemon')
      // on loopback, where it is found by nobody
      const here = block.replace('--detach', '--detach --listen /ip4/127.0.0.1/tcp/0')
      const ended = await sh(filledIn(here))
      expect(ended.code, ended.stdout + ended.stderr).to.equal(0)
      expect(ended.stdout).to.match(/^daemon ready\n[\s\S]*\nlimit +none\n[\s\S]*\nstopped \(pid \d+\)\n$/)
    })

    it('the install line, as far as it goes without installing', async () => {
      const [line] = blocks('sh')
      expect(line).to.match(/^npm ci && npx df get https:\/\/example\.org\/big\.iso\n$/)
      const ended = await sh(filledIn((line as string).replace('npm ci && npx ', '')))
      expect(ended.code, ended.stderr).to.equal(0)
      expect(await lab.read('big.iso')).to.equal(sha256)
    })

    it('the program that embeds it', async () => {
      const app = lab.path('app')
      await mkdir(path.join(app, 'node_modules'), { recursive: true })
      await symlink(ROOT, path.join(app, 'node_modules', 'dragonfly-p2p'))
      await writeFile(path.join(app, 'package.json'), '{"type": "module"}')
      await writeFile(path.join(app, 'main.ts'), filledIn(blocks('ts')[0] as string))
      const ended = await run(process.execPath, ['main.ts'], { cwd: app, env })
      expect(ended.code, ended.stderr).to.equal(0)
      expect(ended.stdout).to.match(new RegExp(`^${sha256} \\d+ \\d+\n`))
      expect(await lab.read('app/copy.iso')).to.equal(sha256)
    })

    it('the receipt has the fields of the table, and no other', async () => {
      const ended = await sh(filledIn('df get --json -r 0-99 -o r https://example.org/big.iso'))
      const { type, ...receipt } = JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) as string)
      expect(type).to.equal('done')
      const table = /## Receipt\n([\s\S]*?)\n## /.exec(README)?.[1] ?? ''
      const firstColumn = [...table.matchAll(/^\| (`.*?) \|/gm)].map(m => m[1]).join(' ')
      const named = [...firstColumn.matchAll(/`(\w+)`/g)].map(m => m[1])
      expect(named).to.have.members(Object.keys(receipt))
    })
  })
})

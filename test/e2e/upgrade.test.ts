// Hosts of the last released version and of this one in one swarm: each may be updated when it suits.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { ROOT } from '../cli/processes.ts'
import { DF, hasNginx, type Lab, LISTEN, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

/**
 * While nothing is released: from before `named_by_digest`, fleets, copies, windows for messages and contents within answers were added to the wire.
 * Its wire has the numbers of today's, and today's packages run it.
 */
const BEFORE_RELEASES = 'f563d50'
const LENGTH = 3_000_000
/** Bytes a second. Slow beside a peer that has everything, so that it gives something. */
const SEED_RATE = '2M'

/** The commit of the last release, or the one before releases; undefined in a clone without it. */
function lastRelease(): string | undefined {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' })
  const tag = git('describe', '--tags', '--abbrev=0', '--match', 'v[0-9]*', 'HEAD^').stdout?.trim()
  const commit = tag || BEFORE_RELEASES
  return git('cat-file', '-e', `${commit}^{commit}`).status === 0 ? commit : undefined
}

describe('upgrade', () => {
  let old: string
  let lab: Lab
  labForEach(opened => {
    lab = opened
  })

  before(async function () {
    const commit = lastRelease()
    if (commit === undefined) console.warn('SKIPPED: this clone has no history, so this version meets no older one')
    if (commit === undefined || !hasNginx()) return this.skip()
    const dir = await mkdtemp(path.join(tmpdir(), 'df-old-'))
    const archive = execFileSync('git', ['archive', commit, 'bin', 'src', 'package.json'], { cwd: ROOT, maxBuffer: 2 ** 28 })
    execFileSync('tar', ['-x', '-C', dir], { input: archive })
    await symlink(path.join(ROOT, 'node_modules'), path.join(dir, 'node_modules'))
    old = path.join(dir, 'bin', 'df')
    expect(existsSync(old)).to.equal(true)
  })
  after(async () => {
    if (old !== undefined) await rm(path.dirname(path.dirname(old)), { recursive: true, force: true })
  })

  async function ready(seed: Running): Promise<string> {
    return ((await seed.line('ready')).addresses as string[])[0] as string
  }

  for (const [what, isOldSeed] of [
    ['a seed of the last version', true],
    ['a seed of this version', false],
  ] as const) {
    it(`${what} serves both, which serve one another`, async () => {
      const origin = await lab.nginx()
      const args = ['seed', 'start', '--json', ...LISTEN, '--allow-origin', '127.0.0.1', '--upload-limit', SEED_RATE]
      const seed = lab.run(isOldSeed ? old : DF, args, 'seed')
      const address = await ready(seed)
      const get = (program: string, file: string, home: string, linger: string) => {
        const flags = ['--json', '--no-origin', '--linger', linger, '--seed', address, ...LISTEN]
        return lab.run(program, ['get', ...flags, '-o', `${home}-${file}`, `${origin.url}/${file}`], home)
      }
      for (const [file, first, second] of [
        ['a.bin', old, DF],
        ['b.bin', DF, old],
      ] as const) {
        const sha256 = await lab.file(file, LENGTH)
        const stays = get(first, file, `first-${file}`, '5m')
        expect(await stays.line('done')).to.include({ sha256, trust: 'seed' })
        const { code, lines, stderr } = await get(second, file, `second-${file}`, '0').ended
        expect([code, stderr]).to.deep.equal([0, ''])
        const done = lines.find(({ type }) => type === 'done')
        expect(done).to.include({ sha256, trust: 'seed' })
        expect(done?.fromPeers, JSON.stringify(done)).to.be.above(0)
        stays.child.kill('SIGTERM')
        const said = [...lines, ...(await stays.ended).lines]
        expect(said.filter(({ type }) => type === 'warning')).to.deep.equal([])
      }
      expect(await origin.bytes()).to.be.below(1.1 * 2 * LENGTH)
    })
  }
})

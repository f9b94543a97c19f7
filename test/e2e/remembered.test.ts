// Hosts remember the peers that they met: whoever knows only dead seeds finds the swarm through them, and does not read the origin.
import { readFile, stat } from 'node:fs/promises'
import { expect } from 'chai'
import { KNOWN_PEERS_FILE } from '../../src/node/peers/known-peers-file.ts'
import { hasNginx, type Lab, LISTEN, type Nginx, type Running } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const SIZE = 4 << 20

describe('e2e: peers that were met before', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  interface Swarm {
    origin: Nginx
    seed: Running & { address: string; peerId: string }
    sha256: string
    get(home: string, file: string, extra?: readonly string[]): Running
    killSeed(): Promise<void>
  }

  /** A seed, and a survivor that has `f.bin` and `g.bin`. */
  async function swarm(survivor: (get: Swarm['get'], address: string) => Promise<string>): Promise<Swarm & { survivor: string }> {
    const sha256 = await lab.file('f.bin', SIZE)
    await lab.file('g.bin', SIZE)
    const origin = await lab.nginx()
    const seed = await lab.seed()
    const get = (home: string, file: string, extra: readonly string[] = []) =>
      lab.df(
        ['get', '--json', '-o', lab.path(`${home}-${file}`), '--seed', seed.address, ...extra, `${origin.url}/${file}`],
        home,
      )
    const killSeed = async () => {
      seed.child.kill('SIGKILL')
      await seed.ended
    }
    return { origin, seed, sha256, get, killSeed, survivor: await survivor(get, seed.address) }
  }

  async function daemon(get: Swarm['get'], address: string): Promise<string> {
    const { peerId } = await lab.df(['daemon', 'start', '--json', ...LISTEN, '--seed', address], 'survivor').line('ready')
    for (const file of ['f.bin', 'g.bin']) expect((await get('survivor', file).ended).code).to.equal(0)
    return peerId as string
  }

  const known = async (home: string) => await readFile(lab.path(home, KNOWN_PEERS_FILE), 'utf8')
  const bodies = async (origin: Nginx, file: string) =>
    (await origin.requests()).filter(({ path, bytes }) => path === `/${file}` && bytes > 1)

  it('lead a newcomer with a dead seed to a daemon that has the content: nothing is read of the origin', async () => {
    const { origin, get, sha256, killSeed, survivor } = await swarm(daemon)
    // long enough that whoever the seed names is a neighbour before the end, also on a busy machine
    const first = await get('newcomer', 'g.bin', ['--limit-rate', '2M']).ended
    expect(first.code, first.stderr).to.equal(0)
    expect(await known('newcomer')).to.include(survivor)
    expect((await stat(lab.path('newcomer', KNOWN_PEERS_FILE))).mode & 0o777).to.equal(0o600)
    await killSeed()
    const before = await bodies(origin, 'f.bin')
    const { code, stderr, lines } = await get('newcomer', 'f.bin').ended
    expect(code, stderr).to.equal(0)
    expect(lines.at(-1)).to.include({ type: 'done', sha256, fromOrigin: 0, trust: 'seed', fromPeers: SIZE })
    expect(await bodies(origin, 'f.bin')).to.deep.equal(before)
  })
})

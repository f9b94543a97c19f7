// df get --hard-link: the output is the store's own file, and what a user does to it stays his own affair.
import { createHash } from 'node:crypto'
import { appendFile, chmod, open, readFile, rm, stat, truncate } from 'node:fs/promises'
import { expect } from 'chai'
import { hasNginx, type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024
const HOME = 'host'

describe('df get --hard-link', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  const sha256 = async (file: string) =>
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')

  /** The URL of a content of 3 MiB, its digest, and a daemon to get it through. */
  async function begin(): Promise<{ url: string; digest: string; stopOrigin: () => Promise<void> }> {
    const digest = await lab.file('a.bin', 3 * MiB)
    const origin = await lab.nginx()
    await lab.df(['daemon', 'start', '--json', ...LISTEN], HOME).line('ready')
    return { url: `${origin.url}/a.bin`, digest, stopOrigin: () => origin.stop() }
  }

  async function get(url: string, output: string, ...flags: string[]): Promise<Record<string, unknown>> {
    const ended = await lab.df(['get', '--json', '-o', lab.path(output), ...flags, url], HOME).ended
    expect(ended.code, ended.stderr).to.equal(0)
    return ended.lines.find(line => line.type === 'done') as Record<string, unknown>
  }

  async function storeFile(): Promise<string> {
    const [key] = await lab.kept(HOME)
    return lab.path(HOME, 'store', 'entries', key as string, 'data')
  }

  it('makes one read-only file of output and store, again and again', async () => {
    const { url, digest } = await begin()
    await get(url, 'a', '--hard-link')
    const { ino } = await stat(await storeFile())
    const mode = 0o444 & ~process.umask()
    expect(await stat(lab.path('a'))).to.include({ ino, nlink: 2, mode: 0o100000 | mode })
    await get(url, 'b', '--hard-link')
    expect(await get(url, 'b', '--hard-link')).to.include({ sha256: digest, resumed: 3 * MiB })
    expect(await stat(lab.path('b'))).to.include({ ino, nlink: 3 })
    expect((await lab.files('.')).filter(name => name.startsWith('.'))).to.deep.equal([])
    // a copy is a file of its own, to be written to
    await get(url, 'c')
    expect(await stat(lab.path('c'))).to.include({ nlink: 1, mode: 0o100000 | (0o666 & ~process.umask()) })
    expect(await sha256(lab.path('c'))).to.equal(digest)
  })

  const EDITS: [what: string, edit: (file: string) => Promise<void>][] = [
    [
      'written to',
      async file => {
        const handle = await open(file, 'r+')
        await handle.write('mine', MiB)
        await handle.close()
      },
    ],
    ['made longer', file => appendFile(file, 'mine')],
    ['made shorter', file => truncate(file, 2 * MiB)],
  ]
  for (const [what, edit] of EDITS) {
    it(`an output that is ${what} stays so, and the store takes nothing of it`, async () => {
      const { url, digest } = await begin()
      await get(url, 'a', '--hard-link')
      await chmod(lab.path('a'), 0o644)
      await edit(lab.path('a'))
      const edited = await sha256(lab.path('a'))
      expect(edited).to.not.equal(digest)
      expect(await get(url, 'b')).to.include({ sha256: digest })
      expect(await sha256(lab.path('b'))).to.equal(digest)
      expect(await sha256(lab.path('a'))).to.equal(edited)
      expect(await sha256(await storeFile())).to.equal(digest)
      expect((await lab.df(['verify'], HOME).ended).code).to.equal(0)
    })
  }

  it('gives no peer what a user wrote', async () => {
    const { url, digest, stopOrigin } = await begin()
    await get(url, 'a', '--hard-link')
    const status = (await lab.df(['daemon', 'status', '--json'], HOME).ended).lines[0] as { addresses: string[] }
    await chmod(lab.path('a'), 0o644)
    await (EDITS[0] as (typeof EDITS)[number])[1](lab.path('a'))
    await stopOrigin()
    // the whole cannot be had: but what is given is right, and nobody is banned for it
    const peer = lab.df(
      ['get', '--json', '--no-origin', '--no-daemon', '--timeout', '5s', '--digest', digest].concat([
        '--bootstrap',
        status.addresses[0] as string,
        '-o',
        lab.path('peer'),
        url,
      ]),
      'peer',
    )
    const ended = await peer.ended
    expect(ended.code).to.not.equal(0)
    expect(ended.lines.filter(({ code }) => code === 'peer-banned')).to.deep.equal([])
  })

  it('goes on with a link that was removed', async () => {
    const { url, digest } = await begin()
    await get(url, 'a', '--hard-link')
    await rm(lab.path('a'))
    expect(await get(url, 'a')).to.include({ resumed: 3 * MiB, sha256: digest })
  })

  it('copies where there can be no link: on another disk, and without a daemon', async function () {
    const { url, digest } = await begin()
    const alone = lab.df(['get', '--no-daemon', '--hard-link', '-o', lab.path('a'), url], 'alone')
    expect((await alone.ended).code).to.equal(0)
    expect(await stat(lab.path('a'))).to.include({ nlink: 1 })
    if (!(await lab.disk('disk', 16 * MiB))) return this.skip()
    await get(url, 'disk/a', '--hard-link')
    expect(await stat(lab.path('disk', 'a'))).to.include({ nlink: 1 })
    expect(await sha256(lab.path('disk', 'a'))).to.equal(digest)
  })

  it('shares blocks, or copies, within the quota of the daemon', async () => {
    const origin = await lab.nginx()
    await lab.df(['daemon', 'start', '--json', '--quota', '7MiB', ...LISTEN], HOME).line('ready')
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await lab.file(name, 2 * MiB)
      await get(`${origin.url}/${name}`, 'out')
    }
    const shown = (await lab.df(['ls', '--json'], HOME).ended).lines as { bytes: number; url: string }[]
    expect(shown.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.at.most(7 * MiB)
    expect(shown.map(({ url }) => url)).to.include(`${origin.url}/e`)
  })
})

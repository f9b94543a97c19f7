// What an origin may do with the name of a file: suggest one that nothing has. Real processes, real files.
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { content, honest, hostileOrigin } from '../origin/hostile-origin.ts'
import type { Ended, Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

describe('a name that the origin chose', () => {
  let lab: Lab
  labForEach(l => {
    lab = l
  })

  const get = (...args: string[]): Promise<Ended> => lab.df(['get', ...args], 'home').ended
  const text = (...parts: string[]) => readFile(lab.path(...parts), 'utf8')

  /** Calls everything `name`; `version` is what it has now. */
  async function origin(name: string) {
    const now = { version: 1 }
    const { url } = await hostileOrigin(request => {
      const act = honest(request, content(1000, now.version), { etag: `"${now.version}"` })
      return {
        ...act,
        headers: { ...act.headers, 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}` },
      }
    })
    return { url, now, bytes: (version: number) => Buffer.from(content(1000, version)) }
  }

  it('never replaces a file: the next free name is taken, and the same bytes are not written twice', async () => {
    const { url, now, bytes } = await origin('Makefile')
    await writeFile(lab.path('Makefile'), 'all: mine')
    for (let i = 0; i < 2; i++) {
      const { code, stderr, lines } = await get(`${url}download?id=7`, '--json')
      expect(code, stderr).to.equal(0)
      expect(lines.at(-1)).to.include({ type: 'done', output: lab.path('Makefile.1') })
    }
    now.version = 2
    expect(await get(`${url}download?id=7`, '--revalidate', '-q')).to.include({ code: 0 })
    expect(await text('Makefile')).to.equal('all: mine')
    expect(await readFile(lab.path('Makefile.1'))).to.deep.equal(bytes(1))
    expect(await readFile(lab.path('Makefile.2'))).to.deep.equal(bytes(2))
    expect((await lab.files('.')).filter(name => name.includes('Makefile'))).to.have.members([
      'Makefile',
      'Makefile.1',
      'Makefile.2',
    ])
  })

  it('never replaces one by a range, nor by a link that leads elsewhere', async () => {
    const { url, bytes } = await origin('Makefile')
    await symlink('victim', lab.path('Makefile'))
    expect(await get(`${url}download`, '-r', '0-9', '-q')).to.include({ code: 0 })
    expect(await lab.files('.')).to.not.include('victim')
    expect(await readFile(lab.path('Makefile.1'))).to.deep.equal(bytes(1).subarray(0, 10))
  })

  it('leaves the file that is there with --no-clobber, and takes none with -N', async () => {
    const { url, bytes } = await origin('Makefile')
    await writeFile(lab.path('Makefile'), 'all: mine')
    const { code, lines } = await get(`${url}download`, '--no-clobber', '--json')
    expect(code).to.equal(0)
    expect(lines.at(-1)).to.include({ type: 'skipped', reason: 'exists', output: lab.path('Makefile') })
    expect(await get(`${url}download`, '-N', '-q')).to.include({ code: 0 })
    expect(await text('Makefile')).to.equal('all: mine')
    expect(await readFile(lab.path('Makefile.1'))).to.deep.equal(bytes(1))
  })

  it('is not that of the URL or of -o, which replace a file and keep its mode', async () => {
    const { url, bytes } = await origin('app.tgz')
    for (const args of [[new URL('/app.tgz', url).href], [`${url}x`, '-o', 'named']]) {
      const file = lab.path(args.at(-1) === 'named' ? 'named' : 'app.tgz')
      await writeFile(file, 'old')
      await chmod(file, 0o600)
      expect(await get(...args, '-q')).to.include({ code: 0 })
      expect(await readFile(file)).to.deep.equal(bytes(1))
      expect((await stat(file)).mode & 0o777).to.equal(0o600)
    }
  })

  it('neither begins with a hyphen nor hides a character', async () => {
    const { url } = await origin('--checkpoint-action=exec\u200b\u2028.sh')
    expect(await get(`${url}x`, '-P', 'out', '-q')).to.include({ code: 0 })
    expect(await lab.files('out')).to.deep.equal(['checkpoint-action=exec.sh'])
  })

  it('in an index replaces what is below the folder that -P names, and nothing else', async () => {
    const { url } = await hostileOrigin((request, _nth) => {
      const page = Buffer.from('<a href="Makefile">Makefile</a>')
      const isPage = request.url?.endsWith('/') === true
      const act = honest(request, isPage ? page : content(10), { etag: '"1"' })
      return isPage ? { ...act, headers: { ...act.headers, 'content-type': 'text/html' } } : act
    })
    await mkdir(lab.path('out'))
    for (const folder of ['.', 'out']) await writeFile(lab.path(folder, 'Makefile'), 'mine')
    const plain = await get('--recursive', new URL('/', url).href, '-q')
    expect(plain.code, plain.stderr).to.equal(0)
    expect(await text('Makefile')).to.equal('mine')
    expect(await readFile(lab.path('Makefile.1'))).to.deep.equal(Buffer.from(content(10)))
    expect(await get('--recursive', new URL('/', url).href, '-P', 'out', '-q')).to.include({ code: 0 })
    expect(await readFile(lab.path('out', 'Makefile'))).to.deep.equal(Buffer.from(content(10)))
  })

  it('never replaces one through a daemon either', async () => {
    const { url, bytes } = await origin('Makefile')
    const daemon = lab.df(['daemon', 'start', '--listen', '/ip4/127.0.0.1/tcp/0', '--json'], 'home')
    await daemon.line('ready')
    await writeFile(lab.path('Makefile'), 'all: mine')
    expect(await get(`${url}download`, '-q')).to.include({ code: 0 })
    expect(await get(`${url}download`, '-r', '0-9', '-q')).to.include({ code: 0 })
    expect(await text('Makefile')).to.equal('all: mine')
    expect(await readFile(lab.path('Makefile.1'))).to.deep.equal(bytes(1))
    expect(await readFile(lab.path('Makefile.2'))).to.deep.equal(bytes(1).subarray(0, 10))
  })
})

// Private content with a real nginx that checks credentials: one swarm for all whom it lets in, nothing for anybody else.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { hasNginx, holds, Lab, LISTEN, type Nginx } from './lab.ts'

const LENGTH = 3 * 1024 * 1024 + 17
/** What the origin may give besides the file: a byte for each proof, and pages that say 401. */
const SLACK = 64 * 1024

interface Door {
  name: string
  /** Headers of two readers, and of one who is none. */
  readers: [string, string]
  stranger: string
  secrets: string[]
  nginx: (lab: Lab) => Promise<Nginx>
  /** From the next reload on the second reader is none. */
  expelSecond: (lab: Lab) => Promise<void>
}

const basic = (user: string, password: string) => `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const sha1 = (password: string) => `{SHA}${createHash('sha1').update(password).digest('base64')}`

const DOORS: Door[] = [
  {
    name: 'Basic',
    readers: [basic('alice', 'wonderland-7731'), basic('bob', 'builder-9921')],
    stranger: basic('alice', 'looking-glass-1'),
    secrets: ['wonderland-7731', 'builder-9921'],
    nginx: async lab => {
      await tellUsers(lab, { alice: 'wonderland-7731', bob: 'builder-9921' })
      return await lab.nginx({ extra: `auth_basic "readers"; auth_basic_user_file ${lab.path('nginx-users')};` })
    },
    expelSecond: lab => tellUsers(lab, { alice: 'wonderland-7731' }),
  },
  {
    name: 'Bearer',
    readers: ['Authorization: Bearer tokenofalice55', 'Authorization: Bearer tokenofbob66'],
    stranger: 'Authorization: Bearer tokenofmallory',
    secrets: ['tokenofalice55', 'tokenofbob66'],
    nginx: async lab => {
      await tellReaders(lab, ['tokenofalice55', 'tokenofbob66'])
      return await lab.nginx({
        http: `map $http_authorization $reader { default 0; include ${lab.path('nginx-readers')}; }`,
        extra: 'if ($reader = 0) { return 401; }',
      })
    },
    expelSecond: lab => tellReaders(lab, ['tokenofalice55']),
  },
]

async function tellUsers(lab: Lab, users: Record<string, string>): Promise<void> {
  const lines = Object.entries(users).map(([user, password]) => `${user}:${sha1(password)}\n`)
  await writeFile(lab.path('nginx-users'), lines.join(''), { mode: 0o644 })
}

async function tellReaders(lab: Lab, tokens: readonly string[]): Promise<void> {
  await writeFile(lab.path('nginx-readers'), tokens.map(token => `"Bearer ${token}" 1;\n`).join(''))
}

for (const door of DOORS) {
  describe(`e2e: private content behind ${door.name}`, () => {
    let lab: Lab
    let origin: Nginx
    let sha256: string
    let url: string

    before(async function () {
      // its origin is a real nginx, which CI installs; without one the lab says so
      if (!hasNginx()) return this.skip()
      lab = await Lab.open()
      await mkdir(lab.dir, { recursive: true })
      sha256 = await lab.file('private.bin', LENGTH)
      origin = await door.nginx(lab)
      url = `${origin.url}/private.bin`
    })
    after(() => lab?.close())

    it('is read once for two readers, and gives nothing to one without or with wrong credentials', async () => {
      const seed = await lab.seed()
      const get = (home: string, header: string | undefined, extra: readonly string[] = []) => {
        const headers = header === undefined ? [] : ['-H', header]
        return lab.df(['get', url, '--json', ...LISTEN, '--seed', seed.address, ...headers, '-o', `${home}.out`, ...extra], home)
      }
      const [first, second] = door.readers
      const alice = get('alice', first, ['--linger', '60s'])
      await alice.line('done')
      const bob = await get('bob', second).ended
      expect(bob.code, bob.stderr).to.equal(0)
      for (const name of ['alice.out', 'bob.out']) expect(await lab.read(name)).to.equal(sha256)
      expect(bob.lines.find(l => l.type === 'done')).to.include({ fromOrigin: 0, bytes: LENGTH })
      const said = [bob.stderr, bob.stdout.toString()]
      for (const [home, header] of [
        ['wrong', door.stranger],
        ['none', undefined],
      ] as const) {
        const ended = await get(home, header).ended
        expect(ended.code).not.to.equal(0)
        expect(ended.lines.find(l => l.type === 'error'))
          .to.have.property('message')
          .that.includes('401')
        expect(await lab.kept(home)).to.deep.equal([])
        said.push(ended.stderr, ended.stdout.toString())
      }
      expect(await origin.bytes()).to.be.within(LENGTH, LENGTH + SLACK)
      for (const { child, ended } of [alice, seed]) {
        child.kill('SIGTERM')
        const { stderr, stdout } = await ended
        said.push(stderr, stdout.toString())
      }
      const encoded = door.readers.map(header => header.split(' ').at(-1) as string)
      for (const text of said) expect(holds(text, [...door.secrets, ...encoded])).to.equal(false)
      const files = (await lab.filesWith([...door.secrets, ...encoded])).filter(path => !path.includes('/nginx-'))
      expect(files, 'credentials on the disk').to.deep.equal([])
    })

    it('is closed to who loses access, whatever the seed has', async () => {
      const seed = await lab.seed('seed-2')
      const get = (home: string, header: string) =>
        lab.df(['get', url, '--json', ...LISTEN, '--seed', seed.address, '-H', header, '-o', `${home}.out`], home).ended
      expect((await get('before', door.readers[1])).code).to.equal(0)
      await door.expelSecond(lab)
      const authorization = door.readers[1].replace('Authorization: ', '')
      const headers = { authorization, range: 'bytes=0-0' }
      await origin.reload(async () =>
        // a worker that is going away may drop the question
        fetch(url, { headers }).then(
          answer => answer.status === 401,
          () => false,
        ),
      )
      // within a second of an answer the origin is not asked again: that is how a flash crowd is one question
      let bob = await get('after', door.readers[1])
      while (bob.code === 0) bob = await get('after', door.readers[1])
      expect(bob.lines.find(l => l.type === 'error'))
        .to.have.property('message')
        .that.includes('401')
      const alice = await get('still', door.readers[0])
      expect(alice.lines.find(l => l.type === 'done')).to.include({ fromOrigin: 0 })
    })
  })
}

// Checks docs/habits.md: each row of its table is a command that people who know curl, wget or dfget type; it runs against nginx.
// After a change: `UPDATE_DOCS=1 npm exec -- mocha test/habits-table.test.ts` rewrites the table.
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { ROOT, run } from './cli/processes.ts'
import { hasNginx, Lab, type Nginx } from './e2e/lab.ts'

const PAGE = path.join(ROOT, 'docs/habits.md')
const LENGTH = 300_000
const MODIFIED = new Date('2020-01-02T03:04:05Z')

type Before = (dir: string) => Promise<unknown>
/** What is typed, with `http://origin` for nginx and `SHA256`, `MD5` for digests; and what is there before. */
type Row = readonly [command: string, before?: Before]

const file =
  (name: string, text: string, at?: Date): Before =>
  async dir => {
    await writeFile(path.join(dir, name), text, { mode: 0o600 })
    if (at !== undefined) await utimes(path.join(dir, name), at, at)
  }
const NETRC = file('.netrc', 'machine 127.0.0.1 login me password secret\n')
const COOKIES = file('jar.txt', '127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\t42\nexample.org\tFALSE\t/\tFALSE\t0\tother\t1\n')
const WHOLE = file('file.bin', 'old')

const ROWS: readonly Row[] = [
  // the file
  ['df get http://origin/file.bin'],
  ['df get -fsSLO http://origin/file.bin'],
  ['df get -fsSL http://origin/moved -o a.bin'],
  ['df get -OJL http://origin/attached'],
  ['df get -qO- http://origin/small'],
  ['df get -q -O - http://origin/small'],
  ['df get -O a.bin http://origin/file.bin'],
  ['df get -O http://origin/file.bin'],
  ['df get -sSLo a.bin http://origin/file.bin'],
  ['df get -c http://origin/file.bin'],
  ['df get -C - -O http://origin/file.bin'],
  ['df get -C 100 -O http://origin/file.bin'],
  ['df get -P new/dir http://origin/file.bin'],
  ['df get -d dir -o a.bin http://origin/file.bin'],
  ['df get --create-dirs -o new/a.bin http://origin/file.bin'],
  ['df get -o new/a.bin http://origin/file.bin'],
  ['df get -o /dev/null http://origin/file.bin'],
  ['df get -q http://origin/file.bin; date -u -r file.bin +%F'],
  ['df get -q --no-remote-time http://origin/file.bin; test file.bin -nt .profile && echo newer', file('.profile', '', MODIFIED)],
  ['df get -q http://origin/file.bin; stat -c %a file.bin', WHOLE],
  ['df get -nc http://origin/file.bin', WHOLE],
  ['df get -N http://origin/file.bin', file('file.bin', 'x'.repeat(LENGTH), new Date('2021-01-01'))],
  ['df get -N http://origin/file.bin', file('file.bin', 'x'.repeat(LENGTH), new Date('2019-01-01'))],
  ['df get -r 0-4 -qO- http://origin/small'],
  ['df get -r -5 -qO- http://origin/small'],
  ['df get http://origin/file.bin | wc -c'],
  ['df get -o - http://origin/file.bin > /dev/full'],
  // several
  ['df get http://origin/file.bin http://origin/small -P dir'],
  ['df get http://origin/missing http://origin/small'],
  ['df get -O http://origin/file.bin -O http://origin/small'],
  ['df get -i list.txt', file('list.txt', '# two\nhttp://origin/file.bin\nhttp://origin/small\n')],
  ['echo http://origin/small | df get -i -'],
  ['df get -o a http://origin/file.bin -o b http://origin/small'],
  // only a look
  ['df get -I http://origin/file.bin'],
  ['df get -X HEAD http://origin/small'],
  ['df get --spider http://origin/file.bin'],
  ['df get --spider http://origin/missing'],
  // what the origin is told
  ["df get -qO- -A 'Mozilla/5.0' -e http://a/ http://origin/seen"],
  ["df get -qO- -H 'Cookie: a=1' http://origin/seen"],
  ["df get -qO- -b 'a=1; b=2' http://origin/seen"],
  ['df get -qO- -b jar.txt http://origin/seen', COOKIES],
  ['df get -qO- -H @headers.txt http://origin/seen', file('headers.txt', 'Cookie: a=1\nReferer: http://b/\n')],
  ['df get -u me:secret http://origin/private/file.bin'],
  ['df get -u me:wrong http://origin/private/file.bin'],
  ['df get --user=me --password=secret http://origin/private/file.bin'],
  ['setsid -w df get -u me http://origin/private/file.bin'],
  ['df get http://origin/private/file.bin'],
  ['df get http://origin/private/file.bin', NETRC],
  ['df get --no-netrc http://origin/private/file.bin', NETRC],
  ['df get -qO- http://origin/seen', NETRC],
  ['df get -qnO- http://origin/seen', NETRC],
  ['df get -qnO- http://origin/away', NETRC],
  ['df get -qO- --netrc-file logins http://origin/seen', file('logins', 'default login me password secret\n')],
  // patience and checks
  ['df get -m 1s http://origin/slow'],
  ['df get --retry 0 --connect-timeout 2 http://127.0.0.1:1/file.bin'],
  ['df get -t 1 -T 5 http://origin/file.bin'],
  ['df get --checksum sha-256=SHA256 http://origin/file.bin'],
  ['df get --digest SHA256 http://origin/file.bin'],
  [`df get --digest ${'0'.repeat(64)} http://origin/file.bin`],
  ['df get --checksum md5=MD5 http://origin/file.bin'],
  // what df does not do
  ['df get -X POST http://origin/file.bin'],
  ["df get -d 'a=1' http://origin/file.bin"],
  ['df get --data-binary @x http://origin/file.bin'],
  ['df get -F file=@x http://origin/file.bin'],
  ['df get -T x http://origin/file.bin'],
  ["df get -w '%{http_code}' http://origin/file.bin"],
  ['df get -r http://origin/file.bin'],
  ['df get -i http://origin/file.bin'],
  ['df get origin/file.bin'],
  ['df get ftp://origin/file.bin'],
  ['df get --ouptut a http://origin/file.bin'],
  ['df gett http://origin/file.bin'],
  ['df http://origin/file.bin'],
  // peers
  ['df get --seed nonsense http://origin/file.bin'],
  ['DRAGONFLY_SEEDS=nonsense df get http://origin/file.bin'],
  // the original
  ['dfget -u http://origin/file.bin -o a.bin --md5 MD5'],
  [`dfget -u http://origin/file.bin -o a.bin --md5 ${'0'.repeat(32)}`],
  ['dfget --url http://origin/file.bin --node 10.0.0.1:8002 --pattern cdn --callsystem me --totallimit 20M --console'],
  ["dfget -u 'http://origin/small?sign=1' --filter 'sign&expires' --identifier v1 -e 60 --header 'A: 1' -o a"],
  ['dfget -u http://origin/file.bin --notbs'],
]

describe('docs/habits.md', function () {
  this.timeout(60_000)
  let lab: Lab
  let origin: Nginx
  const digests = { SHA256: '', MD5: '' }
  const found: string[][] = []

  before(async function () {
    if (!hasNginx()) return this.skip()
    lab = await Lab.open()
    digests.SHA256 = await lab.file('file.bin', LENGTH)
    await lab.file('slow', LENGTH)
    await mkdir(lab.path('www', 'private'))
    const body = await readFile(lab.path('www', 'file.bin'))
    digests.MD5 = createHash('md5').update(body).digest('hex')
    await writeFile(lab.path('www', 'private', 'file.bin'), body)
    await writeFile(lab.path('www', 'attached'), body)
    await writeFile(lab.path('www', 'small'), 'hello world')
    for (const name of ['file.bin', 'small', 'private/file.bin']) await utimes(lab.path('www', name), MODIFIED, MODIFIED)
    await writeFile(lab.path('users'), 'me:{PLAIN}secret\n')
    const seen = '$http_user_agent$s$http_referer$s$http_cookie$s$http_authorization'.replaceAll('$s', ' | ')
    origin = await lab.nginx({
      extra: `} location /private/ { auth_basic x; auth_basic_user_file ${lab.path('users')};
} location = /attached { add_header Content-Disposition 'attachment; filename="named.bin"';
} location = /moved { return 302 /file.bin;
} location = /away { return 302 http://localhost:$server_port/seen;
} location = /slow { limit_rate 1k;
} location = /seen { default_type text/plain; return 200 "${seen}\\n";`,
    })
  })
  after(async () => {
    await lab?.close()
    if (process.env.UPDATE_DOCS === undefined || found.length < ROWS.length) return
    const text = await readFile(PAGE, 'utf8')
    const lines = found.map(line).join('\n')
    await writeFile(PAGE, text.replace(/(\| --- \|.*\n)(?:\|.*\n)*/, `$1${lines}\n`))
  })

  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const real = (text: string) =>
    text.replaceAll('http://origin', origin.url).replace('SHA256', digests.SHA256).replace('MD5', digests.MD5)

  /** The same at every run. */
  function told(text: string, dir: string): string {
    return text
      .replaceAll(origin.url, 'http://origin')
      .replaceAll(origin.url.replace('127.0.0.1', 'localhost'), 'http://localhost')
      .replaceAll(digests.SHA256, 'SHA256')
      .replaceAll(digests.MD5, 'MD5')
      .replaceAll(`${dir}/`, '')
      .replaceAll(/0{64}|0{32}/g, '000…')
      .replaceAll(/Basic \S+/g, 'Basic …')
      .replaceAll(/etag: ".*"/g, 'etag: "…"')
      .trim()
      .replaceAll('\n', ' ⏎ ')
  }

  async function outcome(command: string, before: Before | undefined, nth: number): Promise<string> {
    const dir = await lab.folder(`row-${nth}`)
    await before?.(dir)
    const was = await readdir(dir)
    for (const name of was) {
      const text = await readFile(path.join(dir, name), 'utf8')
      if (text.includes('http://origin')) {
        await writeFile(path.join(dir, name), real(text))
      }
    }
    const own = { HOME: dir, DRAGONFLY_HOME: lab.path(`home-${nth}`), DRAGONFLY_SEEDS: '', XDG_CACHE_HOME: lab.path('cache') }
    const env = { PATH: `${ROOT}/bin:/usr/bin:/bin`, LANG: 'C', ...own }
    const ended = await run('/bin/sh', ['-c', real(command)], { cwd: dir, env })
    const now = await readdir(dir, { recursive: true, withFileTypes: true })
    const files: string[] = []
    for (const entry of now.filter(entry => entry.isFile())) {
      const name = path.relative(dir, path.join(entry.parentPath, entry.name))
      const isOld = was.includes(name)
      const isBody = (await readFile(path.join(dir, name))).equals(await readFile(lab.path('www', 'file.bin')))
      if (isOld && (await readFile(path.join(dir, name))).length <= LENGTH && !isBody) continue
      files.push(`\`${name}\`${isOld ? ' is replaced' : ''}`)
    }
    const isSilent = ended.stderr === ''
    const problems = ended.stderr.split('\n').filter(text => /^(df|dfget): |^kept /.test(text))
    return [
      ...(ended.code === 0 ? [] : [`exit code ${ended.code}`]),
      ...(files.length > 0 ? [`${files.toSorted().join(', ')}${isSilent ? ', silently' : ''}`] : []),
      ...(ended.stdout === '' ? [] : [`prints \`${told(ended.stdout, dir)}\``]),
      ...problems.map(text => `\`${told(text, dir)}\``),
    ].join('; ')
  }

  const states: Record<string, string> = {}
  ROWS.forEach(([command, before], nth) => {
    const shown = `\`${command.replaceAll(/0{64}|0{32}/g, '000…')}\``
    const cell = before === undefined ? shown : `${shown} ${stateOf(command, before)}`
    it(cell, async () => {
      const cells = [cell, (await outcome(command, before, nth)) || 'nothing is written, nothing is said']
      found.push(cells)
      if (process.env.UPDATE_DOCS !== undefined) return
      expect(`\n${await readFile(PAGE, 'utf8')}`).to.include(`\n${line(cells)}\n`)
    })
  })

  function stateOf(command: string, before: Before): string {
    states[command] = `${states[command] ?? ''}x`
    if (before === NETRC) return '(with a login in ~/.netrc)'
    if (before === WHOLE) return '(file.bin is there, of mode 600)'
    if (command.startsWith('df get -N')) return states[command] === 'x' ? '(file.bin is newer)' : '(file.bin is older)'
    return ''
  }

  it('has no other rows', async () => {
    if (process.env.UPDATE_DOCS !== undefined) return
    const rows = (await readFile(PAGE, 'utf8')).match(/^\|.*\|$/gm) ?? []
    expect(rows.length - 2).to.equal(ROWS.length)
  })
})

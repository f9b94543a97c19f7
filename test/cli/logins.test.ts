import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { cookiesFor, readCookies } from '../../src/cli/cookie-file.ts'
import { headerLines } from '../../src/cli/header-lines.ts'
import { parseNetrc, readNetrc } from '../../src/cli/netrc.ts'
import { hasScript } from '../e2e/lab.ts'
import { DF } from './processes.ts'

describe('a netrc file', () => {
  it('has a login for each machine, in any shape of lines', () => {
    const { machines, default: anybody } = parseNetrc(
      '# mine\nmachine A.example login me password se#cret # and more\nmachine b.example\n  login "my name"\n  password "a \\" b"\n' +
        'macdef init\nmachine evil.example login x password y\n\nmachine a.example login other password no\ndefault login anonymous password none\n',
    )
    expect([...machines]).to.deep.equal([
      ['a.example', { user: 'me', password: 'se#cret' }],
      ['b.example', { user: 'my name', password: 'a " b' }],
    ])
    expect(anybody).to.deep.equal({ user: 'anonymous', password: 'none' })
  })

  it('may end anywhere', () => {
    const text = 'machine a login b password c'
    for (let end = 0; end <= text.length; end++) parseNetrc(text.slice(0, end))
  })

  it('need not be there, unless it was named, and has a limit', async () => {
    const dir = await mkdtemp(path.join(os.tmpdir(), 'df-netrc-'))
    try {
      expect((await readNetrc(path.join(dir, 'none'), false)).machines.size).to.equal(0)
      const failures = [readNetrc(path.join(dir, 'none'), true)]
      await writeFile(path.join(dir, 'long'), ' '.repeat(2 ** 20 + 1))
      failures.push(readNetrc(path.join(dir, 'long'), false))
      for (const failure of await Promise.allSettled(failures)) expect(failure).to.include({ status: 'rejected' })
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})

describe('a file of cookies', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-cookies-'))
  })
  after(() => rm(dir, { recursive: true }))

  it('gives each URL its own', async () => {
    const file = path.join(dir, 'jar')
    const lines = [
      '# Netscape HTTP Cookie File',
      'a.example\tFALSE\t/\tFALSE\t0\texact\t1',
      '.a.example\tTRUE\t/\tFALSE\t0\tbelow\t2',
      '#HttpOnly_a.example\tFALSE\t/deep\tFALSE\t0\tdeep\t3',
      'a.example\tFALSE\t/\tTRUE\t0\tsecure\t4',
      'a.example\tFALSE\t/\tFALSE\t1000\told\t5',
      'b.example\tFALSE\t/\tFALSE\t0\tother\t6',
      'nonsense',
    ]
    await writeFile(file, `${lines.join('\n')}\n`)
    const cookies = await readCookies(file)
    const sent = (url: string) => cookiesFor(cookies, new URL(url), 2_000_000)
    expect(sent('http://a.example/x')).to.deep.equal(['exact=1', 'below=2'])
    expect(sent('http://a.example/deep/x')).to.deep.equal(['exact=1', 'below=2', 'deep=3'])
    expect(sent('http://a.example/deeper')).to.deep.equal(['exact=1', 'below=2'])
    expect(sent('https://a.example/')).to.deep.equal(['exact=1', 'below=2', 'secure=4'])
    expect(sent('http://www.a.example/')).to.deep.equal(['below=2'])
    expect(sent('http://nota.example/')).to.deep.equal([])
  })
})

describe('df get -u without a password', function () {
  this.timeout(30_000)
  it('asks on the terminal, which does not show it', async function () {
    if (!hasScript()) return this.skip()
    const dir = await mkdtemp(path.join(os.tmpdir(), 'df-ask-'))
    let seen = ''
    const server = http.createServer((request, response) => {
      seen = request.headers.authorization ?? ''
      response.end('x')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
      const command = `${DF} get -q -u me -o ${dir}/x ${url}`
      const env = { ...process.env, DRAGONFLY_HOME: path.join(dir, 'home'), DRAGONFLY_SEEDS: '' }
      const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'inherit'] })
      let shown = ''
      child.stdout.setEncoding('utf8').on('data', text => {
        if (!shown.includes('Password of me:') && `${shown}${text}`.includes('Password of me:'))
          child.stdin.write('secrex\u007ft\r')
        shown += text
      })
      const [code] = await once(child, 'close')
      expect(code).to.equal(0)
      expect(shown).to.not.include('secre')
      expect(Buffer.from(seen.replace('Basic ', ''), 'base64').toString()).to.equal('me:secret')
    } finally {
      server.close()
      await rm(dir, { recursive: true })
    }
  })
})

describe('a secret', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-secret-'))
  })
  after(() => rm(dir, { recursive: true }))

  it('comes from a file or a variable, and what is on the command line is not shown for long', async () => {
    const sent: http.IncomingHttpHeaders[] = []
    const args: string[] = []
    const server = http.createServer((request, response) => {
      sent.push(request.headers)
      // when the origin is asked, the command has taken them out of sight
      if (process.platform === 'linux') {
        for (const { pid } of children) args.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      }
      response.end('x')
    })
    const children: ChildProcess[] = []
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
      await writeFile(path.join(dir, 'headers'), 'X-File: from a file\n')
      const env = { ...process.env, DRAGONFLY_HOME: path.join(dir, 'home'), DRAGONFLY_SEEDS: '', TOKEN: 'X-Env: from a variable' }
      const flags = ['-H', 'X-Line: s3cret', '-u', 'me:s3cret', '-H', `@${path.join(dir, 'headers')}`, '--header-env', 'TOKEN']
      const child = spawn(DF, ['get', '-q', '-o', path.join(dir, 'x'), ...flags, url], { env, stdio: 'inherit' })
      children.push(child)
      expect((await once(child, 'close'))[0]).to.equal(0)
      expect(sent[0]).to.include({ 'x-line': 's3cret', 'x-file': 'from a file', 'x-env': 'from a variable' })
      expect(args.join()).to.not.include('s3cret')
      expect(args.length > 0).to.equal(process.platform === 'linux')
    } finally {
      server.close()
    }
  })

  it('in a variable that is not set is a mistake', async () => {
    const [error] = await Promise.allSettled([headerLines({ headerEnv: ['NO_SUCH_VARIABLE'] })])
    expect(error).to.have.nested.property('reason.message').that.includes('is not set')
  })
})

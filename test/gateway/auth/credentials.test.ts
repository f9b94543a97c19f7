import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { parseCredentialFile, parseHelperOutput } from '../../../src/origin/registries/credential-files.ts'
import { Credentials, userCredentialFiles } from '../../../src/origin/registries/credentials.ts'
import { failureOf } from './failure-of.ts'

const REGISTRY = new URL('https://reg.corp:5000')
const HUB = new URL('https://registry-1.docker.io')
const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })
const login = (username: string, password: string) => ({ kind: 'basic', username, password })

describe('credentials of registries', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'df-credentials-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  async function written(content: unknown, name = 'config.json'): Promise<string> {
    const file = path.join(dir, name)
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }

  async function credentials(content: unknown, options: { helperTimeoutMs?: number } = {}): Promise<Credentials> {
    return new Credentials({ files: [await written(content)], env: { PATH: `${dir}:${process.env.PATH}` }, ...options })
  }

  async function helper(name: string, script: string): Promise<void> {
    const file = path.join(dir, `docker-credential-${name}`)
    await writeFile(file, `#!/bin/sh\necho run >> ${dir}/runs\n${script}\n`)
    await chmod(file, 0o755)
  }

  const runs = async () => (await readFile(path.join(dir, 'runs'), 'utf8')).trim().split('\n').length

  it('those of the repository win over its namespace, and these over the registry', async () => {
    const found = await credentials({
      auths: {
        'reg.corp:5000': auth('a:1'),
        'reg.corp:5000/team': auth('b:2:2'),
        'reg.corp:5000/team/app': { username: 'c', password: '3' },
        'reg.corp': auth('d:4'),
      },
    })
    expect(await found.find(REGISTRY, 'team/app')).to.deep.equal(login('c', '3'))
    expect(await found.find(REGISTRY, 'team/other')).to.deep.equal(login('b', '2:2'))
    expect(await found.find(REGISTRY, 'teams/app')).to.deep.equal(login('a', '1'))
    expect(await found.find(REGISTRY)).to.deep.equal(login('a', '1'))
    expect(await found.find(new URL('https://reg.corp'))).to.deep.equal(login('d', '4'))
    expect(await found.find(new URL('https://other.corp'))).to.equal(undefined)
  })

  it('old keys are URLs, and Docker Hub goes by several names', async () => {
    const found = await credentials({
      auths: { 'https://index.docker.io/v1/': auth('hub:1'), 'https://reg.corp:5000/v1/': auth('old:2') },
    })
    for (const host of ['docker.io', 'index.docker.io', 'registry-1.docker.io'])
      expect(await found.find(new URL(`https://${host}`), 'library/alpine')).to.deep.equal(login('hub', '1'))
    expect(await found.find(REGISTRY)).to.deep.equal(login('old', '2'))
  })

  it('tokens win over a name; what is no credential counts as none', async () => {
    const { auths } = parseCredentialFile(
      JSON.stringify({
        auths: {
          a: { ...auth('u:p'), identitytoken: 'it' },
          b: { ...auth('u:p'), identitytoken: 'it', registrytoken: 'rt' },
          c: {},
          d: 7,
          e: auth('nobody'),
          f: { identitytoken: 'two\r\nlines' },
          g: { registrytoken: 'x'.repeat(20_000) },
        },
      }),
      'f',
    )
    expect(Object.fromEntries(auths)).to.deep.equal({
      a: { kind: 'identity', token: 'it' },
      b: { kind: 'registry', token: 'rt' },
    })
  })

  it('a file that is none names itself and nothing of its content', async () => {
    for (const content of [
      '{"auths": {"reg.corp": "s3cret"',
      '[]',
      '{"auths":[]}',
      '{"credsStore":"../s3cret"}',
      '{"credHelpers":{"a":"-s3cret"}}',
    ]) {
      const { code, message } = await failureOf((await credentials(content)).find(REGISTRY))
      expect(code).to.equal('bad-option')
      expect(message).to.include('config.json').and.not.include('s3cret')
    }
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`r${i}`, {}]))
    expect((await failureOf((await credentials({ auths: many })).find(REGISTRY))).code).to.equal('bad-option')
    const long = await credentials(JSON.stringify({ a: 'x'.repeat(1024 * 1024) }))
    expect((await failureOf(long.find(REGISTRY))).message).to.include('longer than')
  })

  it('a changed file is read again, one that is missing says nothing, and the first file wins', async () => {
    const second = await written({ auths: { 'reg.corp:5000': auth('b:2') } }, 'second.json')
    const first = path.join(dir, 'first.json')
    const found = new Credentials({ files: [first, second], env: {} })
    expect(await found.find(REGISTRY)).to.deep.equal(login('b', '2'))
    await written({ auths: { 'reg.corp:5000': auth('a:1') } }, 'first.json')
    expect(await found.find(REGISTRY)).to.deep.equal(login('a', '1'))
    await written({ auths: { 'reg.corp:5000': auth('longer:1') } }, 'first.json')
    expect(await found.find(REGISTRY)).to.deep.equal(login('longer', '1'))
  })

  it('finds the files of docker and podman', () => {
    expect(userCredentialFiles({}, '/h')).to.deep.equal(['/h/.config/containers/auth.json', '/h/.docker/config.json'])
    expect(userCredentialFiles({ DOCKER_CONFIG: '/d', XDG_RUNTIME_DIR: '/x' }, '/h')).to.deep.equal([
      '/x/containers/auth.json',
      '/h/.config/containers/auth.json',
      '/d/config.json',
    ])
    expect(userCredentialFiles({ REGISTRY_AUTH_FILE: '/r', DOCKER_CONFIG: '/d' }, '/h')).to.deep.equal(['/r'])
  })

  describe('helpers', () => {
    it('are asked for the registry by standard input, once for many requests', async () => {
      await helper('own', `read key; printf '{"ServerURL":"%s","Username":"alice","Secret":"for %s"}' "$key" "$key"`)
      await helper('all', `read key; printf '{"Username":"<token>","Secret":"refresh"}'`)
      const found = await credentials({ credHelpers: { 'reg.corp:5000': 'own' }, credsStore: 'all' })
      const all = await Promise.all(Array.from({ length: 50 }, () => found.find(REGISTRY, 'team/app')))
      expect(all[49]).to.deep.equal(login('alice', 'for reg.corp:5000'))
      expect(await runs()).to.equal(1)
      expect(await found.find(HUB)).to.deep.equal({ kind: 'identity', token: 'refresh' })
    })

    it('Docker Hub has its old name, and a store without credentials leaves the file', async () => {
      await helper('hub', `read key; printf '{"Username":"u","Secret":"%s"}' "$key"`)
      await helper('all', `echo 'credentials not found in native keychain'; exit 1`)
      const found = await credentials({
        credHelpers: { 'docker.io': 'hub' },
        credsStore: 'all',
        auths: { 'reg.corp:5000': auth('a:1') },
      })
      expect(await found.find(HUB)).to.deep.equal(login('u', 'https://index.docker.io/v1/'))
      expect(await found.find(REGISTRY)).to.deep.equal(login('a', '1'))
    })

    const broken: Array<[what: string, script: string, message: RegExp]> = [
      ['fails', 'echo s3cret; exit 3', /exit code 3/],
      ['hangs', 'sleep 1000', /within 0\.3 s/],
      ['prints without end', 'while :; do echo s3cret s3cret s3cret s3cret s3cret s3cret s3cret; done', /more than 65536 bytes/],
    ]
    for (const [what, script, message] of broken) {
      it(`one that ${what} is an error that repeats nothing, and is left alone for a while`, async () => {
        await helper('bad', script)
        const found = await credentials({ credsStore: 'bad' }, what === 'hangs' ? { helperTimeoutMs: 300 } : {})
        for (const _ of [1, 2]) {
          const failure = await failureOf(found.find(REGISTRY))
          expect(failure.code).to.equal('bad-option')
          expect(failure.message).to.match(message).and.not.include('s3cret')
        }
        expect(await runs()).to.equal(1)
      })
    }

    it('one that is not there is said so', async () => {
      expect((await failureOf((await credentials({ credsStore: 'absent' })).find(REGISTRY))).message).to.include('not installed')
    })

    it('what they print is checked', () => {
      for (const text of [
        '',
        '{}',
        '[]',
        '{"Username":"a"}',
        '{"Username":"","Secret":"x"}',
        '{"Username":"<token>","Secret":"a b"}',
      ])
        expect(parseHelperOutput(text), text).to.equal(undefined)
    })
  })
})

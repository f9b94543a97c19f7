// --allow-origin from end to end: a private origin is read for others where the operator said so, by flag, environment or file.
import { writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { hasNginx, Lab, type Nginx, type Running } from './lab.ts'

const LENGTH = 300_000
const HERE = ['--listen', '/ip4/127.0.0.1/tcp/0']

describe('a seed and a private origin', () => {
  let lab: Lab
  let origin: Nginx
  let sha256: string

  before(async function () {
    if (!hasNginx()) this.skip()
    lab = await Lab.open()
    sha256 = await lab.file('f', LENGTH)
    origin = await lab.nginx()
  })
  after(async () => lab?.close())

  async function seed(home: string, flags: string[], env: NodeJS.ProcessEnv = {}): Promise<Running & { address: string }> {
    const running = lab.df(['seed', 'start', ...HERE, ...flags], home, env)
    const text = String(await running.said(out => / URL\n/.test(String(out))))
    return { ...running, address: /--seed (\S+) URL/.exec(text)?.[1] as string }
  }

  async function get(address: string, ...flags: string[]) {
    return await lab.df(['get', '--json', '--no-origin', '--seed', address, '-o', 'out', ...flags, `${origin.url}/f?secret`])
      .ended
  }

  it('is refused by default, in one line for the operator and one for who asked', async () => {
    const running = await seed('default', [])
    for (let i = 0; i < 2; i++) {
      const { code, lines } = await get(running.address)
      expect(code).to.equal(7)
      expect(lines.at(-1)).to.include({
        type: 'error',
        code: 'origin-refused',
        message: 'refused to read 127.0.0.1 for others: not a public address',
        hint: 'start the seed with --allow-origin HOST',
      })
    }
    const ended = lab.df(['get', '--json', '--seed', running.address, '-o', 'own', `${origin.url}/f`]).ended
    expect((await ended).lines.at(-1), 'a peer reads it itself').to.include({ type: 'done', sha256, fromOrigin: LENGTH })
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect(code).to.equal(0)
    expect(stderr).to.equal(
      'df: warning: refused to read 127.0.0.1 for others: not a public address; start the seed with --allow-origin 127.0.0.1\n',
    )
  })

  it('is read where it is allowed: by flag, environment and config file', async () => {
    await writeFile(`${await lab.folder('file')}/config.json`, JSON.stringify({ allowOrigins: ['127.0.0.1'] }))
    const seeds = await Promise.all([
      seed('flag', ['--allow-origin', 'registry.corp.example', '--allow-origin', '127.0.0.0/8']),
      seed('environment', [], { DRAGONFLY_ALLOW_ORIGIN: `registry.corp.example,${new URL(origin.url).host}` }),
      seed('file', []),
    ])
    for (const { address } of seeds) {
      expect((await get(address)).lines.at(-1)).to.include({ type: 'done', sha256, fromSeeds: LENGTH })
    }
  })

  it('cannot be named in a way that says nothing', async () => {
    const ended = await lab.df(['seed', 'start', ...HERE, '--allow-origin', 'https://registry.corp.example/']).ended
    expect(ended.code).to.equal(2)
    expect(ended.stderr).to.match(/^df: not an origin pattern: "https:[^\n]*; write a host name[^\n]*\n$/)
  })
})

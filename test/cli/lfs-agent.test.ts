import { expect } from 'chai'
import { linesOf, MAX_LINE } from '../../src/cli/lfs-agent.ts'
import { placeIn } from '../../src/cli/lfs-git.ts'
import { actionIn } from '../../src/gateway/lfs-api.ts'

const OBJECT = { oid: 'a'.repeat(64), size: 3 }

async function all(...parts: string[]): Promise<string[]> {
  const lines: string[] = []
  async function* input() {
    yield* parts
  }
  for await (const line of linesOf(input())) lines.push(line)
  return lines
}

describe('the agent of git-lfs', () => {
  it('reads a message a line, each within bounds', async () => {
    expect(await all('{"a":', '1}\n\n{}', '\n')).to.deep.equal(['{"a":1}', '{}'])
    const longest = 'x'.repeat(MAX_LINE)
    expect(await all(`${longest}\n`)).to.deep.equal([longest])
    for (const text of [`${longest}x\n`, `${longest}x`]) {
      const error = await all(text).catch((error: unknown) => error)
      expect(error)
        .to.be.instanceOf(Error)
        .with.property('message')
        .that.matches(/too long/)
    }
  })

  it('finds the server of a remote, where it is one of http(s)', () => {
    const env =
      'Endpoint=https://a.example/x.git/info/lfs (auth=none)\nEndpoint (fork)=https://b.example/lfs (auth=basic)\nTempDir=/t\n'
    expect(placeIn(env, 'origin')).to.deep.equal({ endpoint: 'https://a.example/x.git/info/lfs', agent: '', folder: '/t' })
    expect(placeIn(env, 'fork').endpoint).to.equal('https://b.example/lfs')
    const folder = { endpoint: undefined, agent: 'lfs-standalone-file', folder: '/t' }
    expect(placeIn('Endpoint=file:///x (auth=none)\nTempDir=/t', 'origin')).to.deep.equal(folder)
    expect(placeIn('Endpoint=https://h/x (auth=none)\n  SSH=git@h:x\nTempDir=/t', 'origin').endpoint).to.equal(undefined)
  })

  it('takes an action of the object that it asked for, and no other', () => {
    const answer = (object: unknown) => () => actionIn(JSON.stringify({ objects: [object] }), OBJECT)
    const download = { href: 'https://s.example/o?sig=1', header: { Authorization: 'x' } }
    expect(answer({ ...OBJECT, actions: { download } })()).to.deep.equal({
      href: 'https://s.example/o?sig=1',
      headers: [['authorization', 'x']],
    })
    expect(answer({ ...OBJECT, error: { code: 404, message: 'gone' } })).to.throw(/404: gone/)
    expect(answer({ ...OBJECT, oid: 'b'.repeat(64), actions: { download } })).to.throw(/no URL/)
    expect(answer({ ...OBJECT, actions: { download: { href: 'file:///etc/passwd' } } })).to.throw(/no URL/)
    expect(answer({ ...OBJECT, actions: { download: { href: `https://s/${'x'.repeat(8192)}` } } })).to.throw(/no URL/)
    const header = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`h${n}`, 'v']))
    expect(answer({ ...OBJECT, actions: { download: { ...download, header } } })).to.throw(/too many/)
    expect(() => actionIn('nonsense', OBJECT)).to.throw()
  })
})

// A seed as a passive CDN, with real processes: what it read outlives it, is fresh as the origin said, and asked about on demand.
import { expect } from 'chai'
import { content, honest, hostileOrigin, type Script } from '../origin/hostile-origin.ts'
import { receipt } from './expectations.ts'
import type { Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const CONTENT = content(3 * 1024 * 1024 + 1)

describe('df seed start, as a passive CDN', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })

  async function origin(cacheControl: string) {
    const script: Script = request => {
      const act = honest(request, CONTENT, { etag: '"1"' })
      return { ...act, headers: { ...act.headers, 'cache-control': cacheControl } }
    }
    const { url, requests } = await hostileOrigin(script)
    return { url, asked: () => requests.splice(0).map(request => request.headers['if-none-match'] ?? 'all') }
  }
  async function get(seed: string, url: string, ...args: string[]): Promise<void> {
    const done = receipt(await lab.df(['get', '--json', '--no-origin', '--seed', seed, '-o', 'out', ...args, url]).ended)
    expect(done.bytes).to.equal(CONTENT.length)
  }
  async function stop(seed: Awaited<ReturnType<Lab['seed']>>): Promise<void> {
    seed.child.kill('SIGTERM')
    expect((await seed.ended).code).to.equal(0)
  }

  it('gives out after a restart what is fresh, and asks for --revalidate', async () => {
    const { url, asked } = await origin('max-age=600')
    const first = await lab.seed()
    await get(first.address, url)
    await stop(first)
    expect(asked()).to.deep.equal(['all'])
    const second = await lab.seed()
    await get(second.address, url)
    expect(asked()).to.deep.equal([])
    await get(second.address, url, '--revalidate')
    expect(asked()).to.deep.equal(['"1"'])
  })

  it('has --expire above what the origin says', async () => {
    const { url, asked } = await origin('no-cache')
    const first = await lab.seed('seed', ['--expire', '1h'])
    await get(first.address, url)
    await stop(first)
    const second = await lab.seed('seed', ['--expire', '1h'])
    await get(second.address, url)
    expect(asked()).to.deep.equal(['all'])
    await stop(second)
    await get((await lab.seed()).address, url)
    expect(asked()).to.deep.equal(['"1"'])
  })
})

// A seed whose connections are held by threads of their own, as real processes.
import { readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { expect } from 'chai'
import { hasNginx, Lab } from './lab.ts'

/** Ends one link worker of the process, as a crash would, whenever it gets the signal. */
const FAULT = `const workers = new Set()
process.on('worker', worker => workers.add(worker) && worker.once('exit', () => workers.delete(worker)))
process.on('SIGUSR2', () => [...workers][0]?.terminate())
`

describe('e2e/link-workers', function () {
  this.timeout(120_000)
  let lab: Lab

  before(function () {
    if (!hasNginx()) this.skip()
  })
  beforeEach(async () => {
    lab = await Lab.open()
  })
  afterEach(async () => await lab.close())

  const metric = async (url: string, name: string) => {
    const text = await (await fetch(url)).text()
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
  }
  const threads = async (pid: number) => (await readdir(`/proc/${pid}/task`)).length

  it('serves several, survives the end of a worker while it sends, and ends at once', async () => {
    const sha256 = await lab.file('file.bin', 64 * 1024 * 1024)
    const origin = await lab.nginx()
    const url = `${origin.url}/file.bin`
    const fault = lab.path('fault.cjs')
    await writeFile(fault, FAULT)
    const seed = await lab.seed('seed', ['--link-workers', '2', '--metrics', '127.0.0.1:0'], {
      NODE_OPTIONS: `--require ${fault}`,
    })
    const { metrics } = await seed.line('ready')
    expect(await metric(`${metrics}`, 'dragonfly_link_workers')).to.equal(2)
    const get = (i: number) => lab.df(['get', url, '-o', `out-${i}`, '--seed', seed.address, '--json'])
    const gets = Array.from({ length: 4 }, (_, i) => get(i))
    await Promise.race(gets.map(({ said }) => said(out => out.includes('progress'))))
    process.kill(seed.pid, 'SIGUSR2')
    for (const [i, { ended }] of gets.entries()) {
      expect((await ended).code, `get ${i}`).to.equal(0)
      expect(await lab.read(`out-${i}`)).to.equal(sha256)
    }
    const after = get(4)
    expect((await after.ended).code).to.equal(0)
    expect(await metric(`${metrics}`, 'dragonfly_link_workers')).to.equal(2)
    const began = performance.now()
    seed.child.kill('SIGTERM')
    expect((await seed.ended).code).to.equal(0)
    expect(performance.now() - began).to.be.below(10_000)
  })

  it('each is a thread of the seed', async () => {
    const none = await lab.seed('none', ['--link-workers', '0'])
    const two = await lab.seed('two', ['--link-workers', '2'])
    expect((await threads(two.pid)) - (await threads(none.pid))).to.equal(2)
  })

  it('says what is wrong with a number', async () => {
    const { code, stderr } = await lab.df(['seed', 'start', '--link-workers', '65']).ended
    expect(code).to.equal(2)
    expect(stderr).to.contain('not a whole number from 0 to 64')
    const env = await lab.df(['seed', 'start'], 'env', { DRAGONFLY_LINK_WORKERS: 'many' }).ended
    expect(env.stderr).to.contain('DRAGONFLY_LINK_WORKERS: not a whole number from 0 to 64')
  })

  it('garbage from strangers keeps nobody out', async () => {
    await lab.file('small.bin', 1024 * 1024)
    const origin = await lab.nginx()
    const seed = await lab.seed('seed', ['--link-workers', '2'])
    const port = Number(/\/tcp\/(\d+)/.exec(seed.address)?.[1])
    const strangers = Array.from({ length: 100 }, (_, i) => {
      const socket = connect(port, '127.0.0.1')
        .on('error', () => {})
        .resume()
      socket.write(Buffer.alloc(1 + i * 100, i))
      return socket
    })
    const get = lab.df(['get', `${origin.url}/small.bin`, '-o', 'out', '--seed', seed.address])
    expect((await get.ended).code).to.equal(0)
    expect(seed.child.exitCode).to.equal(null)
    for (const socket of strangers) socket.resetAndDestroy()
  })
})

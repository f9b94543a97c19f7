// df preheat: real processes against an origin that counts what is asked of it.
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { rendezvousOrder } from '../../src/core/rendezvous.ts'
import { makeTask } from '../../src/core/task.ts'
import { DF, Lab, LISTEN, running } from './lab.ts'

const MiB = 1024 * 1024
const BODY = Buffer.alloc(3 * MiB + 5, 'preheat')

describe('df preheat', () => {
  let lab: Lab
  let server: Server
  let origin: string
  /** Paths whose body was sent. */
  let bodies: string[]
  /** Bodies that stop after a MiB until somebody ends them. */
  let stalled: ServerResponse[]
  let news: () => void

  beforeEach(async () => {
    lab = await Lab.open()
    bodies = []
    stalled = []
    news = () => {}
    server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
      if (pathname.startsWith('/missing')) return response.writeHead(404).end()
      if (pathname.startsWith('/private') && request.headers.authorization !== 'Bearer one') return response.writeHead(401).end()
      response.setHeader('etag', '"one"')
      if (request.headers['if-none-match'] === '"one"') return response.writeHead(304).end()
      bodies.push(`${pathname}${searchParams.has('s') ? '?' : ''}`)
      response.setHeader('content-length', BODY.length)
      if (!pathname.startsWith('/stall')) return response.end(BODY)
      response.write(BODY.subarray(0, MiB))
      stalled.push(response)
      return news()
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterEach(async () => {
    server.closeAllConnections()
    server.close()
    await lab.close()
  })

  const isStalled = async () => {
    while (stalled.length === 0) await new Promise<void>(resolve => (news = resolve))
  }

  it('twice is one read of the origin, and df get needs none', async () => {
    const seed = await lab.seed()
    const preheat = () => lab.df(['preheat', `${origin}/a.bin`, '--seed', seed.address, '--json']).ended
    const first = await preheat()
    expect(first.code, first.stderr + first.stdout).to.equal(0)
    const expected = { type: 'preheated', url: `${origin}/a.bin`, bytes: BODY.length, seed: seed.peerId, alreadyThere: false }
    expect(first.lines.find(l => l.type === 'preheated')).to.include(expected)
    expect(first.lines.at(-1)).to.include({ type: 'done', preheated: 1, alreadyThere: 0, failed: 0, bytes: BODY.length })
    const second = await preheat()
    expect(second.lines.find(l => l.type === 'preheated')).to.include({ ...expected, alreadyThere: true })
    const got = await lab.df(['get', `${origin}/a.bin`, '-o', 'out', '--seed', seed.address, '--json', ...LISTEN]).ended
    expect(got.lines.at(-1)).to.include({ type: 'done', fromSeeds: BODY.length, fromOrigin: 0 })
    expect(bodies).to.deep.equal(['/a.bin'])
  })

  it('does the others when one of three is missing; its exit code is that of the failure, and a person reads why', async () => {
    const seed = await lab.seed()
    await writeFile(lab.path('list'), `# tonight\n${origin}/missing?token=secret\n${origin}/b.bin\n`)
    const { code, stdout, stderr } = await lab.df(['preheat', `${origin}/a.bin`, '-i', 'list', '--seed', seed.address]).ended
    expect(code).to.equal(3)
    expect(stdout.toString()).to.equal('')
    expect(stderr).to.include(`preheated ${origin}/a.bin: 3.0 MiB in `).and.include(`preheated ${origin}/b.bin: 3.0 MiB in `)
    expect(stderr).to.match(/^df: http:\S+\/missing: .*404/m)
    expect(stderr).to.match(/\n2 preheated \(0 already there\), 1 failed: 6\.0 MiB in .*\n$/)
    expect(stderr).not.to.include('secret')
    expect(bodies.toSorted()).to.deep.equal(['/a.bin', '/b.bin'])
  })

  it('takes a list from standard input, a bad line in it for one failure', async () => {
    const seed = await lab.seed()
    const child = spawn(DF, ['preheat', '-i', '-', '--json', '--parallel', '1', '--seed', seed.address], {
      env: { ...process.env, DRAGONFLY_HOME: lab.path('piped'), DRAGONFLY_SEEDS: '' },
    })
    const { ended } = running(child)
    child.stdin.end(`${origin}/a.bin\nnonsense\n${origin}/b.bin`)
    const { code, lines } = await ended
    expect(code).to.equal(2)
    expect(lines.filter(l => l.type === 'failed')).to.have.length(1)
    expect(lines.find(l => l.type === 'failed')).to.include({ url: 'nonsense', code: 'bad-url' })
    expect(bodies).to.deep.equal(['/a.bin', '/b.bin'])
  })

  it('sends the headers of the origin to the seed only', async () => {
    const seed = await lab.seed()
    const ended = await lab.df(['preheat', `${origin}/private`, '-H', 'Authorization: Bearer one', '--at', seed.address]).ended
    expect(ended.code, ended.stderr).to.equal(0)
    expect(await lab.df(['preheat', `${origin}/private`, '--at', seed.address]).ended).to.include({ code: 3 })
  })

  it('is the errand of the responsible seed; --at names exactly those that are to have it', async () => {
    const seeds = [await lab.seed('one'), await lab.seed('two')]
    const all = seeds.flatMap(seed => ['--seed', seed.address])
    const urls = Array.from({ length: 4 }, (_, i) => `${origin}/${i}.bin`)
    const chosen = await lab.df(['preheat', ...urls, ...all, '--json']).ended
    for (const url of urls) {
      const [first] = rendezvousOrder(
        makeTask({ url }).id,
        seeds.map(({ peerId }) => ({ peer: peerId })),
      )
      expect(chosen.lines.find(l => l.type === 'preheated' && l.url === url)).to.include({ seed: first?.peer })
    }
    expect(bodies).to.have.length(4)
    const both = await lab.df(['preheat', `${origin}/both.bin`, ...seeds.flatMap(s => ['--at', s.address]), '--json']).ended
    const there = both.lines.filter(l => l.type === 'preheated').map(l => l.seed)
    expect(there.toSorted()).to.deep.equal(seeds.map(s => s.peerId).toSorted())
  })

  it('goes on at the successor when a seed is killed midway; without one it is exit code 7', async () => {
    const seeds = [await lab.seed('one'), await lab.seed('two')]
    const url = `${origin}/stall.bin`
    const all = seeds.flatMap(seed => ['--seed', seed.address])
    const [first, second] = rendezvousOrder(
      makeTask({ url }).id,
      seeds.map(seed => ({ peer: seed.peerId, seed })),
    )
    const preheat = lab.df(['preheat', url, ...all, '--json'])
    const alone = lab.df(['preheat', url, '--at', first?.seed.address as string, '--json'])
    await Promise.all([preheat.line('progress'), alone.line('progress')])
    first?.seed.child.kill('SIGKILL')
    expect((await alone.ended).code).to.equal(7)
    while (stalled.length < 2) await new Promise<void>(resolve => (news = resolve))
    for (const response of stalled) response.end(BODY.subarray(MiB))
    const { code, lines } = await preheat.ended
    expect(code).to.equal(0)
    expect(lines.find(l => l.type === 'preheated')).to.include({ seed: second?.peer, bytes: BODY.length })
    expect(lines.filter(l => l.type === 'warning')).to.have.length(1)
  })

  it('gives up a seed that is frozen', async () => {
    const seed = await lab.seed()
    const preheat = lab.df(['preheat', `${origin}/stall.bin`, '--seed', seed.address, '--json'])
    await preheat.line('progress')
    seed.child.kill('SIGSTOP')
    const { code, lines } = await preheat.ended
    seed.child.kill('SIGCONT')
    expect(code).to.equal(7)
    expect(lines.find(l => l.type === 'failed')).to.include({ code: 'no-source' })
  })

  it('stops at once for SIGINT, also while it reads a list, and for --timeout', async () => {
    const seed = await lab.seed()
    const preheat = lab.df([
      'preheat',
      `${origin}/stall.bin`,
      `${origin}/a.bin`,
      '--parallel',
      '1',
      '--at',
      seed.address,
      '--json',
    ])
    await isStalled()
    preheat.child.kill('SIGINT')
    const { code, lines } = await preheat.ended
    expect(code).to.equal(130)
    expect(lines.at(-1)).to.include({ type: 'error', code: 'aborted' })
    expect(bodies).to.deep.equal(['/stall.bin'])
    const reading = spawn(DF, ['preheat', '-i', '-', '--at', seed.address], {
      env: { ...process.env, DRAGONFLY_HOME: lab.path('piped'), DRAGONFLY_SEEDS: '' },
    })
    const { ended } = running(reading)
    // more than a pipe holds: when it is taken, somebody reads
    await new Promise(resolve => reading.stdin.write('# wait\n'.repeat(100_000), resolve))
    reading.kill('SIGINT')
    expect(await ended).to.include({ code: 130 })
    const timed = await lab.df(['preheat', `${origin}/stall.bin`, '--timeout', '1s', '--at', seed.address]).ended
    expect(timed.code, timed.stderr).to.equal(8)
  })

  it('says what is missing without a seed', async () => {
    const { code, stderr } = await lab.df(['preheat', `${origin}/a.bin`]).ended
    expect(code).to.equal(2)
    expect(stderr).to.match(/^df: no seed to preheat; give --seed or --at, .*\n$/)
    expect((await lab.df(['preheat']).ended).stderr).to.match(/^df: no URL given; /)
    const help = await lab.df(['help', 'preheat']).ended
    expect(help.code).to.equal(0)
    expect(help.stdout.toString()).to.include('Examples:').and.include('--at')
  })
})

// Rate limits of real nodes: what is read from origins, peers and for peers is no faster, and nobody is blamed for it.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { partBytes } from '../../src/swarm/rates.ts'
import { decodeLine } from '../../src/swarm/trace.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { together } from '../world/together.ts'

const KiB = 1024
/** A limit lets so much through at once after a rest, milliseconds of its rate. */
const BURST_MS = 100
const BODY = content('limits', 3 * PIECE + 1)

/** Node's timers count whole milliseconds: one may come so much too early, and the limit and the test read their clocks one after the other. */
const EARLY_MS = 5

/** Milliseconds that so many bytes take at least: what was saved up goes at once, and the last part is paid for afterwards. */
function least(bytes: number, rate: number): number {
  return (1000 * (bytes - partBytes(rate))) / rate - BURST_MS - EARLY_MS
}

async function timed<T>(run: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begun = performance.now()
  const result = await run()
  return { ms: performance.now() - begun, result }
}

describe('node: limits', () => {
  together([
    [
      'hold for what is read from an origin, whole, by range and as a stream',
      async world => {
        const origin = await world.origin(BODY)
        const rate = 1000 * KiB
        const { node } = await world.node({ network: false, limits: { down: rate } })
        const { ms } = await timed(async () => {
          const [whole, part] = await Promise.all([
            node.download(`${origin.url}/a`, world.path(), { keep: false }),
            node.download(`${origin.url}/b`, world.path(), { range: { start: 0, end: PIECE }, keep: false }),
          ])
          expect(whole.sha256).to.equal(hex(BODY))
          expect(part.sha256).to.equal(hex(BODY.subarray(0, PIECE)))
        })
        expect(ms).to.be.at.least(least(BODY.length + PIECE, rate))
      },
    ],
    [
      'of a download hold for it alone, whoever is faster beside it',
      async world => {
        const origin = await world.origin(BODY)
        const { node } = await world.node({ network: false })
        const slow = timed(() => node.download(`${origin.url}/slow`, world.path(), { keep: false, limit: 400 * KiB }))
        const first = await Promise.race([
          slow.then(() => 'slow'),
          node.download(`${origin.url}/fast`, world.path(), { keep: false }).then(() => 'fast'),
        ])
        expect(first).to.equal('fast')
        expect((await slow).ms).to.be.at.least(least(BODY.length, 400 * KiB))
      },
    ],
    [
      'of a download are lifted when somebody wants the same content without one',
      async world => {
        const origin = await world.origin(BODY)
        const { node } = await world.node({ network: false })
        const limited = node.download(`${origin.url}/a`, world.path(), { limit: 1 })
        // at a byte a second this one would have to wait for days
        await node.download(`${origin.url}/a`, world.path())
        await limited
      },
    ],
    [
      'hold for what comes from a seed, which is not blamed: nothing is called back, the origin not read, nobody warned',
      async world => {
        const origin = await world.origin(BODY)
        const seed = await world.seed()
        await seed.node.download(`${origin.url}/a`, world.path())
        // a frame of 64 KiB takes longer than the swarm's patience with a silent neighbour
        const rate = 12 * KiB
        const body = content('little', 7 * 12 * KiB)
        const little = await world.origin(body)
        await seed.node.download(`${little.url}/a`, world.path())
        const peer = await world.node({ seeds: [seed.address], limits: { down: rate } })
        const trace = world.path()
        const { ms, result } = await timed(() => peer.node.download(`${little.url}/a`, world.path(), { trace }))
        await peer.node.stop()
        expect(result).to.include({ fromSeeds: body.length, fromOrigin: 0 })
        expect(ms).to.be.at.least(least(body.length, rate))
        expect(peer.said(/./)).to.deep.equal([])
        const lines = (await readFile(trace, 'utf8')).trimEnd().split('\n')
        const actions = lines.slice(1).flatMap((line, i) => {
          const step = decodeLine(line, i + 2)
          return 'actions' in step ? step.actions.map(({ type }) => type) : []
        })
        expect(actions).not.to.include('cancel')
        expect(actions.filter(type => type === 'ask')).to.have.length(1)
      },
    ],
    [
      'hold for what is sent to peers, and for both directions together',
      async world => {
        const origin = await world.origin(BODY)
        const rate = 1000 * KiB
        const seed = await world.seed({ limits: { total: rate } })
        const begun = performance.now()
        await seed.node.download(`${origin.url}/a`, world.path())
        const peer = await world.node({ seeds: [seed.address] })
        await peer.node.download(`${origin.url}/a`, world.path(), { origin: false })
        expect(performance.now() - begun).to.be.at.least(least(2 * BODY.length, rate))
        await seed.node.setLimits({ up: rate })
        expect(await seed.node.limits()).to.deep.equal({ up: rate, now: { up: rate } })
        await peer.node.stop()
        const second = await world.node({ seeds: [seed.address] })
        const { ms } = await timed(() => second.node.download(`${origin.url}/a`, world.path(), { origin: false }))
        expect(ms).to.be.at.least(least(BODY.length, rate))
      },
    ],
    [
      'can be changed while they hold, and a download that waits ends when it is aborted',
      async world => {
        const origin = await world.origin(BODY)
        const { node } = await world.node({ network: false, limits: { down: 1 } })
        const leaving = new AbortController()
        const left = node.download(`${origin.url}/left`, world.path(), { signal: leaving.signal }).catch(e => e.code)
        const late = node.download(`${origin.url}/late`, world.path(), { signal: AbortSignal.timeout(500) }).catch(e => e.code)
        const stays = node.download(`${origin.url}/stays`, world.path())
        expect(await late).to.equal('timeout')
        leaving.abort()
        expect(await left).to.equal('aborted')
        await node.setLimits({})
        expect((await stays).sha256).to.equal(hex(BODY))
        expect(await node.limits()).to.deep.equal({ now: {} })
      },
    ],
    [
      'end with the node',
      async world => {
        const origin = await world.origin(BODY)
        const seed = await world.seed({ limits: { up: 1 } })
        await seed.node.download(`${origin.url}/a`, world.path())
        const peer = await world.node({ seeds: [seed.address], limits: { down: 1 } })
        const download = peer.node.download(`${origin.url}/a`, world.path()).catch(e => e.code)
        while ((await seed.node.status()).contents[0]?.peers === 0) await new Promise(setImmediate)
        await peer.node.stop()
        expect(await download).to.equal('aborted')
        await seed.node.stop()
      },
    ],
    [
      'are a share of the line once that was measured',
      async world => {
        const origin = await world.origin(BODY)
        const { node } = await world.node({ network: false, limits: { down: '50%', up: '00:00-24:00=3M' } })
        expect(await node.limits()).to.deep.equal({ down: '50%', up: '00:00-24:00=3M', now: { up: 3e6 } })
        while ((await node.limits()).now.down === undefined) await node.download(`${origin.url}/a`, world.path(), { keep: false })
        // how much that is depends on the machine
        expect((await node.limits()).now.down).to.be.within(1, Number.MAX_SAFE_INTEGER)
      },
    ],
    [
      'that make no sense are refused, and change nothing',
      async world => {
        const { node } = await world.node({ network: false, limits: { down: '1M' } })
        for (const limits of [{ down: 0 }, { up: 'fast' }, { total: -1 }, { left: 1 }, { down: Number.NaN }, { down: [1] }]) {
          const error = await node.setLimits(limits as never).then(
            () => undefined,
            e => e,
          )
          expect(error, JSON.stringify(limits)).to.include({ code: 'bad-option' })
        }
        expect(await node.limits()).to.deep.equal({ down: '1M', now: { down: 1e6 } })
        const refused = await world.node({ network: false, limits: { down: 'fast' } }).catch(e => e)
        expect(refused).to.include({ code: 'bad-option' })
        expect(() => node.get('http://127.0.0.1:9/', { limit: 0 }))
          .to.throw()
          .with.property('code', 'bad-option')
        expect(() => node.get('http://127.0.0.1:9/', { priority: 'urgent' as never })).to.throw('"low" or "normal" or "high"')
      },
    ],
  ])
})

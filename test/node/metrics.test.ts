// Metrics: they agree with the receipts of real downloads, with the origin's own count, and with the status.
import { expect } from 'chai'
import { METRICS, type Metric, type MetricName } from '../../src/node/api/metrics.ts'
import { Counters } from '../../src/node/context/counters.ts'
import { until } from '../waiting.ts'
import { content, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const PIECES = 5
/** Of one metric: what ten thousand hosts may have without any trouble for Prometheus. */
const MAX_SERIES = 80
const BODY = content('metrics', (PIECES - 1) * PIECE + 7)

function value(metrics: readonly Metric[], name: MetricName, label = ''): number | undefined {
  const samples = metrics.find(metric => metric.name === name)?.samples
  return samples?.find(sample => Object.values(sample.labels).join() === label)?.value
}

describe('metrics', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  const url = () => `${origin.url}/file.bin`
  const of = async ({ node }: Observed, name: MetricName, label?: string) => value(await node.metrics(), name, label)

  it('agree with the receipt, at the seed with the origin, and on both ends of the link', async () => {
    const seed = await world.seed()
    const peer = await world.node({ seeds: [seed.address] })
    const receipt = await peer.node.download(url(), world.path(), { origin: false })
    const here = await peer.node.metrics()
    for (const [source, bytes] of [
      ['origin', receipt.fromOrigin],
      ['seed', receipt.fromSeeds],
      ['peer', receipt.fromPeers],
      ['store', receipt.resumed],
    ] as const) {
      expect(value(here, 'dragonfly_verified_bytes_total', source), source).to.equal(bytes)
    }
    expect(receipt.fromSeeds).to.equal(BODY.length)
    expect(value(here, 'dragonfly_verified_pieces_total', 'seed')).to.equal(PIECES)
    expect(value(here, 'dragonfly_received_bytes_total', 'peer')).to.equal(BODY.length)
    expect(value(here, 'dragonfly_links_opened_total')).to.be.at.least(1)
    expect(value(here, 'dragonfly_origin_requests_total')).to.equal(0)

    // the seed counts a piece once its last byte is on the way, which the peer may see first
    let there: Metric[] = []
    const isSent = () => {
      void seed.node.metrics().then(metrics => (there = metrics))
      return value(there, 'dragonfly_sent_pieces_total') === PIECES
    }
    await until(isSent, 'the seed has sent all')
    expect(value(there, 'dragonfly_verified_bytes_total', 'origin')).to.equal(BODY.length)
    expect(value(there, 'dragonfly_received_bytes_total', 'origin')).to.equal(BODY.length)
    expect(value(there, 'dragonfly_origin_requests_total')).to.equal(origin.asked)
    expect(value(there, 'dragonfly_origin_reads_total', 'whole')).to.equal(1)
    expect(value(there, 'dragonfly_sent_pieces_total')).to.equal(PIECES)
    expect(value(there, 'dragonfly_resolve_requests_total')).to.equal(1)
    expect(value(there, 'dragonfly_resolve_hits_total')).to.equal(0)
    const { askers, bytes } = await seed.node.status()
    expect(askers).to.deep.equal({ all: 1, hits: 0 })
    expect(bytes).to.include({ fromOrigin: BODY.length, toPeers: BODY.length })
  })

  it('count what a seed answers with what it has', async () => {
    const seed = await world.seed()
    for (let i = 0; i < 2; i++) {
      const peer = await world.node({ seeds: [seed.address] })
      await peer.node.download(url(), world.path(), { origin: false })
    }
    expect(await of(seed, 'dragonfly_resolve_requests_total')).to.equal(2)
    expect(await of(seed, 'dragonfly_resolve_hits_total')).to.equal(1)
    expect(await of(seed, 'dragonfly_origin_reads_total', 'whole')).to.equal(1)
  })

  it('count refusals to read an origin for others', async () => {
    const seed = await world.seed({ allowOrigins: [] })
    const peer = await world.node({ seeds: [seed.address] })
    await peer.node.download(url(), world.path(), { origin: false }).catch(() => {})
    expect(await of(seed, 'dragonfly_origin_refusals_total')).to.be.at.least(1)
    expect(await of(seed, 'dragonfly_origin_requests_total')).to.equal(0)
    expect(seed.events.map(e => e.code)).to.include('origin-refused')
  })

  it('of a node with its pieces in memory have no store', async () => {
    const { node } = await world.node()
    const names = (await node.metrics()).map(({ name }) => name)
    expect(names).to.not.include('dragonfly_store_bytes')
    expect(names).to.include('dragonfly_links')
  })

  it('have names with a unit, by the conventions of Prometheus, and a bounded number of series', () => {
    for (const [name, { type, help, labels }] of Object.entries(METRICS)) {
      expect(name).to.match(/^(dragonfly|process|nodejs)_[a-z0-9_]+$/)
      expect(name.endsWith('_total'), name).to.equal(type === 'counter')
      expect(help, name).to.match(/^[A-Z].*\.$/)
      const series = Object.values<readonly string[]>(labels).reduce((product, { length }) => product * length, 1)
      expect(series, name).to.be.at.most(MAX_SERIES)
    }
  })

  it('tell limits, and who is connected and in the fleet', async () => {
    const seed = await world.seed()
    const peer = await world.node({ seeds: [seed.address], limits: { down: 7_000_000 } })
    await peer.node.download(url(), world.path(), { origin: false })
    const here = await peer.node.metrics()
    expect(value(here, 'dragonfly_rate_limit_bytes_per_second', 'down')).to.equal(7_000_000)
    expect(value(here, 'dragonfly_rate_limit_bytes_per_second', 'up')).to.equal(undefined)
    expect(value(here, 'dragonfly_connections', 'outbound')).to.be.at.least(1)
    expect(await of(seed, 'dragonfly_connections', 'inbound')).to.be.at.least(1)
    expect(await of(seed, 'dragonfly_peers_connected')).to.equal(1)
    expect(value(here, 'dragonfly_requested_bytes')).to.equal(0)
    expect(value(here, 'dragonfly_fleet_members', 'member')).to.equal(undefined)
    expect(await of(seed, 'dragonfly_resolve_requests_open')).to.be.at.least(0)
  })

  it('count the grants for a private content', async () => {
    const seed = await world.seed()
    const headers: [string, string][] = [['authorization', 'Bearer x']]
    for (let i = 0; i < 2; i++) {
      const peer = await world.node({ seeds: [seed.address] })
      await peer.node.download(url(), world.path(), { origin: false, headers })
    }
    expect(await of(seed, 'dragonfly_grants_issued_total')).to.be.at.least(2)
    const shown = async () => (await of(seed, 'dragonfly_grants_shown_total', 'valid')) ?? 0
    expect(await shown()).to.be.at.least(2)
    expect(await of(seed, 'dragonfly_grants_shown_total', 'invalid')).to.equal(0)
  })

  it('have every series from the start, so that none appears later', () => {
    const counters = new Counters()
    const before = counters.snapshot([])
    counters.countAt('dragonfly_verified_bytes_total', { source: 'seed' }, 7)
    counters.count('dragonfly_sent_pieces_total')
    const after = counters.snapshot([['dragonfly_links', {}, 3]])
    const series = (metrics: Metric[]) => metrics.flatMap(({ name, samples }) => samples.map(s => [name, s.labels]))
    expect(series(after)).to.deep.equal(series(before))
    expect(value(after, 'dragonfly_verified_bytes_total', 'seed')).to.equal(7)
    expect(value(after, 'dragonfly_links')).to.equal(3)
    expect(value(before, 'dragonfly_sent_pieces_total'), 'a snapshot stays as it was').to.equal(0)
  })
})

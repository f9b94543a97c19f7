// The parts of bench/swarm that only calculate: options and bounds, counters, figures, the file of results.
import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { missing } from '../../bench/swarm/needs.ts'
import { bound, type Options, parseOptions, ratesOf, titleOf } from '../../bench/swarm/options.ts'
import { bytesLogged } from '../../bench/swarm/origin.ts'
import { withSection } from '../../bench/swarm/results.ts'
import type { Outcome, PeerOutcome } from '../../bench/swarm/run.ts'
import { figuresOf, outcomeTable, type Report, remarks } from '../../bench/swarm/table.ts'
import { plan } from '../../bench/swarm/topology.ts'
import { bencode } from '../../bench/swarm/torrent.ts'
import { busyShare, ownSeconds, parseTraffic } from '../../bench/swarm/usage.ts'
import { excuse } from '../../bench/swarm/variants.ts'

const MiB = 1024 * 1024

describe('bench/swarm', () => {
  describe('options', () => {
    it('has the defaults of the usage', () => {
      const options = parseOptions([])
      expect(options).to.include({ peers: 24, rate: 20, seedRate: 40, originRate: 40, bytes: 64 * MiB, variant: 'plain' })
      expect(options.tools).to.deep.equal(['df', 'curl', 'aria2', 'libtorrent', 'webtorrent'])
    })

    it('an origin may be without a limit; a slow one has half a peer’s link', () => {
      expect(parseOptions(['--origin-rate', '0']).originRate).to.equal(0)
      expect(parseOptions(['--variant', 'slow-origin']).originRate).to.equal(10)
    })

    for (const args of [
      ['--peers', '0'],
      ['--rate', 'x'],
      ['--size', ''],
      ['--tools', 'df,wget'],
      ['--variant', 'x'],
      ['--no'],
    ]) {
      it(`refuses ${args.join(' ')}`, () => expect(() => parseOptions(args)).to.throw())
    }

    it('different configurations have different titles', () => {
      const title = (...args: string[]) => titleOf(parseOptions(args))
      const all = [title(), title('--rate', '10'), title('--size', '16'), title('--variant', 'liar'), title('--origin-rate', '0')]
      expect(new Set(all).size).to.equal(all.length)
    })
  })

  describe('bound', () => {
    const bytes = 16 * MiB
    const at = (mbit: number) => (bytes * 8) / 1e6 / mbit

    it('is the peer’s own link when seed and origin are faster', () => {
      expect(bound(bytes, ratesOf(parseOptions([])), 20)).to.equal(at(20))
    })

    it('is the origin when that is slower, unless it has no limit', () => {
      expect(bound(bytes, ratesOf(parseOptions(['--origin-rate', '5'])), 20)).to.equal(at(5))
      expect(bound(bytes, ratesOf(parseOptions(['--origin-rate', '0'])), 20)).to.equal(at(20))
    })

    it('is all uploads together when peers are asked to get more than they can give', () => {
      const peers = [20, 20, 20, 5]
      expect(bound(bytes, { origin: 0, seed: 10, peers }, 20)).to.equal(at(10))
      expect(bound(bytes, { origin: 0, seed: 30, peers: [20, 5, 5, 5] }, 20)).to.equal(at(65 / 4))
    })

    it('a slow tenth has a quarter of the link', () => {
      const { peers } = ratesOf(parseOptions(['--variant', 'slow-tenth']))
      expect(peers.filter(rate => rate === 5)).to.have.length(2)
      expect(peers.filter(rate => rate === 20)).to.have.length(22)
    })
  })

  it('every host has its own namespace and address', () => {
    const { origin, seed, guest, peers } = plan('x', { origin: 0, seed: 1, peers: Array(600).fill(1) })
    const all = [origin, seed, guest, ...peers]
    expect(new Set(all.map(host => host.ip)).size).to.equal(603)
    expect(new Set(all.map(host => host.namespace)).size).to.equal(603)
    for (const { ip } of all) expect(ip).to.match(/^10\.77\.\d{1,3}\.([1-9]\d{0,2})$/)
  })

  describe('counters', () => {
    it('payload is what is left of the bytes without headers', () => {
      const text = ['Inter-| Receive', '    lo: 9 9 0 0 0 0 0 0 9 9 0 0 0 0 0 0', '  eth0: 1066 1 0 0 0 0 0 0 266 2 0 0 0 0 0 0']
      expect(parseTraffic(text.join('\n'))).to.deep.equal({ received: 1000, sent: 134 })
      expect(() => parseTraffic('lo: 1')).to.throw('eth0')
    })

    it('busy is a share of all processors', () => {
      expect(busyShare({ busy: 10, total: 100 }, { busy: 40, total: 200 })).to.equal(0.3)
      expect(busyShare({ busy: 1, total: 2 }, { busy: 1, total: 2 })).to.equal(0)
    })

    it('the bench has used some CPU itself, and more later', () => {
      const before = ownSeconds()
      for (const end = process.cpuUsage().user + 50_000; process.cpuUsage().user < end; );
      expect(before).to.be.above(0)
      expect(ownSeconds() - before).to.be.above(0.01)
    })

    it('the origin’s log counts bodies of GETs', () => {
      expect(bytesLogged('GET 200 1000\nHEAD 200 0\nGET 206 24\nGET 416 7\n')).to.equal(1031)
      expect(bytesLogged('')).to.equal(0)
    })
  })

  it('bencodes as BitTorrent wants it: keys sorted, strings by bytes', () => {
    expect(bencode({ b: 'é', a: -3, c: { d: Buffer.from([255]) } }).toString('latin1')).to.equal(
      `d1:ai-3e1:b2:${Buffer.from('é').toString('latin1')}1:cd1:d1:\xffee`,
    )
    expect(
      createHash('sha1')
        .update(bencode({ length: 1, name: 'x' }))
        .digest('hex'),
    ).to.equal(createHash('sha1').update('d6:lengthi1e4:name1:xe').digest('hex'))
  })

  describe('what is missing', () => {
    const tool = { name: 't', needs: [{ program: 'aria2c', install: 'aria2' }], start: () => Promise.reject(new Error('no')) }

    it('is named with the command that brings it', () => {
      const text = missing([tool], program => program !== 'aria2c' && program !== 'tc')
      expect(text).to.include('missing: tc, aria2c').and.to.include('apt-get install -y --no-install-recommends iproute2 aria2')
    })

    it('is nothing when all is here', () => expect(missing([tool], () => true)).to.equal(undefined))
  })

  it('df has a part in every variant, and says why others have not', () => {
    expect(excuse('df', 'liar')).to.equal(undefined)
    expect(excuse('libtorrent', 'liar')).to.be.a('string')
    expect(excuse('curl', 'seed-killed')).to.be.a('string')
    expect(excuse('aria2', 'seed-killed')).to.equal(undefined)
  })

  describe('figures', () => {
    it('are those of the last, against the bound and against one curl', () => {
      const report = reportOf([peer({ seconds: 8 }), peer({ seconds: 10 })])
      const figures = figuresOf(report.outcomes[0] as Outcome, report)
      expect(figures).to.include({ medianSeconds: 9, lastSeconds: 10, ofCurl: 0.7, originCopies: 1, seedCopies: 2 })
      expect(figures.ofBound).to.be.closeTo(0.6711, 0.0001)
      expect(figures.beyond).to.be.closeTo(0.25, 1e-9)
      expect(figures).to.include({ busy: 0.5, others: 0.25 })
    })

    it('somebody without the file is never done, and said so', () => {
      const report = reportOf([peer({ seconds: 8 }), peer({ seconds: undefined, failure: 'not in time' })])
      expect(figuresOf(report.outcomes[0] as Outcome, report)).to.include({ lastSeconds: Infinity, ofBound: 0 })
      expect(outcomeTable(report)).to.include('never')
      expect(remarks(report).join()).to.include('1 of 2 did not get the file (not in time)')
    })

    it('whoever was killed on purpose is not waited for', () => {
      const killed = peer({ seconds: undefined, failure: 'ended', wasKilled: true })
      const report = reportOf([peer({ seconds: 8 }), killed], { variant: 'peer-killed' })
      expect(figuresOf(report.outcomes[0] as Outcome, report).lastSeconds).to.equal(8)
      expect(remarks(report).join()).to.not.include('did not get')
    })

    it('slow links are told apart, by their own bound', () => {
      const report = reportOf([peer({ seconds: 8 }), peer({ seconds: 30, mbit: 5 })], { variant: 'slow-tenth' })
      expect(figuresOf(report.outcomes[0] as Outcome, report).lastSeconds).to.equal(8)
      expect(remarks(report)).to.include('df: the slow 1 took 30.00 s (0.895 of their bound)')
    })

    it('warn of processors that are what is measured', () => {
      const report = reportOf([peer({ seconds: 8 })])
      const [outcome] = report.outcomes as [Outcome]
      expect(remarks({ ...report, outcomes: [{ ...outcome, ownSeconds: 20, busy: 0.69 }] })).to.deep.equal([])
      expect(remarks({ ...report, outcomes: [{ ...outcome, ownSeconds: 20, busy: 0.71 }] }).join()).to.include('71 % busy')
      expect(remarks(report).join()).to.include('others took 25 %')
    })
  })

  describe('results', () => {
    it('keep the newest of each configuration, in their order', () => {
      let text = withSection('', '# Head', { title: 'one', body: 'first' })
      text = withSection(text, '# Head', { title: 'two', body: 'second' })
      text = withSection(text, '# New head', { title: 'one', body: 'third' })
      expect(text).to.equal('# New head\n\n## one\n\nthird\n\n## two\n\nsecond\n')
    })
  })
})

function peer(changes: Partial<PeerOutcome>): PeerOutcome {
  return {
    mbit: 20,
    seconds: 1,
    failure: undefined,
    wasKilled: false,
    received: 20 * MiB,
    sent: 0,
    cpuSeconds: 1,
    startCpuSeconds: 1,
    peakBytes: MiB,
    said: undefined,
    samples: [],
    ...changes,
  }
}

function reportOf(peers: PeerOutcome[], changes: Partial<Options> = {}): Report {
  const outcome: Outcome = {
    tool: 'df',
    peers,
    startSeconds: 1,
    originBytes: 16 * MiB,
    seedBytes: 32 * MiB,
    seedCpuSeconds: 1,
    busy: 0.75,
    ownSeconds: 10,
    processorSeconds: 20,
  }
  return { options: { ...parseOptions(['--size', '16']), ...changes }, aloneSeconds: 7, outcomes: [outcome], absent: [] }
}

// What df get --explain says: a few lines, from the receipt alone.
import { expect } from 'chai'
import { explainLines } from '../../src/cli/explain.ts'
import type { GetFlags } from '../../src/cli/get-flags.ts'
import { makeProgram } from '../../src/cli/program.ts'
import { LineReport } from '../../src/cli/render-lines.ts'
import type { Explanation, Receipt } from '../../src/index.ts'

const MiB = 2 ** 20

const EXPLAIN: Explanation = {
  bestRate: 2_500_000,
  bestOver: 2.8,
  bound: 26.8,
  efficiency: 0.9437,
  lost: { finding: 0.212, firstPiece: 0.4, middle: 0.6, tail: 0.3, wasted: 0, finish: 0.088 },
  at: {
    manifest: 0.212,
    neighbour: 0.25,
    firstPiece: 0.8,
    half: 14,
    tail: 26.9,
    lastPiece: 28.3,
    sealed: 0.3,
    hereWhenSealed: 0,
  },
  givers: [
    { kind: 'seed', peer: 'S', bytes: 19 * MiB },
    { kind: 'peer', peer: 'A', bytes: 25 * MiB },
    { kind: 'peer', peer: 'B', bytes: 20 * MiB },
  ],
  neighbours: { most: 12, mean: 8.1, unreachable: 0 },
  silence: { total: 0, longest: 0 },
  busy: 0.2,
  requests: { asked: 260, hedged: 4, moved: 3, snubbed: 0, refused: 0, duplicates: 0, wastedBytes: 0 },
  series: { seconds: 0.25, origin: [], seeds: [], peers: [], neighbours: [] },
}

function receipt(change: Partial<Explanation> = {}, others: Partial<Receipt> = {}): Receipt {
  return {
    url: 'http://example.org/f',
    output: 'f',
    bytes: 64 * MiB,
    sha256: 'abc',
    cid: 'bafy',
    fromOrigin: 0,
    fromPeers: 45 * MiB,
    fromSeeds: 19 * MiB,
    resumed: 0,
    seconds: 28.4,
    peers: 3,
    trust: 'seed',
    explain: { ...EXPLAIN, ...change },
    ...others,
  }
}

/** Losses with one much larger than the others, in a download of 40 s. */
function losing(cause: keyof Explanation['lost'], change: Partial<Explanation> = {}): Receipt {
  const lost = { finding: 0.1, firstPiece: 0.1, middle: 0.1, tail: 0.1, wasted: 0, finish: 0.1, [cause]: 20 }
  return receipt({ lost, bound: 19.6, efficiency: 0.49, ...change }, { seconds: 40 })
}

function hintsOf(r: Receipt): string[] {
  return explainLines(r)
    .filter(line => line.startsWith('hint: '))
    .map(line => line.slice(6))
}

describe('cli: df get --explain', () => {
  it('says what was possible, where the time went, and who gave what', () => {
    expect(explainLines(receipt(), 0.41)).to.deep.equal([
      'efficiency 94 %: at 2.3 MiB/s, the best rate kept up for 2.8 s, it would have taken 27 s. Where the 28 s went:',
      '     27 s  94 %  64.0 MiB at the best rate',
      '   212 ms   1 %  finding the content and its sources',
      '   400 ms   1 %  until the first piece was here',
      '   600 ms   2 %  from there to 95 %, below the best rate',
      '   300 ms   1 %  from 95 % to the last piece, below the best rate',
      '    88 ms   0 %  checking the whole, writing the file',
      'before that the program took 410 ms to start',
      'given by 2 peers 45.0 MiB (70 %, one of them 25.0 MiB); 1 seed 19.0 MiB (30 %)',
      'neighbours: 8.1 on average, 12 at most, the first after 250 ms',
      'requests: 260 asked, 4 sent to a second neighbour too, 3 moved from a seed to a peer',
    ])
  })

  it('says nothing when nobody asked', () => {
    const { explain: _, ...plain } = receipt()
    expect(explainLines(plain)).to.deep.equal([])
  })

  it('has one line for what was here already', () => {
    const lines = explainLines(receipt({ efficiency: undefined, bestRate: 0, bound: 0 }))
    expect(lines).to.deep.equal(['nothing had to be fetched: all of it was in the store'])
  })

  it('tells of trouble where there was some', () => {
    const requests = { asked: 9, hedged: 0, moved: 0, snubbed: 2, refused: 5, duplicates: 1, wastedBytes: 3 * MiB }
    const text = explainLines(
      receipt({
        requests,
        silence: { total: 5.2, longest: 3.1 },
        neighbours: { most: 1, mean: 0.9, unreachable: 1 },
        busy: 0.66,
        lost: { ...EXPLAIN.lost, wasted: 1.25 },
      }),
    ).join('\n')
    expect(text).to.include('1.3 s   4 %  for wasted bytes')
    expect(text).to.include('neighbours: 0.9 on average, 1 at most, the first after 250 ms; 1 peer could not be reached')
    expect(text).to.include(
      'requests: 9 asked, 2 taken away from a silent neighbour, 5 refused, 1 received twice; 3.0 MiB wasted',
    )
    expect(text).to.include('silence: nothing came for 5.2 s, 3.1 s of it in a row')
    expect(text).to.include('processor: this program was busy for 66 % of the time')
  })

  it('draws the rate over time, one mark for each stretch, none for short ones', () => {
    const row = (n: number, value: (i: number) => number) => Array.from({ length: n }, (_, i) => value(i))
    const series = {
      seconds: 0.25,
      origin: row(80, i => (i < 40 ? 500_000 : 0)),
      seeds: row(80, i => (i >= 20 ? 500_000 : 0)),
      peers: row(80, i => (i < 4 ? -500_000 : 0) + (i >= 60 ? 3_500_000 : 0)),
      neighbours: [],
    }
    const at = { ...EXPLAIN.at, lastPiece: 20 }
    const line = explainLines(receipt({ series, at })).find(l => l.startsWith('rate: '))
    expect(line).to.equal(
      `rate: ··${'▂'.repeat(8)}${'▃'.repeat(10)}${'▂'.repeat(10)}${'█'.repeat(10)}  (each mark 500 ms, the highest 3.8 MiB/s)`,
    )
    expect(explainLines(receipt({ series, at: { ...at, lastPiece: 1.5 } })).join('\n')).to.not.include('rate: ')
  })

  describe('hints', () => {
    it('none when all is well', () => {
      expect(hintsOf(receipt())).to.deep.equal([])
    })

    it('that the origin took the time', () => {
      const sources = { fromOrigin: 64 * MiB, fromPeers: 0, fromSeeds: 0, seconds: 32.4 }
      const alone = { ...EXPLAIN.at, manifest: 0.3, neighbour: undefined, lastPiece: 31.3 }
      const [hint, ...more] = hintsOf(receipt({ at: alone, lost: { ...EXPLAIN.lost, middle: 20 } }, sources))
      expect(hint).to.match(/waiting for the origin: it gave this host 2\.0 MiB\/s; with a seed \(--seed\)/)
      expect(more, 'a slow middle is the same thing').to.deep.equal([])
      expect(hintsOf(receipt({ at: { ...alone, neighbour: 1 } }, sources))[0]).to.match(/2\.0 MiB\/s$/)
    })

    it('that the origin set the pace of the whole swarm', () => {
      const at = { ...EXPLAIN.at, sealed: 28, hereWhenSealed: 0.95 }
      expect(hintsOf(receipt({ at }))).to.deep.equal([
        'the origin set the pace: it gave 2.1 MiB/s to the seed that reads it, and this host kept up with that',
      ])
      // the origin was read to its end long before
      expect(hintsOf(receipt({ at: { ...at, sealed: 5, hereWhenSealed: 0.1 } }))).to.deep.equal([])
      expect(hintsOf(receipt({ at: { ...at, hereWhenSealed: 0.5 } }))).to.deep.equal([])
    })

    const many = { most: 9, mean: 8, unreachable: 0 }
    const cases: [cause: keyof Explanation['lost'], what: string, change: Partial<Explanation>, hint: RegExp][] = [
      ['finding', 'a seed that said nothing', {}, /^finding the content took long/],
      ['finding', 'no neighbour', { at: { ...EXPLAIN.at, neighbour: undefined } }, /^the origin was slow to answer; if a seed/],
      ['firstPiece', 'a late start', {}, /^the first piece came late/],
      ['middle', 'slow neighbours', { neighbours: many }, /^the neighbours together sent less/],
      ['middle', 'one neighbour', { neighbours: { ...many, most: 1 } }, /^there was only one neighbour, and it sent less/],
      [
        'middle',
        'neighbours out of reach',
        { neighbours: { most: 1, mean: 1, unreachable: 3 } },
        /^there was only one neighbour: 3 peers could not be reached; is there a firewall/,
      ],
      ['middle', 'silence', { silence: { total: 12, longest: 9 } }, /^nothing at all came for 12 s/],
      ['middle', 'a busy host', { busy: 0.93 }, /^this host was busy: its processor/],
      ['tail', 'slow last pieces', {}, /^the last pieces came slowly/],
      ['wasted', 'many duplicates', {}, /^many bytes were wasted/],
      ['finish', 'a slow disk', {}, /^checking and writing took long/],
    ]
    for (const [cause, what, change, hint] of cases) {
      it(`${what} (${cause})`, () => {
        const hints = hintsOf(losing(cause, change))
        expect(hints).to.have.length(1)
        expect(hints[0]).to.match(hint)
      })
    }
  })

  it('comes after the receipt, in columns', () => {
    let text = ''
    new LineReport('df', { write: (part: string) => (text += part) }).done(receipt())
    const lines = text.split('\n')
    expect(lines[0]).to.match(/^saved f/)
    expect(lines[3]).to.match(/^efficiency 94 %: /)
    expect(lines[4]).to.match(/^ {5}27 s {2}94 % {2}64\.0 MiB/)
  })

  it('is asked for by a flag, as is the trace', async () => {
    let seen: GetFlags | undefined
    const nothing = async () => 0
    const { program } = makeProgram('df', {
      get: async (_, flags) => {
        seen = flags
        return 0
      },
      preheat: nothing,
      startSeed: nothing,
      administrate: nothing,
      daemon: async () => 0,
      fleet: nothing,
      gateway: nothing,
      lfs: nothing,
      top: nothing,
      share: nothing,
      simulate: nothing,
    })
    await program.parseAsync(['get', '--explain', '--trace', 't.ndjson', 'http://example.org/x'], { from: 'user' })
    expect(seen).to.include({ explain: true, trace: 't.ndjson' })
  })
})

// bench/torture: what is drawn, how a download is judged, and a few rounds of it for real.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { KINDS, roundOf } from '../../bench/torture/company-plan.ts'
import { type Circumstances, type Found, judge, type Verdict } from '../../bench/torture/judge.ts'
import type { Told } from '../../bench/torture/orders.ts'
import { type Plan, planOf } from '../../bench/torture/plan.ts'
import { Presence } from '../../bench/torture/presence.ts'
import type { Counters } from '../../bench/torture/tally.ts'
import { drawnIn } from '../../bench/torture/tally.ts'
import { drawnInWeb, ETAG_STYLES, FRAMINGS, HEAD_ODDITIES, RANGE_STYLES, webPlanOf } from '../../bench/torture/web/plan.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'

const MAIN = fileURLToPath(new URL('../../bench/torture/main.ts', import.meta.url))
/** Rounds with seeds and peers killed, stores spoilt, and an origin that lies. */
const SPOILT = '11'
/** Origins whose rounds are short. */
const WEB = '9'
const DRAWN = process.env.DF_TEST_SEED ?? String(Date.now() % 1_000_000)
const MEANS = { smallDisks: true }

describe('bench/torture', () => {
  describe('a plan', () => {
    const plans = Array.from({ length: 600 }, (_, round) => planOf(1, round, MEANS))

    it('is the same for the same numbers, and another for others', () => {
      expect(planOf(1, 7, MEANS)).to.deep.equal(plans[7])
      expect(planOf(1, 8, MEANS)).to.not.deep.equal({ ...plans[7], round: 8 })
      expect(planOf(2, 7, MEANS)).to.not.deep.equal({ ...plans[7], seed: 2 })
    })

    it('has every kind of trouble, sooner or later', () => {
      const drawn = new Set(plans.flatMap(kindsIn))
      const origin = ['reset', 'hang-up', 'busy', 'stall', 'wrong-length', 'range-lie', 'change', 'dead', 'slow']
      const others = ['kill', 'freeze', 'flips', 'memory', 'small-disk', 'liar', 'silent', 'forger', 'newcomer']
      expect([...drawn]).to.include.members([...origin, ...others])
    })

    it('is within its bounds', () => {
      for (const plan of plans) {
        expect(plan.seeds.length, 'seeds').to.be.within(0, 3)
        expect(plan.peers.length, 'peers').to.be.within(1, 8)
        expect(plan.origin.requests.length, 'an origin that is passable').to.be.below(5)
        for (const peer of plan.peers) expect(peer.origin || plan.seeds.length > 0, 'somewhere to get it').to.equal(true)
      }
    })

    it('has a digest where an origin’s lie could not be found out otherwise', () => {
      const lying = plans.filter(p => kindsIn(p).some(kind => kind === 'wrong-length' || kind === 'range-lie'))
      expect(lying).to.not.deep.equal([])
      for (const { peers } of lying) for (const peer of peers) expect(peer.digest).to.equal(true)
    })

    it('fills no disk where none can be mounted', () => {
      const kinds = plans.flatMap(({ round }) => kindsIn(planOf(1, round, { smallDisks: false })))
      expect(kinds).to.not.include('small-disk')
    })
  })

  describe('a plan of a round about company', () => {
    const means = { smallDisks: true, cuts: true }
    const plans = Array.from({ length: 600 }, (_, round) => roundOf(1, round, means))

    it('has each kind in turn, and is the same for the same numbers', () => {
      expect(plans.slice(0, KINDS.length).map(({ kind }) => kind)).to.deep.equal(KINDS)
      expect(roundOf(1, 7, means)).to.deep.equal(plans[7])
      expect(roundOf(1, 7, means, 'mixed')).to.deep.equal(plans[7])
      expect(roundOf(1, 33, means, 'plain')).to.deep.equal(planOf(1, 33, means))
    })

    it('has somebody to rely on, and cuts off who is there', () => {
      for (const { kind, seeds, members, peers, cuts, isFleet } of plans.filter(plan => plan.kind !== 'plain')) {
        expect(seeds.length, kind).to.be.within(kind === 'fleet' ? 0 : 1, { seeds: 3, fleet: 0, mixed: 2 }[kind as 'seeds'])
        expect(members.length, kind).to.be.within(isFleet ? 2 : 0, isFleet ? 5 : 0)
        const names = [...seeds, ...members, ...peers].map(({ name }) => name)
        for (const cut of cuts) {
          expect(names).to.include.members(cut.who)
          expect(cut.origin || cut.others, 'something is beyond the cut').to.equal(true)
        }
      }
    })

    it('has every kind of trouble, sooner or later', () => {
      const drawn = new Set(plans.flatMap(drawnIn))
      const cuts = ['cut off from origin', 'cut off from others', 'cut off from origin and others']
      expect([...drawn]).to.include.members(['seed freeze', 'seed kill', 'member freeze', 'member kill', 'guest', ...cuts])
      const frozen = plans.flatMap(({ seeds, members }) => [...seeds, ...members].flatMap(({ trouble }) => trouble ?? []))
      expect(frozen.some(trouble => trouble.kind === 'freeze' && trouble.forMs > 15_000)).to.equal(true)
    })

    it('cuts nobody off where that cannot be done', () => {
      const without = Array.from({ length: 600 }, (_, round) => roundOf(1, round, { smallDisks: true }))
      expect(without.flatMap(({ cuts }) => cuts)).to.deep.equal([])
    })
  })

  describe('a plan of an origin as the web has them', () => {
    const plans = Array.from({ length: 600 }, (_, round) => webPlanOf(1, round))

    it('is the same for the same numbers, and another for others', () => {
      expect(webPlanOf(1, 7)).to.deep.equal(plans[7])
      expect(webPlanOf(2, 7).origin).to.not.deep.equal({ ...plans[7]?.origin, seed: 2 })
    })

    it('has every way to misbehave, sooner or later, and several at a time', () => {
      const drawn = new Set(plans.flatMap(drawnInWeb))
      const named = [
        ...RANGE_STYLES.map(style => `ranges ${style}`),
        ...ETAG_STYLES.map(style => `ETag ${style}`),
        ...FRAMINGS.map(framing => `framing ${framing}`),
        ...HEAD_ODDITIES,
        ...['cut', 'hang-up', 'busy', 'late', 'stall', 'cut every time', 'change', 'gzip replica', 'redirect cookie'],
        ...['seeds 0', 'seeds 1', 'seeds 3', 'peer killed', 'seed killed', 'stream', 'again'],
      ]
      expect([...drawn]).to.include.members(named)
      expect(plans.filter(plan => drawnInWeb(plan).length > 8).length).to.be.above(100)
    })
  })

  describe('a download is', () => {
    const cases: [what: string, Verdict, Told | undefined, Partial<Found>, Partial<Circumstances>][] = [
      ['right: receipt and file are those of the origin', 'right', received(), {}, {}],
      ['right: of a later version', 'right', received('newer'), { sha256: 'newer' }, { versions: ['good', 'newer'] }],
      ['wrong: other bytes', 'wrong', received('bad'), { sha256: 'bad' }, {}],
      ['wrong: another version than the digest names', 'wrong', received(), {}, { digest: 'newer', versions: ['good', 'newer'] }],
      ['wrong: a receipt of other bytes', 'wrong', received('other'), {}, {}],
      ['wrong: a receipt that miscounts', 'wrong', { receipt: { ...received().receipt, fromPeers: 1 } }, {}, {}],
      ['wrong: a receipt without a file', 'wrong', received(), { sha256: undefined }, {}],
      ['wrong: something left behind', 'wrong', received(), { leftovers: ['.file.df-1'] }, {}],
      ['wrong: an error and half a file', 'wrong', error('no-source'), { sha256: 'half' }, { originReachable: false }],
      ['wrong: an error, and the older file is gone', 'wrong', error('no-source'), { sha256: undefined }, { before: 'old' }],
      ['wrong: killed, with half a file', 'wrong', undefined, { sha256: 'half' }, { wasKilled: true }],
      ['killed: nothing there', 'killed', undefined, { sha256: undefined, leftovers: ['.file.df-1'] }, { wasKilled: true }],
      ['killed: just when it was whole', 'killed', undefined, {}, { wasKilled: true }],
      ['endless: it never ends', 'endless', undefined, { sha256: undefined }, {}],
      ['endless: it had all the time there was', 'endless', error('timeout'), { sha256: undefined }, { isLate: true }],
      ['failed: the origin was there', 'failed', error('origin-truncated'), { sha256: undefined }, {}],
      ['failed: somebody had it', 'failed', error('no-source'), { sha256: undefined }, { originReachable: false, holder: 'p' }],
      ['failed: a fault of ours', 'failed', error('internal'), { sha256: undefined }, { originReachable: false }],
      ['failed: no space on a large disk', 'failed', error('no-space'), { sha256: undefined }, {}],
      ['excused: no space on a small disk', 'excused', error('no-space'), { sha256: undefined }, { smallDisk: true }],
      ['excused: nobody had it', 'excused', error('no-source'), { sha256: undefined }, { originReachable: false }],
      ['excused: it changed', 'excused', error('origin-changed'), { sha256: undefined }, { originChanged: true }],
      ['failed: said to have changed, and has not', 'failed', error('origin-changed'), { sha256: undefined }, {}],
    ]
    for (const [what, verdict, told, found, facts] of cases)
      it(what, () => {
        const judgement = judge(told, { sha256: 'good', leftovers: [], ...found }, { ...HONEST, ...facts })
        expect(judgement.verdict, judgement.why).to.equal(verdict)
      })
  })

  it('nobody counts as there who was away for a moment', () => {
    const presence = new Presence()
    presence.seedIsUp('s')
    presence.holds('a', 1, true)
    const begun = performance.now()
    expect(presence.holder(1, begun, () => true)).to.equal('a')
    expect(presence.holder(2, begun, () => true)).to.equal(undefined)
    expect(presence.holder(1, begun, held => !held.isSigned)).to.equal(undefined)
    expect(presence.holder(1, begun - 1000, () => true)).to.equal(undefined)
    expect(presence.hadSeed(begun, name => name === 's')).to.equal(true)
    expect(
      presence.hadSeed(begun, () => false),
      'it was not told of',
    ).to.equal(false)
    presence.isGone('s')
    presence.seedIsUp('s')
    presence.asksFor('a', 1)
    expect(presence.hadSeed(begun, () => true)).to.equal(false)
    expect(presence.holder(1, begun, () => true)).to.equal(undefined)
  })

  it('nor is a seed that was cut off from others', () => {
    const presence = new Presence()
    presence.seedIsUp('s')
    const begun = performance.now()
    presence.isCut('s', { origin: true, others: false })
    expect(presence.hadSeed(begun, () => true)).to.equal(true)
    presence.isCut('s', { origin: false, others: true })
    expect(presence.hadSeed(begun, () => true)).to.equal(false)
    presence.isHealed('s')
    expect(
      presence.hadSeed(begun, () => true),
      'it was for a moment',
    ).to.equal(false)
  })

  for (const [what, seed] of [
    ['kills, spoilt stores and an origin that lies', SPOILT],
    [`whatever ${DRAWN} draws (DF_TEST_SEED)`, DRAWN],
  ]) {
    it(`a few rounds of ${what}: nothing wrong, nothing failed without a reason`, async () => {
      const tally = await torture('--kind', 'plain', '--rounds', '2', '--downloads', '0', '--jobs', '2', '--seed', seed as string)
      expect(tally.rounds).to.equal(2)
    })
  }

  it('a dozen downloads from origins as the web has them: nothing wrong, nothing that curl would have got', async () => {
    const tally = await torture('--origin-only', '--downloads', '12', '--seed', WEB)
    expect(tally.tried).to.be.at.least(12)
  })

  async function torture(...options: string[]): Promise<Counters> {
    const child = spawn(process.execPath, [MAIN, ...options, '--json'], { stdio: ['ignore', 'pipe', 'ignore'] })
    let out = ''
    child.stdout.on('data', text => {
      out += text
    })
    const [code] = await once(child, 'close')
    const tally: Counters = JSON.parse(out)
    expect(tally.bad, JSON.stringify(tally.bad, null, 1)).to.deep.equal([])
    expect(code).to.equal(0)
    expect(tally.counts.right).to.be.above(0)
    return tally
  }
})

const HONEST: Circumstances = {
  versions: ['good'],
  before: undefined,
  digest: undefined,
  originLies: false,
  originReachable: true,
  originChanged: false,
  holder: undefined,
  smallDisk: false,
  wasKilled: false,
}

function received(sha256 = 'good'): { receipt: Receipt } {
  const counts = { fromOrigin: 10, fromPeers: 0, fromSeeds: 0, resumed: 0 }
  const rest = { url: '', output: '', cid: '', seconds: 1, peers: 0, trust: 'origin' } as const
  return { receipt: { ...rest, ...counts, bytes: 10, sha256 } }
}

function error(code: string): Told {
  return { code, message: '' }
}

function kindsIn({ origin, seeds, peers, villains, newcomer }: Plan): string[] {
  const nodes = [...seeds, ...peers]
  return [
    ...[...origin.requests, ...origin.lasting].map(fault => fault.kind),
    ...(origin.rate === undefined ? [] : ['slow']),
    ...villains,
    ...nodes.map(node => node.store),
    ...nodes.flatMap(({ trouble }) => (trouble === undefined ? [] : [trouble.kind])),
    ...nodes.flatMap(({ trouble }) => (trouble?.kind === 'kill' && trouble.flips > 0 ? ['flips'] : [])),
    ...(newcomer === undefined ? [] : ['newcomer']),
  ]
}

// What always holds of a member's view of its fleet, whatever it is told, and what a fleet of views does together.
import { expect } from 'chai'
import fc from 'fast-check'
import type { MemberRecord } from '../../src/core/fleet.ts'
import type { FleetEvent } from '../../src/swarm/fleet-events.ts'
import { FleetView } from '../../src/swarm/fleet-view.ts'
import { seededRandom } from '../../src/swarm/random.ts'
import { FleetWorld } from './fleet-world.ts'

const MAX_MEMBERS = 5
const peer = fc.constantFrom('self', 'a', 'b', 'c', 'd', 'e', 'f', 'g')
const record: fc.Arbitrary<MemberRecord> = fc.record({
  peer,
  addresses: fc.constant([]),
  role: fc.constantFrom('member', 'seed'),
  state: fc.constantFrom('alive', 'left', 'dead'),
  stamp: fc.nat(5),
})
const event: fc.Arbitrary<FleetEvent> = fc.oneof(
  fc.record({ type: fc.constant('heard' as const), records: fc.array(record, { maxLength: 6 }), from: peer }),
  fc.record({ type: fc.constant('answered' as const), peer, differs: fc.constantFrom(true, false, undefined) }),
  fc.record({ type: fc.constantFrom('unreachable' as const, 'connected' as const, 'disconnected' as const), peer }),
  fc.record({ type: fc.constant('wake' as const) }),
)
const steps = fc.array(fc.record({ event, pause: fc.nat(20_000) }), { maxLength: 60 })

function newView(): FleetView {
  const self = { peer: 'self', addresses: [], role: 'member', state: 'alive', stamp: 1 } as const
  return new FleetView({ self, random: seededRandom(1), policy: { maxMembers: MAX_MEMBERS } })
}

/** Calls `check` after each step. */
function follow(check: (view: FleetView, step: { event: FleetEvent; now: number }) => void): void {
  fc.assert(
    fc.property(steps, all => {
      const view = newView()
      let now = 0
      for (const { event: next, pause } of all) {
        now += pause
        const actions = view.handle(next, now)
        for (const action of actions) expect(action.peer).to.not.equal('self')
        check(view, { event: next, now })
      }
    }),
  )
}

describe('swarm/fleet-view: whatever happens', () => {
  it('names the living only, never itself, at most so many', () => {
    follow((view, { now }) => {
      const named = view.responsible('task', now, { count: 4 })
      expect(named.length).to.be.at.most(4)
      for (const { peer: id, state } of [...named, ...view.living]) {
        expect(state).to.equal('alive')
        expect(id).to.not.equal('self')
      }
      expect(view.count).to.be.at.most(MAX_MEMBERS)
      expect(new Set(view.all.map(({ peer: id }) => id)).size).to.equal(view.all.length)
    })
  })

  it('who keeps no list hears of the same order, and of itself in it', () => {
    follow((view, { now }) => {
      const named = view.named('task', now, MAX_MEMBERS + 1).map(({ peer: id }) => id)
      expect(named.filter(id => id !== 'self')).to.deep.equal(
        view.responsible('task', now, { count: MAX_MEMBERS }).map(r => r.peer),
      )
      const before = view.responsible('task', now, { count: MAX_MEMBERS, until: 'self' }).length
      expect(named.indexOf('self')).to.equal(before)
    })
  })

  it('whoever comes before a member is named before it', () => {
    follow((view, { now }) => {
      const order = view.responsible('task', now, { count: MAX_MEMBERS })
      for (const [place, { peer: until }] of order.entries()) {
        expect(view.responsible('task', now, { count: MAX_MEMBERS, until })).to.deep.equal(order.slice(0, place))
      }
    })
  })

  it('its own record is alive, and newer than whatever else is said of it', () => {
    follow((view, { event: heard }) => {
      if (heard.type !== 'heard') return
      for (const { peer: id, stamp, state } of heard.records) {
        if (id !== 'self') continue
        expect(view.self?.stamp).to.be.at.least(state === 'alive' ? stamp : stamp + 1 - Number(stamp < (view.self?.stamp ?? 0)))
      }
      expect(view.self?.state).to.equal('alive')
    })
  })

  it('digests are equal where the same living records are known, and only there', () => {
    const views: FleetView[] = []
    follow(view => void views.push(view))
    const digests = new Map<string, string>()
    for (const view of views.slice(0, 2000)) {
      const living = [view.self as MemberRecord, ...view.living].map(({ peer: id, stamp }) => `${id} ${stamp}`).toSorted()
      const digest = Buffer.from(view.digest).toString('hex')
      expect(digests.get(living.join()) ?? digest).to.equal(digest)
      digests.set(living.join(), digest)
    }
    expect(new Set(digests.values()).size).to.equal(digests.size)
  })

  it('news ends', () => {
    follow((view, { now }) => {
      if (now % 7 !== 0) return
      let tellings = 0
      while (view.news().length > 1) expect(++tellings).to.be.below(100)
    })
  })
})

describe('swarm/fleet-view: many together', () => {
  const fleet = (options: object = {}) => new FleetWorld({ members: 100, random: seededRandom(7), loss: 0.001, ...options })

  it('a newcomer is known within 3 s, a death within 30 s', () => {
    const world = fleet()
    world.run(5000)
    const { peer: newcomer } = world.join()
    expect(world.secondsUntil(0.99, ({ view, peer: id }) => id === newcomer || view.has(newcomer))).to.be.below(3)
    const victim = world.any()
    world.kill(victim)
    expect(world.secondsUntil(0.99, ({ view }) => !view.has(victim.peer))).to.be.below(30)
    expect(world.copies(100)).to.equal(1)
  })

  it('all start at once by one address, and agree within 15 s', () => {
    const world = fleet({ isCold: true })
    const size = world.living.length
    expect(world.secondsUntil(1, ({ view }) => view.living.length === size - 1)).to.be.below(15)
    expect(world.copies(100)).to.equal(1)
  })

  it('whoever was frozen for a minute is back within 30 s', () => {
    const world = fleet()
    world.run(5000)
    const frozen = world.any()
    world.pause(frozen, 60_000)
    world.run(60_000)
    expect(world.secondsUntil(0.99, ({ view, peer: id }) => id === frozen.peer || view.has(frozen.peer))).to.be.below(30)
  })

  it('says little when nothing happens', () => {
    const world = fleet()
    world.run(10_000)
    const { messages } = world
    world.run(60_000)
    expect((world.messages - messages) / 60 / world.living.length, 'messages a second of each').to.be.below(0.6)
  })

  it('spreads tasks evenly', () => {
    const world = fleet()
    const { view } = world.any()
    const reads = new Map<string, number>()
    for (let task = 0; task < 20_000; task++) {
      const [first] = view.responsible(`task-${task}`, 0, { count: 1 })
      reads.set(first?.peer as string, (reads.get(first?.peer as string) ?? 0) + 1)
    }
    expect(Math.max(...reads.values()) / Math.min(...reads.values())).to.be.below(2)
  })
})

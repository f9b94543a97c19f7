import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { type HostLimits, HostRules, MAX_PAUSE_MS, MAX_WAITING } from '../../src/origin/host-rules.ts'

const WORDS = new DragonflyError('origin-error', 'origin answered 503 Service Unavailable for h', { status: 503 })
const LIMITS: HostLimits = {
  connections: 2,
  requestsPerSecond: 10,
  requestBurst: 100,
  breakerFailures: 3,
  coolingMs: 100,
  maxCoolingMs: 100,
}

interface Named {
  name: string
  patienceMs: number
}

/** What is decided at a time, in short. */
function decisions(rules: HostRules<Named>, now: number): string[] {
  const said: string[] = []
  for (;;) {
    const decision = rules.next(now)
    if (decision.type === 'rest') return decision.until === undefined ? said : [...said, `until ${decision.until}`]
    if (decision.type === 'go') said.push(`${decision.waiter.name}${decision.isTrial ? ' tries' : ''}`)
    else said.push(`not ${decision.waiter.name}: ${decision.error.message}`)
  }
}

function rulesFor(names: string, limits: Partial<HostLimits> = {}, patienceMs = 1000) {
  const rules = new HostRules<Named>({ ...LIMITS, ...limits })
  const waiters = [...names].map(name => ({ name, patienceMs }))
  for (const waiter of waiters) rules.join(waiter)
  return { rules, waiters }
}

describe('origin: the rules of a host', () => {
  it('let what the user of this node asks for go at any rate, and none of it counts', () => {
    const limits = { connections: 100, requestsPerSecond: 10, requestBurst: 1 }
    const rules = new HostRules<Named & { isOwn: boolean }>({ ...LIMITS, ...limits })
    for (const name of ['a', 'b', 'c', 'd']) rules.join({ name, patienceMs: 0, isOwn: name < 'd' })
    expect(decisions(rules, 0)).to.deep.equal(['a', 'b', 'c', 'd'])
    rules.join({ name: 'e', patienceMs: 0, isOwn: false })
    expect(decisions(rules, 0)).to.deep.equal(['until 100'])
  })

  it('let so many go at a time, in the order of asking', () => {
    const { rules } = rulesFor('abcd')
    expect(decisions(rules, 0)).to.deep.equal(['a', 'b'])
    rules.ended()
    expect(decisions(rules, 0)).to.deep.equal(['c'])
    rules.join({ name: 'e', patienceMs: 0 })
    rules.ended()
    rules.ended()
    expect(decisions(rules, 0)).to.deep.equal(['d', 'e'])
  })

  it('let so many go a second', () => {
    const { rules } = rulesFor('abcd', { connections: 9, requestBurst: 2 })
    expect(decisions(rules, 0)).to.deep.equal(['a', 'b', 'until 100'])
    expect(decisions(rules, 99)).to.deep.equal(['until 100'])
    expect(decisions(rules, 100)).to.deep.equal(['c', 'until 200'])
  })

  it('forget who went away', () => {
    const { rules, waiters } = rulesFor('abc', { connections: 1 })
    rules.leave(waiters[0] as Named)
    expect(decisions(rules, 0)).to.deep.equal(['b'])
  })

  it('let nobody go during a pause, and refuse who would not wait so long, in the words of the origin', () => {
    const { rules } = rulesFor('ab')
    rules.join({ name: 'c', patienceMs: 499 })
    rules.pause(WORDS, 500, 0)
    expect(decisions(rules, 0)).to.deep.equal([`not c: ${WORDS.message}; it asked to wait another 0.5 s`, 'until 500'])
    rules.pause(WORDS, 100, 100)
    expect(decisions(rules, 200), 'a shorter one ends nothing').to.deep.equal(['until 500'])
    rules.pause(WORDS, 2000, 200)
    expect(decisions(rules, 200)).to.have.lengthOf(2)
  })

  it('pause for an hour at most', () => {
    const { rules } = rulesFor('a', {}, Number.POSITIVE_INFINITY)
    rules.pause(WORDS, Number.MAX_SAFE_INTEGER, 0)
    expect(decisions(rules, 0)).to.deep.equal([`until ${MAX_PAUSE_MS}`])
  })

  it('refuse everybody while the host is left alone; then one tries, and the others follow it', () => {
    const { rules } = rulesFor('abc', { connections: 9 })
    for (let i = 0; i < 3; i++) rules.failed(WORDS, false, 0)
    const refused = [`not a: ${WORDS.message}; it is left alone for another 0.1 s`]
    expect(decisions(rules, 0).slice(0, 1)).to.deep.equal(refused)
    for (const name of 'xyz') rules.join({ name, patienceMs: 0 })
    expect(decisions(rules, 100)).to.deep.equal(['x tries'])
    rules.abandoned(true)
    expect(decisions(rules, 100)).to.deep.equal(['y tries'])
    rules.answered()
    expect(decisions(rules, 100)).to.deep.equal(['z'])
  })

  it('refuse whoever comes when too many are waiting', () => {
    const { rules } = rulesFor('ab')
    decisions(rules, 0)
    for (let i = 0; i < MAX_WAITING; i++) rules.join({ name: String(i), patienceMs: 0 })
    expect(() => rules.join({ name: 'late', patienceMs: 0 }))
      .to.throw(DragonflyError)
      .that.includes({ code: 'origin-error', retryable: true })
  })

  it('can be forgotten when nothing is going on and nothing was bad', () => {
    const { rules } = rulesFor('a', { requestBurst: 1 })
    expect(rules.isAtRest(0)).to.equal(false)
    decisions(rules, 0)
    expect(rules.isAtRest(1000)).to.equal(false)
    rules.ended()
    expect(rules.isAtRest(99)).to.equal(false)
    expect(rules.isAtRest(100)).to.equal(true)
    rules.failed(WORDS, false, 100)
    expect(rules.isAtRest(200)).to.equal(false)
  })
})

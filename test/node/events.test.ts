// The table of events: what holds for every code, and who hears of an event.
import { expect } from 'chai'
import { DragonflyError } from '../../src/core/errors.ts'
import { causeOf, EVENTS, eventOf, type NodeEvent } from '../../src/node/api/events.ts'
import { Counters } from '../../src/node/context/counters.ts'
import { debugLog } from '../../src/node/context/debug-log.ts'
import { EventEmitter } from '../../src/node/context/event-emitter.ts'
import { EventRation, RATION, RATION_MS } from '../../src/node/context/event-ration.ts'

const RESERVED = ['type', 'code', 'level', 'message', 'time', 'msg', 'pid', 'hostname']

describe('events', () => {
  it('have codes in one style, and a sentence each', () => {
    for (const [code, { meaning }] of Object.entries(EVENTS)) {
      expect(code).to.match(/^[a-z]+(-[a-z]+)+$/)
      expect(meaning, code).to.match(/^[A-Z].*\.$/)
    }
  })

  it('carry code, level, message and their own fields', () => {
    const event = eventOf({ code: 'peer-banned', peer: 'P', proof: 'piece 7 of T', hours: 1 })
    expect(event).to.deep.equal({
      code: 'peer-banned',
      level: 'warn',
      message: 'banned P for 1 h: piece 7 of T',
      peer: 'P',
      proof: 'piece 7 of T',
      hours: 1,
    })
    expect(RESERVED).to.not.include.members(['peer', 'proof', 'reason', 'error'])
  })

  it('about an error carry its code, if it is ours', () => {
    expect(causeOf(new DragonflyError('no-space', 'full'))).to.deep.equal({ reason: 'full', error: 'no-space' })
    expect(causeOf(new TypeError(''))).to.deep.equal({ reason: 'TypeError' })
    expect(causeOf('why')).to.deep.equal({ reason: 'why' })
  })

  it('say how to let a seed read an origin that it refused', () => {
    const { message } = eventOf({
      code: 'seed-unusable',
      peer: 'S',
      reason: 'refused to read 10.0.0.5 for others: not a public address',
      error: 'origin-refused',
    })
    expect(message).to.equal(
      'seed S refused to read 10.0.0.5 for others: not a public address. Start the seed with --allow-origin, or every host reads the origin itself',
    )
  })

  it('are counted by level, and told to every listener', () => {
    const counters = new Counters()
    const [first, second]: [NodeEvent[], NodeEvent[]] = [[], []]
    const emitter = new EventEmitter(counters, [e => first.push(e), e => second.push(e)])
    emitter.emit({ code: 'trace-missing' })
    emitter.emit({ code: 'dht-search-failed', reason: 'nobody' })
    expect(first.map(e => e.code)).to.deep.equal(['trace-missing', 'dht-search-failed'])
    expect(second).to.deep.equal(first)
    expect(counters.value('dragonfly_events_total', { level: 'warn' })).to.equal(1)
    expect(counters.value('dragonfly_events_total', { level: 'info' })).to.equal(1)
  })

  it('that strangers cause are few, however often they do, and all are counted', () => {
    const counters = new Counters()
    const told: NodeEvent[] = []
    const emitter = new EventEmitter(counters, [e => told.push(e)])
    for (let i = 0; i < 1000; i++) emitter.emit({ code: 'peer-violation', peer: `P${i}`, reason: 'nonsense' })
    emitter.emit({ code: 'peer-banned', peer: 'Q', proof: 'lied', hours: 1 })
    expect(told.map(e => e.code)).to.deep.equal([
      ...Array.from({ length: RATION }, () => 'peer-violation'),
      'events-withheld',
      'peer-banned',
    ])
    expect(counters.value('dragonfly_events_total', { level: 'warn' })).to.equal(1002)
  })

  it('are told again after a while', () => {
    const ration = new EventRation()
    const take = (now: number) => ration.take('peer-violation', now)
    const answers = Array.from({ length: RATION + 3 }, () => take(5))
    expect(answers.slice(RATION)).to.deep.equal(['say-withheld', 'withhold', 'withhold'])
    expect([RATION_MS + 4, RATION_MS + 5].map(take)).to.deep.equal(['withhold', 'tell'])
  })

  it('go to the debug log only when DEBUG names it', async () => {
    for (const debug of ['dragonfly:*', 'libp2p:*,dragonfly:peer-*', '*']) expect(await debugLog(debug)).to.be.a('function')
    for (const debug of [undefined, '', '1', 'libp2p:*', 'notdragonfly:*']) expect(await debugLog(debug)).to.equal(undefined)
  })
})

// Which idle contents are closed, and how often all are looked at for that.
import { expect } from 'chai'
import { now } from '../../src/node/context/node-context.ts'
import type { Held } from '../../src/node/tasks/held.ts'
import { IdleContents, MAX_FRESH, MAX_IDLE } from '../../src/node/tasks/idle-contents.ts'

describe('idle contents', () => {
  let open: Set<Held>
  let looks: number
  let idle: IdleContents

  beforeEach(() => {
    open = new Set()
    looks = 0
    const counted = {
      get size() {
        return open.size
      },
      values: () => {
        looks++
        return [[...open]].values()
      },
    }
    idle = new IdleContents(counted, () => true)
  })

  /** One more was used just now, by whom, or so many ms ago. */
  function leave(reader: Held['reader'], ago = 0): Held[] {
    const held = { reader, usedAt: now() - ago } as Held
    open.add(held)
    const surplus = idle.surplus(held)
    for (const each of surplus) open.delete(each)
    return surplus
  }

  it('of a seed that reads thousands are looked at seldom, and never more than may be', () => {
    for (let i = 0; i < 5000; i++) {
      leave('others')
      expect(open.size).to.be.at.most(MAX_FRESH)
    }
    // not for each: 20 are closed at a time
    expect(looks).to.be.within(2, 5000 / 15)
    expect(open.size).to.be.above(MAX_FRESH - 25)
  })

  it('that this host read for itself are closed at once, oldest first, however many fresh ones there are', () => {
    for (let i = 0; i < MAX_IDLE; i++) leave('self', 1000 - i)
    const [first] = [...open]
    expect(leave('self')).to.deep.equal([first])
    for (let i = 0; i < 50; i++) leave('others')
    expect(open.size).to.equal(MAX_IDLE)
  })

  it('that were fresh are closed when they are not any more', () => {
    for (let i = 0; i < MAX_IDLE + 50; i++) leave('others', 4990)
    expect(open.size).to.equal(MAX_IDLE + 50)
    const end = now() + 20
    while (now() < end);
    leave('others')
    expect(open.size).to.equal(MAX_IDLE)
  })
})

// How many contents a seed is asked for at a time, and who gives way.
import { expect } from 'chai'
import { MAX_CONTENTS, MAX_REQUESTS, RequestRoom } from '../../../src/node/seeding/request-room.ts'

describe('node/seeding/request-room', () => {
  it('has room for 1,200 peers at one content, and for 200 contents of one peer', () => {
    const room = new RequestRoom()
    const taken = Array.from({ length: 1200 }, (_, i) => room.enter(`peer-${i}`, 'nat', 'one'))
    for (let i = 0; i < 200; i++) taken.push(room.enter('ci', 'nat', `many-${i}`))
    expect(room.size).to.equal(201)
    expect(taken.some(({ ended }) => ended.aborted)).to.equal(false)
    for (const { leave } of taken) leave()
    expect(room.size).to.equal(0)
  })

  it('refuses a peer that has too many requests open, and takes it again when it has fewer', () => {
    const room = new RequestRoom()
    const taken = Array.from({ length: MAX_REQUESTS }, () => room.enter('a', 'here', 'one'))
    expect(() => room.enter('a', 'here', 'one'))
      .to.throw('no room')
      .with.property('code', 'seed-busy')
    room.enter('b', 'here', 'one')
    taken[0]?.leave()
    taken[0]?.leave()
    room.enter('a', 'here', 'one')
    expect(() => room.enter('a', 'here', 'one')).to.throw('no room')
  })

  it('never holds more contents than its bound, whoever asks', () => {
    const room = new RequestRoom()
    for (let i = 0; i < 3000; i++) {
      try {
        room.enter(`peer-${i % 16}`, 'here', `task-${i}`)
      } catch {
        // it is full
      }
      expect(room.size).to.be.at.most(MAX_CONTENTS)
    }
    expect(room.size).to.equal(MAX_CONTENTS)
  })

  it('takes room from the address that has most, its oldest content first', () => {
    const room = new RequestRoom(4)
    const [first, ...others] = ['a', 'b', 'c', 'd'].map(task => room.enter('greedy', 'there', task))
    expect(() => room.enter('greedy', 'there', 'e')).to.throw('no room')
    const honest = room.enter('honest', 'here', 'mine')
    expect(first?.ended.reason).to.include({ code: 'seed-busy' })
    expect([honest, ...others].some(({ ended }) => ended.aborted)).to.equal(false)
    expect(room.size).to.equal(4)
  })

  it('takes room from the peer that has most where it shares the address of who comes', () => {
    const room = new RequestRoom(4)
    const greedy = ['a', 'b', 'c'].map(task => room.enter('greedy', 'here', task))
    const modest = room.enter('modest', 'here', 'd')
    room.enter('honest', 'here', 'mine')
    expect(greedy.map(({ ended }) => ended.aborted)).to.deep.equal([true, false, false])
    expect(modest.ended.aborted).to.equal(false)
  })
})

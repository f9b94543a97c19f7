// Streams on which nothing whole was said: short first messages only, and one budget for all of them.
import { expect } from 'chai'
import { MessageChannel } from '../../src/net/channel.ts'
import { firstMessage } from '../../src/net/first-message.ts'
import { MemoryBudget } from '../../src/net/memory-budget.ts'
import { writeStream } from '../../src/net/stream.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { HANG_MS, until } from '../waiting.ts'
import { failure, TwoNodes } from './stream-pair.ts'

const FIRST = { first: LIMITS.helloMessage }

describe('net/first-message', () => {
  let nodes: TwoNodes

  before(async () => {
    nodes = await TwoNodes.start()
  })
  after(() => nodes.stop())

  async function waiting(budget: MemoryBudget, peer: string, read = FIRST) {
    const { ours, theirs } = await nodes.open()
    const channel = new MessageChannel(theirs, LIMITS.message, LIMITS.sendQueue, read)
    return { ours, channel, heard: firstMessage(channel, peer, budget, HANG_MS) }
  }

  it('is refused as soon as its length is known to be too long', async () => {
    const budget = new MemoryBudget(LIMITS.unheard)
    const { ours, heard } = await waiting(budget, 'a')
    // 4,097
    await writeStream(ours, Uint8Array.of(0x81, 0x20))
    expect(await failure(heard)).to.have.property('code', 'protocol')
    expect(budget.used).to.equal(0)
  })

  it('is followed by longer ones, or by none', async () => {
    const budget = new MemoryBudget(LIMITS.unheard)
    const open = await waiting(budget, 'a')
    const far = new MessageChannel(open.ours)
    await far.send(new Uint8Array(LIMITS.helloMessage).fill(1))
    expect(await open.heard).to.have.length(LIMITS.helloMessage)
    void far.send(new Uint8Array(LIMITS.message).fill(2)).catch(() => {})
    expect(await open.channel.read()).to.have.length(LIMITS.message)
    const once = await waiting(budget, 'a', { first: LIMITS.helloMessage, later: 0 } as typeof FIRST)
    await writeStream(once.ours, Uint8Array.of(1, 7, 1))
    expect(await once.heard).to.deep.equal(Uint8Array.of(7))
    expect(await failure(once.channel.read())).to.have.property('code', 'protocol')
  })

  it('is not waited for from those who have most streams, when there are too many', async () => {
    const budget = new MemoryBudget(5 * 8192)
    const many: Awaited<ReturnType<typeof waiting>>[] = []
    for (let i = 0; i < 4; i++) many.push(await waiting(budget, 'many'))
    const ends: unknown[] = []
    for (const { heard } of many) void heard.catch(error => ends.push(error))
    const honest = [await waiting(budget, 'honest'), await waiting(budget, 'other')]
    await until(() => ends.length > 0, 'one of the many has to go')
    expect(ends).to.have.length(1)
    expect(ends[0]).to.have.property('code', 'peer-refused')
    for (const { ours } of honest) await new MessageChannel(ours).send(Uint8Array.of(1))
    expect(await Promise.all(honest.map(({ heard }) => heard))).to.deep.equal([Uint8Array.of(1), Uint8Array.of(1)])
    for (const { channel } of many) channel.abort(new Error('over'))
    await Promise.allSettled(many.map(({ heard }) => heard))
    expect(budget.used).to.equal(0)
  })
})

// What a seed does for somebody without access is the same whether it has a private content or not: time tells nothing.
import { expect } from 'chai'
import { CID } from 'multiformats/cid'
import { contentId, makeTask } from '../../src/core/task.ts'
import { Asker } from '../world/asker.ts'
import { content, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { World } from '../world/world.ts'
import { worldForEach } from '../world/world-for-each.ts'

const BODY = content('private timing', 2 * PIECE)
const headers = (name: string) => ({ headers: [['authorization', `Bearer ${name}`]] as const })
/** Requests of one kind whose processor time is added up. */
const REQUESTS = 20

describe('node: a private content, for somebody without access', () => {
  let world: World
  let origin: TestOrigin

  worldForEach(BODY, (w, o) => {
    world = w
    origin = o
  })

  it('leads to one question at the origin and the same refusal, whether the seed has it or not', async () => {
    origin.readers = new Set(['Bearer alice'])
    const seed = await world.seed()
    const alice = await world.node({ seeds: [seed.address] })
    const here = `${origin.url}/here`
    await alice.node.download(here, world.path(), { ...headers('alice'), origin: false })
    const asker = await Asker.start(world, seed)
    const answers = []
    for (const url of [here, `${origin.url}/elsewhere`]) {
      const asked = origin.gets.length
      const reply = await asker.ask(seed, url, headers('mallory'))
      expect(reply).to.have.property('type', 'failed')
      answers.push({ reply: { ...reply, message: '' }, questions: origin.gets.slice(asked).map(({ status }) => status) })
    }
    expect(answers[0]).to.deep.equal(answers[1])
    expect(answers[0]?.questions).to.deep.equal([401])
  })

  it('is refused in the same words by its name', async () => {
    origin.readers = new Set(['Bearer alice'])
    const seed = await world.seed()
    const alice = await world.node({ seeds: [seed.address] })
    const url = `${origin.url}/here`
    await alice.node.download(url, world.path(), { ...headers('alice'), origin: false })
    const attacker = await world.scriptedPeer(url)
    const topicOf = (version: string) => CID.parse(contentId(makeTask({ url, ...headers('mallory') }), version)).bytes
    const refusals = []
    for (const topic of [topicOf('etag "one"'), topicOf('etag "two"')]) {
      const error = await attacker.say(seed.address, hello => ({ ...hello, topic })).catch(e => e)
      refusals.push([error.code, error.message])
    }
    expect(refusals[0]).to.deep.equal(refusals[1])
    expect(refusals[0]?.[1]).to.include('unknown-topic')
  })

  it('costs no slow hash', async () => {
    origin.readers = new Set()
    const seed = await world.seed()
    const asker = await Asker.start(world, seed)
    const cost = async (changes: (i: number) => Parameters<Asker['ask']>[2]) => {
      const before = process.cpuUsage()
      for (let i = 0; i < REQUESTS; i++) await asker.ask(seed, `${origin.url}/${i}`, changes(i))
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    await cost(i => headers(`warm ${i}`))
    const [open, hidden] = [await cost(() => ({})), await cost(i => headers(`mallory ${i}`))]
    // with one for each it would be ten times as much
    expect(hidden / open, `${hidden} µs against ${open} µs`).to.be.below(4)
  })
})

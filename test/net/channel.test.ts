// Messages between two real nodes: in order, limited both ways, with endings that cannot be mistaken.
import { expect } from 'chai'
import { MessageChannel } from '../../src/net/channel.ts'
import { writeStream } from '../../src/net/stream.ts'
import { prefixed } from '../../src/wire/framing.ts'
import { failure, settled, TwoNodes, turn } from './stream-pair.ts'

const MAX = 64 * 1024
const MAX_QUEUED = 1024 * 1024

/** A message that says which it is. */
function message(n: number, length = 4): Uint8Array {
  const bytes = new Uint8Array(length)
  new DataView(bytes.buffer).setUint32(0, n)
  return bytes
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}

async function numbers(channel: MessageChannel): Promise<number[]> {
  const got: number[] = []
  for await (const bytes of channel) got.push(numberOf(bytes))
  return got
}

describe('net/channel', () => {
  let nodes: TwoNodes

  before(async () => {
    nodes = await TwoNodes.start()
  })

  after(() => nodes.stop())

  async function open(maxQueued = MAX_QUEUED) {
    const { ours, theirs } = await nodes.open()
    return { near: new MessageChannel(ours, MAX, maxQueued), far: new MessageChannel(theirs, MAX, maxQueued) }
  }

  /** Fills the connection until a message has to wait: `far` has begun to read and goes no further. How many were sent. */
  async function stuff(channel: MessageChannel, far: MessageChannel): Promise<number> {
    channel.post(message(0, MAX))
    expect(await far.read()).to.have.length(MAX)
    let sent = 1
    for (let isStuck = false; !isStuck; ) {
      while (channel.queued === 0) channel.post(message(sent++, MAX))
      await settled(() => channel.queued)
      isStuck = channel.queued > 0
    }
    return sent
  }

  it('delivers messages of any allowed length in the order of sending, whichever way they are sent', async () => {
    const { near, far } = await open()
    const lengths = [4, 5, 127, 128, 129, 16383, 16384, MAX]
    const reading = numbers(far)
    for (const [i, length] of lengths.entries()) {
      if (i % 2 === 0) near.post(message(i, length))
      else near.send(message(i, length)).catch(() => {})
    }
    await near.close()
    expect(await reading).to.deep.equal([...lengths.keys()])
  })

  it('talks both ways, and half closes', async () => {
    const { near, far } = await open()
    near.post(message(1))
    await near.close()
    expect(await numbers(far)).to.deep.equal([1])
    await far.send(message(2))
    await far.close()
    expect(await numbers(near)).to.deep.equal([2])
  })

  it('reads one message, then goes on as an iteration', async () => {
    const { near, far } = await open()
    for (const n of [1, 2, 3]) near.post(message(n))
    await near.close()
    expect(numberOf((await far.read()) as Uint8Array)).to.equal(1)
    expect(await numbers(far)).to.deep.equal([2, 3])
    expect(await far.read()).to.equal(undefined)
  })

  it('gives up reading by the signal', async () => {
    const { far } = await open()
    const abort = new AbortController()
    const reading = failure(far.read(abort.signal))
    await turn()
    abort.abort()
    expect(await reading).to.have.property('code', 'aborted')
    expect(far.stream.status).to.equal('aborted')
    expect(await failure(far.read()), 'again').to.have.property('code', 'aborted')
    expect(await failure(far.read(AbortSignal.abort()))).to.have.property('code', 'aborted')
  })

  it('keeps a bounded queue for a peer that does not read, and then says so', async () => {
    const { near, far } = await open(4 * MAX)
    await stuff(near, far)
    let taken = 0
    while (near.trySend(message(0, MAX))) taken++
    expect(taken).to.be.within(1, 4)
    expect(near.queued).to.be.at.most(5 * MAX)
    expect(() => near.post(message(0))).to.not.throw()
    expect(() => near.post(message(0, MAX)))
      .to.throw('does not read')
      .with.property('code', 'peer-refused')
    near.abort(new Error('done'))
  })

  it('sends what is queued once the peer reads again', async () => {
    const { near, far } = await open()
    const sent = await stuff(near, far)
    const waiting = near.send(message(sent))
    expect(near.queued).to.be.above(0)
    const reading = numbers(far)
    await waiting
    expect(near.queued).to.equal(0)
    await near.close()
    expect(await reading).to.deep.equal(Array.from({ length: sent }, (_, i) => i + 1))
  })

  it('lets a sender stop waiting, and sends the message all the same', async () => {
    const { near, far } = await open()
    const sent = await stuff(near, far)
    const abort = new AbortController()
    const waiting = failure(near.send(message(sent), abort.signal))
    abort.abort()
    expect(await waiting).to.have.property('code', 'aborted')
    const reading = numbers(far)
    await near.close()
    expect((await reading).at(-1)).to.equal(sent)
  })

  it('gives up closing by the signal', async () => {
    const { near, far } = await open()
    await stuff(near, far)
    const abort = new AbortController()
    const closing = failure(near.close(abort.signal))
    await turn()
    abort.abort()
    expect(await closing).to.have.property('code', 'aborted')
    expect(near.stream.status).to.equal('aborted')
  })

  it('rejects a close that the peer makes impossible, with an Error', async () => {
    const { near, far } = await open()
    await stuff(near, far)
    const closing = failure(near.close())
    await turn()
    far.abort(new Error('no'))
    expect(await closing).to.be.instanceOf(Error)
  })

  it('rejects every waiting sender when the stream is reset', async () => {
    const { near, far } = await open()
    await stuff(near, far)
    const waiting = [failure(near.send(message(1))), failure(near.send(message(2)))]
    far.abort(new Error('no'))
    for (const error of await Promise.all(waiting)) expect(error).to.be.instanceOf(Error)
    expect(near.queued).to.equal(0)
    expect(near.trySend(message(3))).to.equal(false)
    expect(await failure(near.send(message(3)))).to.be.instanceOf(Error)
    expect(() => near.post(message(3))).to.throw('has closed')
  })

  it('sends nothing after its close, and closes twice', async () => {
    const { near, far } = await open()
    await near.close()
    await near.close()
    expect(near.trySend(message(1))).to.equal(false)
    expect(await failure(near.send(message(1)))).to.have.property('code', 'internal')
    expect(await numbers(far)).to.deep.equal([])
  })

  it('does not send a message that is too long or empty', async () => {
    const { near } = await open()
    for (const bytes of [new Uint8Array(MAX + 1), new Uint8Array(0)]) {
      expect(() => near.trySend(bytes))
        .to.throw()
        .with.property('code', 'internal')
      expect(await failure(near.send(bytes))).to.have.property('code', 'internal')
    }
  })

  it('aborts the stream of a villain that announces too much', async () => {
    const { ours, theirs } = await nodes.open()
    const far = new MessageChannel(theirs, MAX)
    const reading = failure(numbers(far))
    await writeStream(ours, prefixed(new Uint8Array(MAX + 1)).subarray(0, 3))
    expect(await reading).to.have.property('code', 'protocol')
    expect(theirs.status).to.equal('aborted')
  })

  it('does not take a message cut short for an end', async () => {
    const { ours, theirs } = await nodes.open()
    const far = new MessageChannel(theirs, MAX)
    await writeStream(ours, prefixed(message(1)).subarray(0, 3))
    await ours.close()
    expect(await failure(numbers(far))).to.have.property('code', 'protocol')
    expect(theirs.status).to.equal('aborted')
  })

  it('does not take a lost connection for an end', async () => {
    const { ours, theirs, cut } = await nodes.openBreakable()
    const near = new MessageChannel(ours)
    const far = new MessageChannel(theirs)
    near.post(message(1))
    expect(numberOf((await far.read()) as Uint8Array)).to.equal(1)
    const next = failure(far.read())
    cut()
    expect(await next).to.have.property('name', 'StreamResetError')
  })

  it('aborts the stream when the iteration is left', async () => {
    const { near, far } = await open()
    near.post(message(1))
    for await (const _bytes of far) break
    expect(far.stream.status).to.equal('aborted')
    expect(await failure(numbers(near))).to.have.property('name', 'StreamResetError')
  })
})

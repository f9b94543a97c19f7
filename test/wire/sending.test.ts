// What an honest peer would refuse is not sent: it is our own mistake, and says so.
import { expect } from 'chai'
import { encodeControl } from '../../src/wire/codec-control.ts'
import { encodeDataRequest, encodeFrameHeader } from '../../src/wire/codec-data.ts'
import { decodeResolveReply, encodeResolveReply, encodeResolveRequest } from '../../src/wire/codec-resolve.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { encodeRecord } from '../../src/wire/records.ts'
import { failureOf } from './failure.ts'
import { PEER_ID } from './vectors.ts'

describe('wire/sending', () => {
  const long = new Array(1025).fill(0)
  const many = [{ id: PEER_ID, addresses: new Array(9).fill('/ip4/192.0.2.1/tcp/1') }]
  const attempts: Record<string, () => unknown> = {
    'too many pieces': () => encodeControl({ type: 'have', pieces: long, queue: 0 }),
    'a negative index': () => encodeControl({ type: 'have', pieces: [-1], queue: 0 }),
    'half an index': () => encodeDataRequest({ type: 'ask', piece: 0.5, load: 0 }),
    'too many addresses': () => encodeControl({ type: 'peers', peers: many, links: 0 }),
    'a bad peer id': () => encodeControl({ type: 'peers', peers: [{ id: 'x', addresses: [] }], links: 0 }),
    'a bad address': () => encodeControl({ type: 'peers', peers: [{ id: PEER_ID, addresses: ['nowhere'] }], links: 0 }),
    'an empty frame': () => encodeFrameHeader({ piece: 0, offset: 0, length: 0 }),
    'a long URL': () =>
      encodeResolveRequest({
        url: 'x'.repeat(9000),
        headers: [],
        filter: [],
        tag: undefined,
        digest: undefined,
        revalidate: false,
      }),
    'a digest cut short': () => encodeRecord({ type: 'part', from: 0, digests: new Uint8Array(31) }),
  }
  for (const [what, attempt] of Object.entries(attempts)) {
    it(`is our own mistake: ${what}`, () => {
      expect(failureOf(attempt)).to.have.property('code', 'internal')
    })
  }

  it('cuts a long failure at a character', () => {
    const message = `x${'é'.repeat(2000)}`
    const bytes = encodeResolveReply({ type: 'failed', code: 'internal', message, status: 1000, retryAfter: -1 })
    const reply = decodeResolveReply(bytes)
    expect(reply).to.deep.include({ message: `x${'é'.repeat(511)}`, status: undefined, retryAfter: 0 })
  })

  it('sends a measured rate as whole bytes within the limit, and what is none as 0', () => {
    for (const [measured, rate] of [
      [0.25, 1],
      [1e300, LIMITS.originRate],
      [Infinity, LIMITS.originRate],
      [Number.NaN, 0],
      [-1, 0],
    ] as const) {
      const reply = { type: 'origin-rate', rate: measured, peers: 1 } as const
      expect(decodeResolveReply(encodeResolveReply(reply))).to.deep.equal({ ...reply, rate })
    }
  })
})

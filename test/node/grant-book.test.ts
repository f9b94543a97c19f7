// Grants between hosts whose clocks differ: the error says by how much, and who is behind.
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { ACCESS_TIMES } from '../../src/core/grant.ts'
import { contentId, makeTask } from '../../src/core/task.ts'
import { type Host, startHost } from '../../src/net/host.ts'
import type { Network } from '../../src/node/context/node-context.ts'
import { GrantBook } from '../../src/node/peers/grant-book.ts'
import { sealGrant } from '../../src/wire/envelope.ts'

const VERSION = 'etag "one"'
const DAY = 86_400_000

describe('a book of grants', () => {
  let host: Host
  let seed: PrivateKey
  let book: GrantBook

  before(async () => {
    host = await startHost({ listen: [] })
    seed = await generateKeyPair('Ed25519')
    const trusted = new Set([`${peerIdFromPrivateKey(seed)}`])
    const id = contentId(makeTask({ url: 'http://origin.example/private', headers: [['authorization', 'x']] }), VERSION)
    const trust = { trusted, isTrusted: (peer: string) => trusted.has(peer) }
    book = new GrantBook({ ...trust, access: ACCESS_TIMES, network: { host } as Network, servesOthers: false }, id, VERSION)
  })

  after(() => host.stop())

  /** What the book says of a grant that a seed makes whose clock is so far ahead of ours, ms. */
  const verdict = async (ahead: number, peer = host.id): Promise<string> => {
    const expires = Date.now() + ahead + ACCESS_TIMES.grant
    return await book.take(await sealGrant({ peer, topic: book.topic, expires }, seed)).then(
      () => 'taken',
      error => error.message,
    )
  }

  for (const [ahead, says] of [
    [0, 'taken'],
    [60_000, 'taken'],
    [-60_000, 'taken'],
    [-15 * 60_000, /about 15 minutes ahead of the seed's/],
    [3 * DAY, /about 3 days behind the seed's/],
    [-3653 * DAY, /about 10 years ahead of the seed's/],
    [20_000 * DAY, /about 55 years behind the seed's/],
  ] as const) {
    it(`by a clock that is ${ahead / 60_000} minutes ahead of ours: ${says}`, async () => {
      expect(await verdict(ahead)).to.match(says === 'taken' ? /^taken$/ : says)
    })
  }

  it('for another peer is not blamed on clocks', async () => {
    expect(await verdict(0, `${peerIdFromPrivateKey(await generateKeyPair('Ed25519'))}`)).to.include('for another peer')
  })
})

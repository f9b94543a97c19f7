// The memory of a host for peers and provider records: bounded, and fair to those who use little of it.
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { expect } from 'chai'
import { Key } from 'interface-datastore/key'
import { BoundedDatastore, MAX_PEER_AGE_MS } from '../../src/net/bounded-datastore.ts'
import { startHost } from '../../src/net/host.ts'

const VALUE = new Uint8Array(8)
const record = (content: string | number, peer: string) => new Key(`/dht/provider/${content}/${peer}`)
const peerKey = (peer: string | number) => new Key(`/peers/${peer}`)

describe('net/bounded datastore', () => {
  it('of a flood of records from one peer keeps what there is room for, and all of the others', async () => {
    const store = new BoundedDatastore({ maxRecords: 1000 })
    for (let i = 0; i < 50; i++) store.put(record(i, `honest ${i}`), VALUE)
    for (let i = 0; i < 6000; i++) store.put(record(i, 'flooder'), VALUE)
    for (let i = 50; i < 100; i++) store.put(record(i, `honest ${i}`), VALUE)
    expect(store.records).to.equal(1000)
    for (let i = 0; i < 100; i++) expect(await store.has(record(i, `honest ${i}`))).to.equal(true)
    // the oldest of the flood went
    expect([await store.has(record(0, 'flooder')), await store.has(record(5999, 'flooder'))]).to.deep.equal([false, true])
  })

  it('answers about one content without a look at all the others', async () => {
    const store = new BoundedDatastore()
    for (let i = 0; i < 500; i++) store.put(record(i, 'flooder'), VALUE)
    for (const peer of ['a', 'b', 'c']) store.put(record('wanted', peer), VALUE)
    store.delete(record('wanted', 'b'))
    let looks = 0
    const filters = [() => ++looks > 0]
    const found: string[] = []
    for await (const { key } of store.query({ prefix: '/dht/provider/wanted', filters })) found.push(key.toString())
    expect([found, looks]).to.deep.equal([['a', 'c'].map(peer => record('wanted', peer).toString()), 2])
    let all = 0
    for await (const _ of store.query({ prefix: '/dht/provider' })) all++
    expect(all).to.equal(502)
  })

  it('counts a renewed record once, and none that was deleted', () => {
    const store = new BoundedDatastore({ maxRecords: 10 })
    for (let i = 0; i < 20; i++) store.put(record('one', 'peer'), VALUE)
    expect(store.records).to.equal(1)
    store.delete(record('one', 'peer'))
    expect(store.records).to.equal(0)
  })

  it('keeps all of its own records', async () => {
    const store = new BoundedDatastore({ maxRecords: 10 })
    store.self = 'us'
    for (let i = 0; i < 100; i++) store.put(record(i, 'us'), VALUE)
    for (let i = 0; i < 100; i++) store.put(record(i, 'flooder'), VALUE)
    for (let i = 0; i < 100; i++) expect(await store.has(record(i, 'us'))).to.equal(true)
    expect(store.records).to.equal(10)
  })

  it('refuses values of the DHT, and what is far too long', () => {
    const store = new BoundedDatastore()
    expect(() => store.put(new Key('/dht/record/abc'), VALUE)).to.throw(RangeError)
    expect(() => store.put(record('a'.repeat(1000), 'peer'), VALUE)).to.throw(RangeError)
    expect(() => store.put(record('a', 'peer'), new Uint8Array(100_000))).to.throw(RangeError)
  })

  it('forgets the peers that were not heard of for longest, and none that is connected', async () => {
    const store = new BoundedDatastore({ maxPeers: 100 })
    store.isKept = id => id === 'friend'
    store.put(peerKey('friend'), VALUE)
    for (let i = 0; i < 1000; i++) store.put(peerKey(i), VALUE)
    expect(store.peers).to.equal(100)
    expect(await store.has(peerKey('friend'))).to.equal(true)
    expect([await store.has(peerKey(0)), await store.has(peerKey(999))]).to.deep.equal([false, true])
  })

  it('forgets a peer that was not heard of for hours', async () => {
    let now = 0
    const store = new BoundedDatastore({ now: () => now })
    store.put(peerKey('old'), VALUE)
    now = MAX_PEER_AGE_MS / 2
    store.put(peerKey('renewed'), VALUE)
    now = MAX_PEER_AGE_MS
    store.put(peerKey('new'), VALUE)
    expect([await store.has(peerKey('old')), await store.has(peerKey('renewed'))]).to.deep.equal([false, true])
  })

  it('is what a host has: a stranger is forgotten for others, never ourselves', async () => {
    const host = await startHost({ listen: [] })
    try {
      const { peerStore } = host.libp2p
      const stranger = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
      await peerStore.merge(stranger, { metadata: { a: new Uint8Array(1) } })
      expect(await peerStore.has(stranger)).to.equal(true)
      // what has piled up about it is dropped, and begins anew
      await peerStore.merge(stranger, { metadata: { a: new Uint8Array(100_000) } })
      expect(await peerStore.has(stranger)).to.equal(false)
      await peerStore.merge(stranger, { metadata: { a: new Uint8Array(1) } })
      expect(await peerStore.has(stranger)).to.equal(true)
      expect(await peerStore.has(host.libp2p.peerId)).to.equal(true)
    } finally {
      await host.stop()
    }
  })
})

// Signed heads: only the right signature, domain and payload type open.
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { RecordEnvelope } from '@libp2p/peer-record'
import { expect } from 'chai'
import fc from 'fast-check'
import { DragonflyError } from '../../src/core/errors.ts'
import { encodeHead } from '../../src/wire/codec-manifest.ts'
import { encodeTreeHead } from '../../src/wire/codec-tree.ts'
import { type OpenedHead, openHead, openTree, sealHead, sealTree } from '../../src/wire/envelope.ts'
import { Envelope } from '../../src/wire/generated/messages.js'
import { LIMITS } from '../../src/wire/limits.ts'
import { HEAD, SEED_ID, SEED_KEY, TREE_HEAD } from './vectors.ts'

async function refused(work: Promise<unknown>): Promise<DragonflyError> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).to.be.instanceOf(DragonflyError)
  return error as DragonflyError
}

/** A well-signed envelope around something of one's own. */
async function envelope(domain: string, type: string, payload: Uint8Array, key: PrivateKey = SEED_KEY): Promise<Uint8Array> {
  const record = { domain, codec: Buffer.from(type), marshal: () => payload, equals: () => false }
  return (await RecordEnvelope.seal(record, key)).marshal()
}

const DOMAIN = 'dragonfly/manifest-head'
const TYPE = '/dragonfly/manifest-head/1'

describe('wire/envelope', () => {
  it('opens to the head and its signer, for every kind of key', async () => {
    for (const key of [
      await generateKeyPair('Ed25519'),
      await generateKeyPair('secp256k1'),
      await generateKeyPair('RSA', 4096),
    ]) {
      const sealed = await sealHead(HEAD, key)
      expect(sealed.byteLength).to.be.below(LIMITS.envelope)
      expect(await openHead(sealed)).to.deep.equal({ head: HEAD, signer: peerIdFromPrivateKey(key).toString() })
    }
  })

  it('verifies no signature of what would be of no use, for every kind of key', async () => {
    for (const type of ['Ed25519', 'secp256k1', 'RSA'] as const) {
      const key = await generateKeyPair(type as 'Ed25519')
      const signer = peerIdFromPrivateKey(key).toString()
      const forged = await sealHead(HEAD, key)
      forged.set([(forged.at(-1) as number) ^ 1], forged.byteLength - 1)
      // a wrong signature goes unnoticed only by who does not look
      expect(await openHead(forged, () => false)).to.equal(undefined)
      const asked: OpenedHead[] = []
      const error = await refused(openHead(forged, claimed => asked.push(claimed) > 0))
      expect([asked, error.code]).to.deep.equal([[{ head: HEAD, signer }], 'protocol'])
    }
  })

  it('refuses a key that is encoded in an unusual way', async () => {
    const raw = Envelope.decode(await sealHead(HEAD, SEED_KEY))
    // an unknown field after the key
    const publicKey = Buffer.concat([raw.publicKey, Buffer.from([0x78, 0x01])])
    expect((await refused(openHead(Envelope.encode({ ...raw, publicKey })))).code).to.equal('protocol')
  })

  it('keeps the largest head within the limit, with the largest key', async () => {
    const head = {
      ...HEAD,
      task: 'b'.repeat(LIMITS.cidText),
      version: 'v'.repeat(LIMITS.version),
      fileName: 'f'.repeat(LIMITS.fileName),
      seal: { length: Number.MAX_SAFE_INTEGER, sha256: new Uint8Array(32), root: 'b'.repeat(LIMITS.cidText) },
    }
    expect((await openHead(await sealHead(head, await generateKeyPair('RSA', 4096)))).head).to.deep.equal(head)
  })

  it('is an envelope as in RFC 0002, made elsewhere just as well', async () => {
    expect(await openHead(await envelope(DOMAIN, TYPE, encodeHead(HEAD)))).to.deep.equal({ head: HEAD, signer: SEED_ID })
  })

  it('refuses another domain, payload type or payload, however well signed', async () => {
    const payload = encodeHead(HEAD)
    const envelopes = [
      await envelope('libp2p-peer-record', TYPE, payload),
      await envelope(DOMAIN, '/dragonfly/manifest-head/2', payload),
      await envelope(DOMAIN, '', payload),
      await envelope(DOMAIN, TYPE, new Uint8Array(0)),
      await envelope(DOMAIN, TYPE, new Uint8Array(5000)),
    ]
    for (const bytes of envelopes) expect((await refused(openHead(bytes))).code).to.equal('protocol')
  })

  it('refuses a signature with any bit changed, and any other key', async () => {
    const good = await sealHead(HEAD, SEED_KEY)
    const keyBytes = peerIdFromPrivateKey(await generateKeyPair('Ed25519')).publicKey.raw
    const otherKey = good.slice()
    otherKey.set(keyBytes, 6)
    expect((await refused(openHead(otherKey))).code).to.equal('protocol')
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: good.byteLength * 8 - 1 }), async bit => {
        const bytes = good.slice()
        bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7))
        try {
          // a changed tag or length can leave the four fields as they were, but nothing else may open
          expect(await openHead(bytes)).to.deep.equal({ head: HEAD, signer: SEED_ID })
        } catch (error) {
          expect((error as DragonflyError).code, String(error)).to.equal('protocol')
        }
      }),
      { numRuns: 300 },
    )
  })

  it('a tree opens for who trusts its signer, and is no head of a manifest', async () => {
    const sealed = await sealTree(TREE_HEAD, SEED_KEY)
    expect(await openTree(sealed, signer => signer === SEED_ID)).to.deep.equal(TREE_HEAD)
    expect(await openTree(sealed, () => false)).to.equal(undefined)
    const longest = { ...TREE_HEAD, url: `http://h/${'u'.repeat(LIMITS.url - 9)}`, root: 'b'.repeat(LIMITS.cidText) }
    expect(await openTree(await sealTree(longest, await generateKeyPair('RSA', 4096)), () => true)).to.deep.equal(longest)
    const forged = sealed.slice()
    forged.set([(forged.at(-1) as number) ^ 1], forged.byteLength - 1)
    const payload = encodeTreeHead(TREE_HEAD)
    const others = [
      forged,
      await sealHead(HEAD, SEED_KEY),
      await envelope(DOMAIN, '/dragonfly/tree/1', payload),
      await envelope('dragonfly/tree', TYPE, payload),
      await envelope('dragonfly/tree', '/dragonfly/tree/1', new Uint8Array(0)),
      new Uint8Array(LIMITS.treeEnvelope + 1),
    ]
    for (const bytes of others) expect((await refused(openTree(bytes, () => true))).code).to.equal('protocol')
    expect((await refused(openHead(sealed))).code).to.equal('protocol')
  })

  it('survives noise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async bytes => {
        expect((await refused(openHead(bytes))).code).to.equal('protocol')
      }),
      { numRuns: 300 },
    )
  })

  it('refuses more than the limit without looking', async () => {
    expect((await refused(openHead(new Uint8Array(LIMITS.envelope + 1)))).code).to.equal('protocol')
  })
})

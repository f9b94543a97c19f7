// Certificates of libp2p's TLS: ours are understood by libp2p, and nobody's lie is believed.
import { generateKeyPairSync, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { generateKeyPair, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { generateCertificate, verifyPeerCertificate } from '@libp2p/tls/utils'
import { expect } from 'chai'
import fc from 'fast-check'
import { makeCertificate, ownerOf } from '../../src/net/certificate.ts'
import { der } from '../../src/net/der.ts'
import { passTime } from '../clock.ts'

const rawOf = (pem: string) => new X509Certificate(pem).raw

describe('net/certificate', () => {
  for (const type of ['Ed25519', 'secp256k1', 'RSA'] as const) {
    it(`of an identity of ${type}: libp2p reads ours, we read libp2p's`, async () => {
      const identity = await keyOf(type)
      const owner = peerIdFromPrivateKey(identity)
      const ours = rawOf((await makeCertificate(identity)).cert)
      expect(`${await verifyPeerCertificate(ours)}`).to.equal(`${owner}`)
      expect(`${await ownerOf(ours)}`).to.equal(`${owner}`)
      const theirs = rawOf((await generateCertificate(identity)).cert)
      expect(`${await ownerOf(theirs, owner)}`).to.equal(`${owner}`)
    })
  }

  it('every byte counts: one changed bit anywhere is found, or changes nothing that is said', async () => {
    const identity = await keyOf('Ed25519')
    const owner = `${peerIdFromPrivateKey(identity)}`
    const good = rawOf((await makeCertificate(identity)).cert)
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length * 8 - 1), async bit => {
        const bad = Buffer.from(good)
        bad.writeUInt8(bad.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const found = await ownerOf(bad).then(String, refusalCode)
        // the algorithm's name beside the signature is not signed itself
        expect(found).to.be.oneOf(['protocol', owner])
        if (found === owner) expect(new X509Certificate(bad).publicKey.equals(new X509Certificate(good).publicKey)).to.equal(true)
      }),
      { numRuns: 300 },
    )
  })

  it('any bytes: refused, and nothing worse', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async bytes => {
        expect(await ownerOf(bytes).then(String, refusalCode)).to.equal('protocol')
      }),
    )
    expect(await ownerOf(Buffer.alloc(1 << 20)).then(String, refusalCode)).to.equal('protocol')
  })

  it('another peer than expected is refused', async () => {
    const [one, other] = [await keyOf('Ed25519'), await keyOf('Ed25519')]
    const certificate = rawOf((await makeCertificate(one)).cert)
    expect(await ownerOf(certificate, peerIdFromPrivateKey(other)).then(String, refusalCode)).to.equal('protocol')
  })

  it('our own forgeries: only the right one passes', async () => {
    const identity = await keyOf('Ed25519')
    const stranger = await keyOf('Ed25519')
    const forged = (options: Partial<Forgery>) => forge({ identity, signer: identity, ...options })
    const verdict = async (bytes: Promise<Buffer>) => await ownerOf(await bytes).then(String, error => error.message)
    expect(await verdict(forged({}))).to.equal(`${peerIdFromPrivateKey(identity)}`)
    expect(await verdict(forged({ signer: stranger }))).to.include('not signed by who it names')
    expect(await verdict(forged({ prefix: 'libp2p-tls-handshake' }))).to.include('not signed by who it names')
    expect(await verdict(forged({ until: '20200101000000Z' }))).to.include('not valid any more')
    expect(await verdict(forged({ from: '29990101000000Z' }))).to.include('not valid yet')
    expect(await verdict(forged({ issuedBy: newKey() }))).to.include('not signed by itself')
    expect(await verdict(forged({ copies: 0 }))).to.include('without libp2p key')
    expect(await verdict(forged({ copies: 2 }))).to.include('without libp2p key')
    expect(await verdict(forged({ extra: extension('2a030405', true) }))).to.include('critical extension')
    expect(await verdict(forged({ extra: extension('2a030405', false) }))).to.equal(`${peerIdFromPrivateKey(identity)}`)
  })

  for (const [what, ms] of [
    ['in 1970', 5000 - Date.now()],
    ['ten years ahead', 3652 * 86_400_000],
  ] as const) {
    it(`ours is valid by a clock ${what}`, async () => {
      const identity = await keyOf('Ed25519')
      const ours = rawOf((await makeCertificate(identity)).cert)
      passTime(ms)
      expect(`${await ownerOf(ours)}`).to.equal(`${peerIdFromPrivateKey(identity)}`)
    })
  }
})

interface Forgery {
  identity: PrivateKey
  signer: PrivateKey
  prefix: string
  from: string
  until: string
  issuedBy: ReturnType<typeof newKey>
  copies: number
  extra: Buffer
}

/** A certificate made by hand, with what is asked for wrong in it. */
async function forge(options: Partial<Forgery> & Pick<Forgery, 'identity' | 'signer'>): Promise<Buffer> {
  const { identity, signer, prefix = 'libp2p-tls-handshake:', from = '20000101000000Z', until = '99991231235959Z' } = options
  const own = newKey()
  const spki = own.publicKey.export({ type: 'spki', format: 'der' })
  const signature = await signer.sign(Buffer.concat([Buffer.from(prefix), spki]))
  const signedKey = der(0x30, der(4, publicKeyToProtobuf(identity.publicKey)), der(4, signature))
  const libp2p = der(0x30, der(6, Buffer.from('2b0601040183a25a0101', 'hex')), der(4, signedKey))
  const all = [...Array(options.copies ?? 1).fill(libp2p), ...(options.extra ? [options.extra] : [])]
  const algorithm = der(0x30, der(6, Buffer.from('2a8648ce3d040302', 'hex')))
  const validity = der(0x30, der(0x18, Buffer.from(from)), der(0x18, Buffer.from(until)))
  const extensions = der(0xa3, der(0x30, ...all))
  const head = [der(0xa0, der(2, Buffer.from([2]))), der(2, Buffer.from([77])), algorithm, der(0x30), validity, der(0x30)]
  const body = der(0x30, ...head, spki, extensions)
  const issuer: KeyObject = (options.issuedBy ?? own).privateKey
  return der(0x30, body, algorithm, der(3, Buffer.from([0]), sign('sha256', body, issuer)))
}

function extension(idHex: string, isCritical: boolean): Buffer {
  return der(
    0x30,
    der(6, Buffer.from(idHex, 'hex')),
    ...(isCritical ? [der(1, Buffer.from([0xff]))] : []),
    der(4, Buffer.alloc(3)),
  )
}

function newKey() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

async function keyOf(type: 'Ed25519' | 'secp256k1' | 'RSA'): Promise<PrivateKey> {
  if (type === 'RSA') return await generateKeyPair('RSA', 2048)
  return await generateKeyPair(type)
}

function refusalCode(error: unknown): unknown {
  return (error as { code?: string }).code
}

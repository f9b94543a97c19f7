// The self-signed certificate of libp2p's TLS, whose extension proves the peer id.
// https://github.com/libp2p/specs/blob/master/tls/tls.md
//
// libp2p's own code for it goes through three ASN.1 libraries in JavaScript: 10 ms of CPU a handshake, a fifth of all that
// a peer of a small swarm spends. Node's OpenSSL does the same in one.
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto'
import { publicKeyFromProtobuf, publicKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PeerId, PrivateKey } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { DragonflyError } from '../core/errors.ts'
import {
  BIT_STRING,
  BOOLEAN,
  CONTEXT_0,
  CONTEXT_3,
  type DerValue,
  der,
  GENERALIZED_TIME,
  INTEGER,
  OBJECT_ID,
  OCTET_STRING,
  readDer,
  SEQUENCE,
} from './der.ts'

/** 1.3.6.1.4.1.53594.1.1, the extension that holds libp2p's key and signature. */
const LIBP2P_EXTENSION = Buffer.from('2b0601040183a25a0101', 'hex')
/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
const ECDSA_SHA256 = der(SEQUENCE, der(OBJECT_ID, Buffer.from('2a8648ce3d040302', 'hex')))
const PREFIX = Buffer.from('libp2p-tls-handshake:')
/**
 * Valid whatever the clocks say: the handshake itself proves that the key is in use now. The specification wants a peer to
 * compare the times with its own clock, and a host without a battery starts in 1970.
 */
const VALIDITY = der(SEQUENCE, generalizedTime('19700101000000Z'), generalizedTime('99991231235959Z'))
const NO_NAME = der(SEQUENCE)
const TRUE = Buffer.from([0xff])
/** What may be marked critical besides: key usage, alternative names, basic constraints, extended key usage (RFC 5280 §4.2.1). */
const KNOWN_EXTENSIONS = new Set(['551d0f', '551d11', '551d13', '551d25'])
/** What a certificate may be at most; libp2p's are about 400 bytes, with RSA identities 2 KiB. */
const MAX_LENGTH = 16 * 1024

/** PEM, as TLS wants it. */
export interface Certificate {
  cert: string
  key: string
}

/** A new key of P-256 and a certificate of it for this identity. */
export async function makeCertificate(identity: PrivateKey): Promise<Certificate> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const signature = await identity.sign(Buffer.concat([PREFIX, spki]))
  const signedKey = der(SEQUENCE, der(OCTET_STRING, publicKeyToProtobuf(identity.publicKey)), der(OCTET_STRING, signature))
  const extension = der(SEQUENCE, der(OBJECT_ID, LIBP2P_EXTENSION), der(BOOLEAN, TRUE), der(OCTET_STRING, signedKey))
  const body = der(
    SEQUENCE,
    der(CONTEXT_0, der(INTEGER, Buffer.from([2]))),
    der(INTEGER, serialNumber()),
    ECDSA_SHA256,
    NO_NAME,
    VALIDITY,
    NO_NAME,
    spki,
    der(CONTEXT_3, der(SEQUENCE, extension)),
  )
  const certificate = der(SEQUENCE, body, ECDSA_SHA256, der(BIT_STRING, Buffer.from([0]), sign('sha256', body, privateKey)))
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

/**
 * Whose certificate it is. That the other side holds its key, the handshake has shown. Rejects with `protocol` for whatever
 * the specification does not allow, and for another peer than the expected one.
 */
export async function ownerOf(bytes: Uint8Array, expected?: PeerId): Promise<PeerId> {
  if (bytes.byteLength > MAX_LENGTH) throw invalid(`of ${bytes.byteLength} bytes`)
  const { spki, extensions } = fieldsOf(bytes)
  checkItself(bytes)
  const [key, signature] = signedKeyOf(extensions)
  const publicKey = reading(() => publicKeyFromProtobuf(key))
  if (!(await publicKey.verify(Buffer.concat([PREFIX, spki]), signature))) throw invalid('not signed by who it names')
  const owner = peerIdFromPublicKey(publicKey)
  if (expected !== undefined && !expected.equals(owner)) {
    throw new DragonflyError('protocol', `${owner} answered instead of ${expected}`)
  }
  return owner
}

/** Signed by itself, and of this time. */
function checkItself(bytes: Uint8Array): void {
  const certificate = reading(() => new X509Certificate(bytes))
  const now = Date.now()
  if (!(Date.parse(certificate.validFrom) <= now)) throw invalid('not valid yet')
  if (!(Date.parse(certificate.validTo) >= now)) throw invalid('not valid any more')
  if (!reading(() => certificate.verify(certificate.publicKey))) throw invalid('not signed by itself')
}

function fieldsOf(bytes: Uint8Array): { spki: Buffer; extensions: DerValue[] } {
  return reading(() => {
    const [whole] = readDer(bytes)
    const [body] = readDer((whole as DerValue).content)
    const fields = readDer((body as DerValue).content)
    // version, serial number, algorithm, issuer, validity, subject, key
    const spki = fields[6]
    const extensions = fields.find(field => field.tag === CONTEXT_3)
    const [list] = readDer((extensions as DerValue).content)
    return { spki: (spki as DerValue).whole, extensions: readDer((list as DerValue).content) }
  })
}

/** Key and signature of the one extension that is libp2p's. */
function signedKeyOf(extensions: readonly DerValue[]): [Buffer, Buffer] {
  const read = extensions.map(extension => reading(() => readDer(extension.content)))
  const isOurs = (fields: DerValue[]) => fields[0]?.content.equals(LIBP2P_EXTENSION) === true
  const [ours, ...more] = read.filter(isOurs)
  if (ours === undefined || more.length > 0) throw invalid('without libp2p key')
  for (const fields of read) if (!isOurs(fields)) checkForeign(fields)
  return reading(() => {
    const [sequence] = readDer((ours.at(-1) as DerValue).content)
    const [key, signature] = readDer((sequence as DerValue).content)
    return [(key as DerValue).content, (signature as DerValue).content]
  })
}

function checkForeign(fields: readonly DerValue[]): void {
  const isCritical = fields[1]?.tag === BOOLEAN && fields[1].content[0] !== 0
  const id = fields[0]?.content.toString('hex') ?? ''
  if (isCritical && !KNOWN_EXTENSIONS.has(id)) throw invalid('with a critical extension that nobody knows here')
}

/** What cannot be read at all. */
function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw invalid('that cannot be read', error)
  }
}

function invalid(how: string, cause?: unknown): DragonflyError {
  return new DragonflyError('protocol', `a certificate ${how}`, { cause })
}

/** Positive, and written as short as DER wants it (RFC 5280 §4.1.2.2). */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0)
  return bytes
}

function generalizedTime(text: string): Buffer {
  return der(GENERALIZED_TIME, Buffer.from(text))
}

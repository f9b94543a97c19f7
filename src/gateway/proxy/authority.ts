// The gateway's own certificate authority: made once, kept in the home folder, and certificates of hosts signed by it.
import 'reflect-metadata'
import { X509Certificate as NodeCertificate, webcrypto } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, type SecureContext } from 'node:tls'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { LRUCache } from 'lru-cache'
import { DragonflyError } from '../../core/errors.ts'

const CERTIFICATE_FILE = 'gateway-ca.pem'
const KEY_FILE = 'gateway-ca.key'
const DAY_MS = 24 * 60 * 60 * 1000
const AUTHORITY_DAYS = 3652
/** Certificates of hosts; a new one is made when half of it is over. */
const HOST_DAYS = 7
/** Clocks of other hosts may be behind. */
const BACKDATED_MS = DAY_MS
const MAX_HOSTS = 256
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** Named with every call: @libp2p/tls sets another default for the whole process. */
const CRYPTO = webcrypto as typeof globalThis.crypto

export interface AuthorityFiles {
  /** The certificate alone, for whoever shall trust it. */
  certificate: string
  /** The key, and the certificate after it, so that both are there or none. */
  secret: string
}

export function authorityFiles(home: string): AuthorityFiles {
  return { certificate: join(home, CERTIFICATE_FILE), secret: join(home, KEY_FILE) }
}

/** Throws for text without one. */
export function certificateIn(pem: string): string {
  const [found] = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(pem) ?? []
  if (found === undefined) throw new Error('it has no certificate')
  return `${found}\n`
}

export class Authority {
  readonly #certificate: X509Certificate
  readonly #key: webcrypto.CryptoKey
  readonly #contexts = new LRUCache<string, Promise<SecureContext>>({ max: MAX_HOSTS, ttl: (HOST_DAYS / 2) * DAY_MS })

  private constructor(certificate: X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate
    this.#key = key
  }

  /** Rejects with `bad-option` when there is none in this home, or it cannot be used any more. */
  static async read(home: string): Promise<Authority> {
    const file = authorityFiles(home).secret
    let pem: string
    try {
      pem = await readFile(file, 'utf8')
    } catch (cause) {
      throw unusable(`cannot read ${file}`, cause)
    }
    try {
      const certificate = new X509Certificate(certificateIn(pem))
      const [pkcs8 = new ArrayBuffer(0)] = PemConverter.decode(pem)
      const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
      if (certificate.notAfter.getTime() < Date.now()) throw new Error('it has expired')
      return new Authority(certificate, key as webcrypto.CryptoKey)
    } catch (cause) {
      throw unusable(`${file}: ${cause instanceof Error ? cause.message : 'it cannot be read'}`, cause)
    }
  }

  /** A certificate of this host and its key, as TLS servers take them. Kept for a while. */
  async contextFor(host: string): Promise<SecureContext> {
    const name = host.toLowerCase().replace(/^\[|\]$|\.$/g, '')
    const known = this.#contexts.get(name)
    if (known !== undefined) return await known
    const made = this.#make(name)
    this.#contexts.set(name, made)
    made.catch(() => this.#contexts.delete(name))
    return await made
  }

  async #make(host: string): Promise<SecureContext> {
    const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const now = Date.now()
    const certificate = await X509CertificateGenerator.create(
      {
        // a common name has at most 64 characters; the alternative name is what counts
        subject: [{ CN: [host.slice(0, 64)] }],
        issuer: this.#certificate.subjectName,
        notBefore: new Date(now - BACKDATED_MS),
        notAfter: new Date(Math.min(now + HOST_DAYS * DAY_MS, this.#certificate.notAfter.getTime())),
        signingAlgorithm: ALGORITHM,
        publicKey: keys.publicKey,
        signingKey: this.#key,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension([{ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }]),
          await SubjectKeyIdentifierExtension.create(keys.publicKey, false, CRYPTO),
          await AuthorityKeyIdentifierExtension.create(await this.#certificate.publicKey.export(CRYPTO), false, CRYPTO),
        ],
      },
      CRYPTO,
    )
    return createSecureContext({ cert: certificate.toString('pem'), key: await pemOf(keys.privateKey) })
  }
}

/** PEM of a key of P-256 and of its certificate, which is valid for ten years and may sign certificates of hosts alone. */
export async function generateAuthority(): Promise<string> {
  const keys = (await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const now = Date.now()
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [`Dragonfly gateway CA on ${hostname()}`.slice(0, 64)] }],
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(now + AUTHORITY_DAYS * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, CRYPTO),
      ],
    },
    CRYPTO,
  )
  return `${await pemOf(keys.privateKey)}${certificate.toString('pem')}\n`
}

/** What a person compares: `AB:CD:…` of sha256, and when it ends. Throws for what is no certificate. */
export function describeCertificate(pem: string): { fingerprint: string; validTo: string } {
  const { fingerprint256, validTo } = new NodeCertificate(pem)
  return { fingerprint: fingerprint256, validTo: new Date(validTo).toISOString() }
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

function unusable(what: string, cause: unknown): DragonflyError {
  return new DragonflyError('bad-option', `gateway.intercept needs a certificate authority: ${what}`, {
    hint: 'make one: df gateway ca',
    cause,
  })
}

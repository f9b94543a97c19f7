// Certificate authorities that https origins are checked against: those of one file, else Node's and then this machine's.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import { DragonflyError } from '../core/errors.ts'

let system: SecureContext | undefined

/** A PEM file that takes the place of Node's and the system's authorities. */
export interface CaFile {
  path: string
  /** Where it was named: a variable, or `ca` for the option. */
  source: string
}

/** The file that was named, else that of CURL_CA_BUNDLE or SSL_CERT_FILE; undefined: Node's authorities and the system's. */
export function caFileOf(named: string | undefined, env: NodeJS.ProcessEnv): CaFile | undefined {
  if (named !== undefined) return { path: named, source: 'ca' }
  const source = ['CURL_CA_BUNDLE', 'SSL_CERT_FILE'].find(name => env[name])
  return source === undefined ? undefined : { path: env[source] as string, source }
}

/** The authorities of the file, and those of NODE_EXTRA_CA_CERTS. Throws `bad-option`. */
export function fileTrust({ path, source }: CaFile): SecureContext {
  const pem = contentOf(path, source)
  try {
    const [first] = /-----BEGIN (TRUSTED )?CERTIFICATE-----[^-]*-----END (TRUSTED )?CERTIFICATE-----/.exec(pem) ?? []
    new X509Certificate(first?.replaceAll('TRUSTED ', '') ?? '')
    return createSecureContext({ ca: [pem, ...getCACertificates('extra')] })
  } catch (cause) {
    const hint = 'name a file of PEM certificates (-----BEGIN CERTIFICATE-----)'
    throw new DragonflyError('bad-option', `${source}: no certificates in ${path}`, { cause, hint })
  }
}

function contentOf(path: string, source: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'it does not exist' : code
    throw new DragonflyError('bad-option', `${source}: cannot read the certificates in ${path}: ${why}`, { cause })
  }
}

/**
 * Node's own authorities and the system's, where OpenSSL of Node looks for them (SSL_CERT_DIR too). Reading them takes up to 0.3 s,
 * so it is done for certificates that need them.
 */
export function systemTrust(): SecureContext {
  system ??= createSecureContext({ ca: [...getCACertificates('default'), ...getCACertificates('system')] })
  return system
}

/** Whether a certificate was refused only because nobody known vouches for it. */
export function isUnknownIssuer(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/.test(code)
}

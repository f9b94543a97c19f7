// Certificate authorities that this machine trusts, as curl and browsers find them.
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'

let context: SecureContext | undefined

/** Node's own authorities and the system's. Reading them takes some 0.2 s, so it is done for certificates that need them. */
export function systemTrust(): SecureContext {
  context ??= createSecureContext({ ca: [...getCACertificates('default'), ...getCACertificates('system')] })
  return context
}

/** Whether a certificate was refused only because nobody known vouches for it. */
export function isUnknownIssuer(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^(UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED)/.test(code)
}

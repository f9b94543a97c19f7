// What TLS between peers is like, for whichever thread does it.
import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type TLSSocketOptions } from 'node:tls'

/** Says, in the place of a muxer's name, that the muxer is to be negotiated later (TLS spec of libp2p). */
export const NO_EARLY_MUXER = 'libp2p'
/** TLS 1.3's own default would prefer AES-256; the shorter key is a quarter faster and as good for this use (RFC 8446 §9.1). */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384'

/** `certificate`: PEM. */
export function makeSecureContext({ cert, key }: { cert: string; key: string }): SecureContext {
  // No authority is asked (see below): without an empty list Node parses all those that it knows, 20 ms of CPU.
  const versions = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const
  // Nobody resumes a session: each has the certificate, which must be seen. Tickets with all of it would be made and sent for nothing.
  return createSecureContext({ cert, key, ...versions, ca: [], ciphers: CIPHERS, secureOptions: constants.SSL_OP_NO_TICKET })
}

/** `names`: of muxers, and `NO_EARLY_MUXER`; the other side's choice among them is in `alpnProtocol` afterwards. */
export function chooseEarlyMuxer(names: readonly string[]): TLSSocketOptions {
  return {
    // Everybody's certificate is signed by itself: who it is, is in an extension of it, checked by `ownerOf`.
    rejectUnauthorized: false,
    ALPNProtocols: [...names],
    ALPNCallback: ({ protocols }) => protocols.find(name => names.includes(name)),
  }
}

// libp2p's noise with cached key objects and one write per message; these two were its largest costs in a swarm.
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { type ICryptoInterface, type NoiseComponents, noise } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'

const CIPHER = 'chacha20-poly1305'
const TAG_LENGTH = 16
/** Below it, noise's own WebAssembly is the faster one (its benchmarks, and ours). */
const NATIVE_FROM = 1200

/** On the wire it is noise. */
export function thriftyNoise(components: NoiseComponents): ConnectionEncrypter {
  const inner = noise({ crypto: nativeCrypto() })(components)
  return {
    protocol: inner.protocol,
    secureInbound: (connection, options) => inner.secureInbound(inOneWrite(connection), options),
    secureOutbound: (connection, options) => inner.secureOutbound(inOneWrite(connection), options),
  }
}

/**
 * A noise message is a list: length, cipher text in the parts the plain text had, tag. The TCP transport writes every part
 * by itself, and without Nagle each becomes a packet: copying them together costs a tenth of that.
 */
function inOneWrite(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection)
  connection.send = bytes => send(bytes.subarray())
  return connection
}

/**
 * noise's own choice of implementations. But Node takes in a key given as bytes by way of an exception, caught inside,
 * which costs more than the encryption of a small message: a key object of each key is kept for as long as the key.
 */
function nativeCrypto(): ICryptoInterface {
  const keys = new WeakMap<Uint8Array, KeyObject>()
  const keyOf = (bytes: Uint8Array) => {
    const key = keys.get(bytes) ?? createSecretKey(bytes)
    keys.set(bytes, key)
    return key
  }
  return {
    ...defaultCrypto,
    chaCha20Poly1305Encrypt(plain, nonce, ad, k) {
      if (plain.byteLength < NATIVE_FROM) return defaultCrypto.chaCha20Poly1305Encrypt(plain, nonce, ad, k)
      const cipher = createCipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_LENGTH })
      if (ad.byteLength > 0) cipher.setAAD(ad, { plaintextLength: plain.byteLength })
      const parts = Array.from(plain instanceof Uint8Array ? [plain] : plain, part => cipher.update(part))
      cipher.final()
      return Buffer.concat([...parts, cipher.getAuthTag()])
    },
    chaCha20Poly1305Decrypt(sealed, nonce, ad, k, dst) {
      if (sealed.byteLength < NATIVE_FROM) return defaultCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, k, dst)
      const length = sealed.byteLength - TAG_LENGTH
      // what comes in many small reads is decrypted, and passed on, in one piece
      const bytes = sealed.subarray()
      const decipher = createDecipheriv(CIPHER, keyOf(k), nonce, { authTagLength: TAG_LENGTH })
      if (ad.byteLength > 0) decipher.setAAD(ad, { plaintextLength: length })
      decipher.setAuthTag(bytes.subarray(length))
      const plain = decipher.update(bytes.subarray(0, length))
      decipher.final()
      return plain
    },
  }
}

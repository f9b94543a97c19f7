// An encrypter that is loaded when the first connection asks for it: what few connections use must not cost every start.
import type { NoiseComponents } from '@chainsafe/libp2p-noise'
import type { ConnectionEncrypter, MessageStream, SecureConnectionOptions } from '@libp2p/interface'

export class LateEncrypter implements ConnectionEncrypter {
  readonly protocol: string
  readonly #load: () => Promise<ConnectionEncrypter>
  #loaded: Promise<ConnectionEncrypter> | undefined

  /** `protocol`: of what `load` resolves to. */
  constructor(protocol: string, load: () => Promise<ConnectionEncrypter>) {
    this.protocol = protocol
    this.#load = load
  }

  async secureInbound(stream: MessageStream, options?: SecureConnectionOptions) {
    return await (await this.#inner()).secureInbound(stream, options)
  }

  async secureOutbound(stream: MessageStream, options?: SecureConnectionOptions) {
    return await (await this.#inner()).secureOutbound(stream, options)
  }

  async #inner(): Promise<ConnectionEncrypter> {
    this.#loaded ??= this.#load()
    return await this.#loaded
  }
}

/** For `connectionEncrypters` of libp2p: for peers that have no TLS. */
export function lateNoise(components: NoiseComponents): ConnectionEncrypter {
  return new LateEncrypter('/noise', async () => (await import('./noise.ts')).thriftyNoise(components))
}

// A transport whose listeners' sockets are held by link workers.
import type { ComponentLogger, Transport } from '@libp2p/interface'
import { HeldListener } from './held-listener.ts'
import type { LinkWorkers } from './link-workers.ts'

/** `workers` undefined: what `make` makes, as it is. */
export function heldTransport<C extends { logger: ComponentLogger }>(
  workers: LinkWorkers | undefined,
  make: (components: C) => Transport,
): (components: C) => Transport {
  if (workers === undefined) return make
  return components => {
    const transport = make(components)
    const plain = transport.createListener.bind(transport)
    transport.createListener = options =>
      new HeldListener({ workers, upgrader: options.upgrader, logger: components.logger, plain: () => plain(options) })
    return transport
  }
}

// A transport whose listeners' sockets are held by threads.
import type { ComponentLogger, Transport, Upgrader } from '@libp2p/interface'
import { HeldListener } from './socket-threads/held-listener.ts'
import type { SocketThreads } from './socket-threads/socket-threads.ts'

interface Components {
  logger: ComponentLogger
  upgrader: Upgrader
}

export function threadedTransport<C extends Components>(
  threads: SocketThreads | undefined,
  make: (components: C) => Transport,
): (components: C) => Transport {
  if (threads === undefined) return make
  return components => {
    const transport = make(components)
    const createListener = transport.createListener.bind(transport)
    transport.createListener = options =>
      new HeldListener({
        threads,
        upgrader: options.upgrader,
        logger: components.logger,
        plain: () => createListener(options),
      })
    return transport
  }
}

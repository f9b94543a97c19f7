// Connections on a busy machine: one that takes longer than a host's patience is dialled again.
import type { Host } from '../../src/net/host.ts'

/** Resolves to the peer at `address` once it is connected. Rejects with what makes that impossible. */
export async function connect(host: Host, address: string): Promise<string> {
  for (;;) {
    try {
      return await host.connect([address])
    } catch (error) {
      if ((error as Error).name !== 'TimeoutError') throw error
    }
  }
}

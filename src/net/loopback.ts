// Which addresses lead to the host itself.
import type { Multiaddr } from '@multiformats/multiaddr'

/** Loopback addresses of other hosts lead to ourselves: try them last. */
export function farthestLast(a: { multiaddr: Multiaddr }, b: { multiaddr: Multiaddr }): -1 | 0 | 1 {
  return Math.sign(Number(isLoopback(a.multiaddr)) - Number(isLoopback(b.multiaddr))) as -1 | 0 | 1
}

/** Whether only the host itself can connect to this address. */
export function isLoopback(address: Multiaddr): boolean {
  const host = address.getComponents()[0]?.value ?? ''
  return host.startsWith('127.') || host === '::1'
}

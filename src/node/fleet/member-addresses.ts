// Where members can be dialled, as they have said it.
import type { MemberRecord } from '../../core/fleet.ts'
import type { DialablePeer } from '../../core/peer.ts'
import { isLoopbackAddress } from '../../net/host.ts'

/** What leads to this host itself is of no use, unless there is nothing else. */
export function withPeer({ peer, addresses }: MemberRecord): string[] {
  const far = addresses.filter(address => !isLoopbackAddress(address))
  return (far.length > 0 ? far : addresses).map(address => (address.includes('/p2p/') ? address : `${address}/p2p/${peer}`))
}

export function dialable(record: MemberRecord): DialablePeer[] {
  const [address, ...others] = withPeer(record)
  return address === undefined ? [] : [{ peer: record.peer, address, others }]
}

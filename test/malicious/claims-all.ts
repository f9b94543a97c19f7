// Claims to have every piece.
import type { Link } from '../../src/net/link.ts'
import type { ControlMessage } from '../../src/wire/codec-control.ts'
import { full } from '../world/manifest.ts'
import type { ScriptedPeer } from './scripted-peer.ts'

/** Says that it has all of `count` pieces of whatever version the other side is at, as soon as that is known. */
export function claimsAll(count: number): (message: ControlMessage | undefined, link: Link, attacker: ScriptedPeer) => void {
  const told = new WeakSet<Link>()
  return (_message, link, attacker) => {
    const { version } = attacker
    if (version === '' || told.has(link)) return
    told.add(link)
    link.send(attacker.hello(link.peer, version))
    link.send({ type: 'pieces', have: full(count), queue: 0 })
  }
}

// Signs a manifest itself, of whatever bytes, changed at will.
import type { Manifest, ManifestHead } from '../../src/core/manifest.ts'
import type { Link } from '../../src/net/link.ts'
import { sealHead } from '../../src/wire/envelope.ts'
import { digestsOf, full } from '../world/manifest.ts'
import type { ScriptedPeer } from './scripted-peer.ts'

/** Sends a manifest that it signs itself; `change` may bend the head before it is signed. */
export async function tellManifest(
  link: Link,
  attacker: ScriptedPeer,
  manifest: Manifest,
  change: (head: ManifestHead) => ManifestHead = h => h,
  digests = digestsOf(manifest),
): Promise<void> {
  const envelope = await sealHead(change(manifest.head()), attacker.host.privateKey)
  link.send({ ...attacker.hello(link.peer, manifest.info.version), manifestCount: manifest.count })
  link.send({ type: 'part', from: 0, digests: Buffer.concat(digests) })
  link.send({ type: 'head', envelope })
  link.send({ type: 'pieces', have: full(manifest.count), queue: 0 })
}

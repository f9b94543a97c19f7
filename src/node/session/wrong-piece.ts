// Decides who is to blame for a piece that does not have the digest that the manifest names.
import type { StoredVersion } from '../content/stored-version.ts'
import type { NodeContext } from '../context/node-context.ts'

/** Bans the peer that gave it, unless it may be honest: then it is left alone, or who contradicts whom is told. */
export function judgeGiver(
  ctx: Pick<NodeContext, 'trusted' | 'ban' | 'emit'>,
  { trust, signer, manifest: { info } }: Pick<StoredVersion, 'trust' | 'signer' | 'manifest'>,
  peer: string,
  piece: number,
): void {
  // whether the bytes or the manifest are the lie is not known before the end
  if (trust === 'digest') return
  // which of two seeds is wrong is for the operator to find out, who trusts both
  if (signer !== undefined && signer !== peer && ctx.trusted.has(signer) && ctx.trusted.has(peer)) {
    ctx.emit({ code: 'seeds-contradict', seed: signer, other: peer, version: info.version })
    return
  }
  ctx.ban(peer, `piece ${piece} of ${info.task} does not have the digest that the manifest names`)
}

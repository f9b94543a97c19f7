// Topics by which peers ask for a finished content without knowing its URL.
import { CID } from 'multiformats/cid'
import { rawCid } from '../../core/root.ts'
import type { ActiveTask } from '../session/active-task.ts'

export function isPublicContent(active: ActiveTask): boolean {
  return !active.task.isPrivate && !active.isTransient && active.isWhole && active.manifest?.seal !== undefined
}

/** The root, and the raw CID of the whole content's sha2-256. */
export function contentTopics(active: ActiveTask): string[] {
  const seal = active.manifest?.seal
  return seal === undefined ? [] : [...new Set([seal.root, rawCid(seal.sha256).toString()])]
}

/** Empty for bytes that are no CID. */
export function topicText(bytes: Uint8Array): string {
  try {
    return CID.decode(bytes).toString()
  } catch {
    return ''
  }
}

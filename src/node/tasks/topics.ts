// Topics by which peers ask for a finished content without knowing its URL.
import { CID } from 'multiformats/cid'
import type { Seal } from '../../core/manifest.ts'
import { rawCid } from '../../core/root.ts'
import type { ActiveTask } from '../session/active-task.ts'

export function isPublicContent(active: ActiveTask): boolean {
  return !active.task.isPrivate && !active.isTransient && active.isWhole && active.manifest?.seal !== undefined
}

/** Every hello is compared with those of all contents. */
const TOPICS = new WeakMap<Seal, readonly string[]>()

/**
 * The root, and the raw CID of the whole content's sha2-256. None of a shared content: who is to have it has its CID, and proves that, while
 * its sha2-256 may stand in public lists.
 */
export function contentTopics(active: ActiveTask): readonly string[] {
  const seal = active.manifest?.seal
  if (seal === undefined || active.task.root !== undefined) return []
  const topics = TOPICS.get(seal) ?? [...new Set([seal.root, rawCid(seal.sha256).toString()])]
  TOPICS.set(seal, topics)
  return topics
}

/** Whether it is the finished public content of this topic. */
export function isContent(active: ActiveTask, topic: string): boolean {
  return isPublicContent(active) && contentTopics(active).includes(topic)
}

/** Empty for bytes that are no CID. */
export function topicText(bytes: Uint8Array): string {
  try {
    return CID.decode(bytes).toString()
  } catch {
    return ''
  }
}

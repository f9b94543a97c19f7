// --share of a seed or daemon: folders that it shares by name for as long as it runs.
import type { ActiveShare, DragonflyNode, NodeEvent } from '../index.ts'
import { NAMED_FOLDER } from './absolute-share.ts'
import { UsageError } from './errors.ts'
import { bytes } from './figures.ts'

/** Folders that one process shares by flags and config file. */
const MAX_FOLDERS = 64
/** A folder that takes longer to read is shared once it is read; the seed is there before. Milliseconds. */
const WAIT_MS = 5000

/**
 * Shares them all at the same time. Resolves once they are shared, or after some seconds, to what is shared by then; what goes wrong later
 * is told as an event. Rejects with what is wrong with one of them.
 */
export async function shareFolders(
  node: Pick<DragonflyNode, 'share' | 'shares'>,
  folders: readonly string[],
  { publish, signal }: { publish: (event: NodeEvent) => void; signal: AbortSignal },
): Promise<ActiveShare[]> {
  if (folders.length === 0) return []
  if (folders.length > MAX_FOLDERS) throw new UsageError(`--share: more than ${MAX_FOLDERS} folders`)
  const { causeOf, eventOf } = await import('../index.ts')
  let isLate = false
  const one = async (text: string): Promise<void> => {
    const [, name, folder = text] = NAMED_FOLDER.exec(text) ?? []
    try {
      await node.share(folder, { watch: true, signal, ...(name !== undefined && { name }) })
    } catch (error) {
      if (!isLate) throw error
      if (!signal.aborted) publish(eventOf({ code: 'folder-not-shared', path: folder, ...causeOf(error) }))
    }
  }
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, WAIT_MS)
  try {
    await Promise.race([Promise.all(folders.map(one)), late.promise])
  } finally {
    isLate = true
    clearTimeout(timer)
  }
  return await node.shares()
}

/** What a person sees of it when the seed is ready. */
export function sharesText(shares: readonly ActiveShare[], folders: readonly string[]): string {
  const lines = shares.map(({ path, latest, url, files, bytes: length }) => {
    const what = `${path} (${files} ${files === 1 ? 'file' : 'files'}, ${bytes(length)})`
    return `share ${latest}  ${what}\n  as it is now: ${url}\n`
  })
  const left = folders.length - shares.length
  return lines.join('') + (left > 0 ? `share ${left} more, once ${left === 1 ? 'it is' : 'they are'} read\n` : '')
}

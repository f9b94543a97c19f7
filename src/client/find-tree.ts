// Asks a daemon for the tree below a URL.
import type { FindTreeOptions, FoundTree } from '../node/api/found-tree.ts'
import { type Connection, errorOf } from './connection.ts'

/** As `findTree` of a node. Rejects with `not-found` for a daemon of an older version, too. */
export async function findTreeBy(
  connection: Connection,
  url: string,
  { signal }: FindTreeOptions = {},
): Promise<FoundTree | undefined> {
  for await (const line of connection.lines('POST', '/v1/tree', { body: { url }, signal })) {
    const { type } = line as { type?: unknown }
    if (type === 'error') throw errorOf(line as Parameters<typeof errorOf>[0])
    const { root, length, listedAt } = line as Partial<FoundTree>
    return root === undefined || length === undefined || listedAt === undefined ? undefined : { root, length, listedAt }
  }
  return undefined
}

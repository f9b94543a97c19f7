// Reads a content into memory: the list of a tree, or one of its packs.
import type { DragonflyNode, GetOptions, Receipt } from '../index.ts'

/** A file out of a pack. */
export interface Unpacked {
  bytes: Uint8Array
  /** Of the download, less its output. */
  receipt: Omit<Receipt, 'output'>
}

/** A whole content that its root names, at most so many bytes of it. */
export async function contentOf(
  root: string,
  limit: number,
  { node, options }: { node: Pick<DragonflyNode, 'get'>; options: GetOptions },
  watch: GetOptions = {},
): Promise<{ bytes: Buffer; receipt: Receipt }> {
  const { sharedUrl, DragonflyError } = await import('../index.ts')
  const stream = node.get(sharedUrl({ root, name: undefined, isTree: false }), { ...options, ...watch })
  stream.receipt.catch(() => {})
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream) {
    length += chunk.byteLength
    if (length > limit)
      throw new DragonflyError('bad-option', `the shared folder is none: a part of it has more than ${limit} bytes`)
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), receipt: await stream.receipt }
}

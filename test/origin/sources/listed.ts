import type { ListedFile, Source } from '../../../src/origin/sources/source.ts'

/** All that a source lists below a folder. */
export async function listed(source: Source, url: string): Promise<ListedFile[]> {
  const files: ListedFile[] = []
  for await (const file of source.list?.(url, {}) ?? []) files.push(file)
  return files
}

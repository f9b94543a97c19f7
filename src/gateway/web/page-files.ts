// The files of the page: small, read once, kept in memory.
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** Of the sources, and of the program as it was built. */
const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'page')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

export interface PageFile {
  type: string
  bytes: Buffer
}

/** Path of the URL → file. Nothing else is ever read for a request. */
export async function readPage(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>()
  for (const name of await readdir(FOLDER)) {
    const type = TYPES[path.extname(name)]
    if (type === undefined) continue
    files.set(name === 'index.html' ? '/' : `/${name}`, { type, bytes: await readFile(path.join(FOLDER, name)) })
  }
  return files
}

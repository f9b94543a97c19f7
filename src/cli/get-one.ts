// One URL of df get: shows its head, leaves the file that is there, or downloads it.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { ContentHead, GetOptions, HeaderList, HeadOptions, Receipt } from '../index.ts'
import { printable } from './errors.ts'
import { bytes } from './figures.ts'
import type { GetFlags } from './get-flags.ts'
import type { HeadersOf } from './get-headers.ts'
import type { Downloader } from './host-node.ts'
import { keptFile, makeFolder } from './output-place.ts'
import type { Report, Transfer } from './report.ts'
import { openStdout, writeAll } from './stdout.ts'

/** What all URLs of a command have in common. */
export interface Command {
  node: Downloader
  flags: GetFlags
  /** Less the headers, which differ from host to host. */
  options: GetOptions
  headers: HeadersOf
  /** As `node.download` takes it; `-` is standard output. */
  place: string | undefined
  report: Report
}

/** One download of a command. */
export interface Target {
  url: string
  /** Path of its file, where it does not go to the place of the command; its folder is made. */
  file?: string
  /** One of several. */
  transfer?: Transfer
  /** Why there is nothing to download. */
  error?: unknown
  /** See GetOptions. */
  nameFile?: (fileName: string) => string
}

/** Resolves to undefined when nothing had to be downloaded. Rejects with the library's error, PipeClosed or an OutputError. */
export async function getOne(target: Target, command: Command): Promise<Receipt | undefined> {
  const { url, transfer, nameFile } = target
  const { node, flags, headers, report } = command
  const place = target.file ?? command.place
  const options: GetOptions = {
    ...command.options,
    ...(nameFile && { nameFile }),
    onProgress: progress => report.progress(progress, transfer),
  }
  const head = () => withLogin(url, headers, headers => node.head(url, { ...headOptions(options), ...some(headers) }))
  if (flags.head || flags.spider) {
    showHead(await head(), command)
    return undefined
  }
  const kept = await keptFile({ url, place, nameFile }, flags, head)
  if (kept !== undefined) {
    report.skipped({ url, ...kept }, transfer)
    return undefined
  }
  if (target.file !== undefined) await makeFolder(path.dirname(target.file))
  const md5 = flags.md5 === undefined ? undefined : flags.md5.toLowerCase()
  const work = (headers: HeaderList) => fetch({ node, place }, url, { ...options, ...some(headers) }, md5)
  const receipt = await withLogin(url, headers, work)
  report.done(receipt, transfer)
  return receipt
}

function some(headers: HeaderList): Pick<GetOptions, 'headers'> {
  return headers.length === 0 ? {} : { headers }
}

function headOptions({ filter, tag, origin, signal }: GetOptions): HeadOptions {
  return {
    ...(filter && { filter }),
    ...(tag !== undefined && { tag }),
    ...(origin !== undefined && { origin }),
    ...(signal && { signal }),
  }
}

/** The origin is asked without the login of the netrc file first, as wget does. */
export async function withLogin<T>(url: string, headers: HeadersOf, attempt: (headers: HeaderList) => Promise<T>): Promise<T> {
  try {
    return await attempt(headers.of(url))
  } catch (error) {
    const { code, status } = error as { code?: unknown; status?: unknown }
    const known = code === 'origin-forbidden' && status === 401 ? await headers.withLogin(url) : undefined
    if (known === undefined) throw error
    return await attempt(known)
  }
}

async function fetch(
  { node, place }: Pick<Command, 'node' | 'place'>,
  url: string,
  options: GetOptions,
  md5: string | undefined,
): Promise<Receipt> {
  if (place !== '-') {
    const receipt = await node.download(url, place, options)
    if (md5 !== undefined) await checkFile(receipt.output, md5)
    return receipt
  }
  const stream = node.get(url, options)
  // The iteration throws the same error, and comes first.
  stream.receipt.catch(() => {})
  const hash = createHash('md5')
  await writeAll(md5 === undefined ? stream : tapped(stream, chunk => hash.update(chunk)), openStdout())
  if (md5 !== undefined) await checkMd5(hash.digest('hex'), md5)
  return stream.receipt
}

async function* tapped(chunks: AsyncIterable<Uint8Array>, see: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    see(chunk)
    yield chunk
  }
}

/** A file with another MD5 does not stay. */
async function checkFile(file: string, md5: string): Promise<void> {
  const hash = createHash('md5')
  for await (const chunk of createReadStream(file)) hash.update(chunk)
  try {
    await checkMd5(hash.digest('hex'), md5)
  } catch (error) {
    await rm(file, { force: true })
    throw error
  }
}

async function checkMd5(actual: string, wanted: string): Promise<void> {
  if (actual === wanted) return
  const { DragonflyError } = await import('../client/index.ts')
  throw new DragonflyError('digest-mismatch', `the content does not have the given MD5: it has ${actual}`, {
    hint: 'check --md5, or ask the publisher whether the file changed',
  })
}

function showHead(head: ContentHead, { flags, report }: Command): void {
  if (flags.json) report.head(head)
  else if (flags.head) process.stdout.write(headText(head))
  else report.note(`there: ${head.url}${head.length === undefined ? '' : ` (${bytes(head.length)})`}`)
}

/** As lines of an answer's head, so that what reads those reads these. */
export function headText(head: ContentHead): string {
  const fields: [string, string | undefined][] = [
    ['content-length', head.length?.toString()],
    ['content-type', head.type],
    ['etag', head.etag],
    ['last-modified', head.lastModified],
    ['accept-ranges', head.ranges ? 'bytes' : 'none'],
    ['file-name', head.fileName],
    ['answered-by', head.from],
  ]
  const lines = fields.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}: ${printable(value as string)}`)
  return [printable(head.url), ...lines].map(line => `${line}\n`).join('')
}

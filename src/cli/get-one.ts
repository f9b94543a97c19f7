// One URL of df get: shows its head, leaves the file that is there, or downloads it.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { ContentHead, GetOptions, HeaderList, HeadOptions, ListedFile, Receipt } from '../index.ts'
import type { Unpacked } from './content-of.ts'
import { printable } from './errors.ts'
import { bytes } from './figures.ts'
import type { GetFlags } from './get-flags.ts'
import type { HeadersOf } from './get-headers.ts'
import type { Downloader, Known } from './host-node.ts'
import { type ContentTime, type Kept, keptFile, makeFolder } from './output-place.ts'
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
  /** Of several: it is not begun before, and then `over` is called, however it ended. What it waits for comes before it. */
  after?: Promise<void>
  over?: () => void
  /** Called when its file is there; resolves to the path that is shown for it. Default: the file's own. */
  placed?: () => Promise<string>
  /** Bytes, where a list says so. */
  length?: number
  /** What the list of its store says of it. */
  listed?: ListedFile
  /** Its bytes, where a seed has packed it. What cannot be had this way is downloaded. */
  packed?: () => Promise<Unpacked>
  /** See GetOptions. */
  nameFile?: (fileName: string) => string
  /** Of a Metalink: URLs that are tried when the first one fails. */
  mirrors?: readonly string[]
  /** Of a Metalink: headers of the command, which may be secret, go to URLs of this origin alone. */
  homeOrigin?: string
  /** Rejects for a URL that is not to be read. */
  mayRead?: (url: string) => Promise<void>
}

/** `kept`: the file is there; `planned`, with --dry-run: it is not; `shown`: only its head was wanted. */
export type Outcome = Receipt | 'kept' | 'planned' | 'shown'

/** Rejects with the library's error, PipeClosed or an OutputError. */
export async function getOne(target: Target, command: Command): Promise<Outcome> {
  const { url, transfer, nameFile, listed } = target
  const { node, flags, report } = command
  const headers = headersFor(target, command)
  const place = target.file ?? command.place
  const options: GetOptions = {
    ...command.options,
    ...(nameFile && { nameFile }),
    onProgress: progress => report.progress(progress, transfer),
  }
  const known = listed?.request
  const head = () => withLogin(url, headers, headers => node.head(url, { ...headOptions(options), ...some(headers) }, known))
  if (flags.head || flags.spider) {
    showHead(await head(), command)
    return 'shown'
  }
  const kept = (await keptFile({ url, place, nameFile }, flags, timeOf(listed) ?? head)) ?? (await equalFile(target, command))
  if (kept !== undefined) {
    const output = (await target.placed?.()) ?? kept.output
    report.skipped({ url, ...kept, output }, transfer, listed?.length)
    return 'kept'
  }
  if (flags.dryRun && target.file !== undefined) {
    report.planned({ url, output: path.resolve(target.file), ...(target.length !== undefined && { length: target.length }) })
    return 'planned'
  }
  if (target.file !== undefined) await makeFolder(path.dirname(target.file))
  const md5 = flags.md5 === undefined ? undefined : flags.md5.toLowerCase()
  const digest = target.mirrors === undefined ? undefined : listed?.digest
  const all = { ...options, ...(digest !== undefined && { digest }) }
  const receipt =
    (await unpacked(target, command)) ??
    (await firstOf([url, ...(target.mirrors ?? [])], async from => {
      await target.mayRead?.(from)
      const work = (headers: HeaderList) => fetch({ node, place }, { url: from, known }, { ...all, ...some(headers) }, md5)
      const receipt = await withLogin(from, headers, work)
      if (target.mirrors !== undefined && flags.range === undefined) await checkLength(receipt, target.length)
      return receipt
    }))
  const output = (await target.placed?.()) ?? receipt.output
  report.done({ ...receipt, output }, transfer)
  return receipt
}

/** Undefined: it lies in no pack, or that cannot be had. Rejects with what is wrong with the output, or the abort. */
async function unpacked({ url, file, packed }: Target, { options }: Command): Promise<Receipt | undefined> {
  if (packed === undefined || file === undefined) return undefined
  const { signal, replace, remoteTime } = options
  const found = await packed().catch(error => {
    if (signal?.aborted) throw error
    return undefined
  })
  if (found === undefined) return undefined
  const { writeOutput } = await import('../client/index.ts')
  const lastModified = remoteTime ? found.receipt.lastModified : undefined
  return { ...found.receipt, output: await writeOutput(file, found.bytes, { url, replace, lastModified, signal }) }
}

/** The first URL that works; if none does, what the last one says. What no other URL would change is thrown at once. */
async function firstOf(urls: readonly string[], attempt: (url: string) => Promise<Receipt>): Promise<Receipt> {
  for (const [i, url] of urls.entries()) {
    try {
      return await attempt(url)
    } catch (error) {
      const { code } = error as { code?: unknown }
      const isOfUrl =
        typeof code === 'string' && (code.startsWith('origin-') || code === 'digest-mismatch' || code === 'no-source')
      if (!isOfUrl || i === urls.length - 1) throw error
    }
  }
  throw new Error('no URL')
}

function headersFor({ homeOrigin }: Target, { headers }: Command): HeadersOf {
  if (homeOrigin === undefined) return headers
  const isHome = (url: string) => URL.parse(url)?.origin === homeOrigin
  return {
    of: url => (isHome(url) ? headers.of(url) : []),
    withLogin: async url => (isHome(url) ? await headers.withLogin(url) : undefined),
  }
}

/** A file of another length than the Metalink says does not stay. */
async function checkLength({ bytes, output }: Receipt, length: number | undefined): Promise<void> {
  if (length === undefined || bytes === length) return
  await rm(output, { force: true })
  const { DragonflyError } = await import('../client/index.ts')
  throw new DragonflyError('digest-mismatch', `the content has ${bytes} bytes, and the Metalink says ${length}`)
}

/** For -N, without asking. */
function timeOf(listed: ListedFile | undefined): (() => Promise<ContentTime>) | undefined {
  if (listed?.modified === undefined || listed.length === undefined) return undefined
  const { path: names, modified, length } = listed
  return async () => ({ fileName: names.at(-1) ?? '', lastModified: new Date(modified).toUTCString(), length })
}

/** Of a tree: a file that is there, and proved to be the one that the store lists. */
async function equalFile({ file, listed }: Target, { flags, options }: Command): Promise<Kept | undefined> {
  if (file === undefined || listed === undefined || flags.range !== undefined) return undefined
  const { isListed } = await import('./tree-kept.ts')
  return (await isListed(file, listed, options.signal)) ? { output: path.resolve(file), reason: 'equal' } : undefined
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
  { url, known }: { url: string; known: Known },
  options: GetOptions,
  md5: string | undefined,
): Promise<Receipt> {
  if (place !== '-') {
    const receipt = await node.download(url, place, options, known)
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

// df get --hf-cache: puts files of a hub where huggingface_hub looks for them.
import { randomUUID } from 'node:crypto'
import { lstat, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ListedFile, SourceReach } from '../index.ts'
import { OutputError, UsageError } from './errors.ts'
import { OK } from './exit-codes.ts'
import { type Command, getOne, type Target } from './get-one.ts'
import { type CachedFile, cachePathsOf, hubCacheFolder, refPathOf } from './hub-cache-paths.ts'
import { makeFolder } from './output-place.ts'

/** A revision and the commit that it was when this command asked. */
interface Ref {
  repo: string
  revision: string
  commit: string
}

/** Throws a UsageError. */
export function refuseForHubCache(urls: readonly string[]): void {
  for (const url of urls) {
    if (/^hf:\/\//i.test(url)) continue
    throw new UsageError('--hf-cache works with hf:// URLs', 'write hf://ORG/REPO/FILE or hf://ORG/REPO')
  }
}

/** Resolves to the exit code of the first URL that failed. */
export async function getIntoHubCache(urls: readonly string[], command: Command, reach: SourceReach): Promise<number> {
  const { isSourceFolder } = await import('../index.ts')
  const { signal } = command.options
  const asked = { ...reach, ...(signal && { signal }) }
  const refs: Ref[] = []
  // a blob that is there is complete: it got its name when it was
  const keeping = { ...command, flags: { ...command.flags, clobber: false } }
  const [url] = urls
  if (urls.length === 1 && url !== undefined && !(await isSourceFolder(url))) {
    await getOne(await fileTarget(url, asked, refs), keeping)
    await writeRefs(refs)
    return OK
  }
  const { getMany } = await import('./get-many.ts')
  const { parallel } = command.flags
  const several = { targets: allTargets(urls, asked, refs), count: undefined, parallel }
  const exitCode = await getMany(several, keeping, signal ?? new AbortController().signal)
  // a program that has the revision takes the snapshot for complete
  if (exitCode === OK) await writeRefs(refs)
  return exitCode
}

async function* allTargets(urls: readonly string[], reach: SourceReach, refs: Ref[]): AsyncGenerator<Target> {
  const { isSourceFolder } = await import('../index.ts')
  const blobs = new Blobs()
  for (const url of urls) {
    try {
      if (await isSourceFolder(url)) yield* blobs.inTurn(treeTargets(url, reach, refs))
      else yield* blobs.inTurn([await fileTarget(url, reach, refs)])
    } catch (error) {
      yield { url, error }
    }
  }
}

/** Files of the same bytes, such as empty ones, have one blob: the second waits for the first, and finds it there. */
class Blobs {
  /** Path and length of a blob: those of equal length come in their order. → resolved when its first file is over, one way or the other. */
  readonly #first = new Map<string, Promise<void>>()

  async *inTurn(targets: AsyncIterable<Target> | Iterable<Target>): AsyncGenerator<Target> {
    for await (const target of targets) {
      const key = `${target.file}\n${target.length}`
      const before = this.#first.get(key)
      const { promise, resolve } = Promise.withResolvers<void>()
      if (target.file !== undefined) this.#first.set(key, promise)
      yield { ...target, over: resolve, ...(target.file !== undefined && before && { after: before }) }
    }
  }
}

async function fileTarget(url: string, reach: SourceReach, refs: Ref[]): Promise<Target> {
  const { findHubFile, DragonflyError } = await import('../index.ts')
  const found = await findHubFile(url, reach)
  if (found === undefined) throw new DragonflyError('origin-lies', 'the hub does not say which commit and state the file is of')
  refs.push(found)
  const { request, path: name } = found
  return targetOf({ path: name.split('/'), url, request: () => request }, found)
}

/** All files of a repository, or of a folder of it. */
async function* treeTargets(url: string, reach: SourceReach, refs: Ref[]): AsyncGenerator<Target> {
  const { listSource } = await import('../index.ts')
  const [, repo = '', revision = 'main'] =
    /^hf:\/\/((?:(?:datasets|spaces|models)\/)?[^/@]+\/[^/@]+)(?:@([^/]+))?/i.exec(url) ?? []
  let isFirst = true
  for await (const file of listSource(url, reach)) {
    const { url: listed, digest, checksum } = file
    const [, listedRepo = '', commit = '', name = ''] = /^hf:\/\/(.+?)@([0-9a-f]{40,64})\/(.*)$/s.exec(listed) ?? []
    const etag = digest?.replace(/^sha256:/, '') ?? checksum?.hex ?? ''
    if (isFirst) refs.push({ repo: repo.replace(/^models\//i, ''), revision: decodeURIComponent(revision), commit })
    isFirst = false
    yield targetOf(file, { repo: listedRepo, commit, path: name, etag })
  }
}

/** Throws a UsageError for a name that cannot be one here. */
function targetOf(listed: ListedFile, file: CachedFile): Target {
  const paths = cachePathsOf(hubCacheFolder(process.env), file)
  if (paths === undefined)
    throw new UsageError(`a name of ${file.repo} cannot be that of a file here`, 'get its files one by one, with -o FILE')
  const { blob, pointer } = paths
  const { url, length } = listed
  return { url, listed, file: blob, ...(length !== undefined && { length }), placed: async () => await point(pointer, blob) }
}

/** Resolves to the path of the link. What was there, a copy of it where links cannot be made included, gives way. */
async function point(pointer: string, blob: string): Promise<string> {
  await makeFolder(path.dirname(pointer))
  if (await isSame(pointer, blob)) return pointer
  const beside = besideOf(pointer)
  try {
    await rm(beside, { force: true })
    await symlink(path.relative(path.dirname(pointer), blob), beside)
    await rename(beside, pointer)
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {})
    throw new OutputError(error as NodeJS.ErrnoException, pointer)
  }
  return pointer
}

/** Where something is made that takes its place in one step; a name of 255 bytes has no room for a longer one. */
function besideOf(file: string): string {
  return path.join(path.dirname(file), `.${randomUUID()}.new`)
}

async function isSame(pointer: string, blob: string): Promise<boolean> {
  const isLink = await lstat(pointer).then(
    found => found.isSymbolicLink(),
    () => false,
  )
  if (!isLink) return false
  const both = await Promise.all([stat(pointer), stat(blob)]).catch(() => undefined)
  return both !== undefined && both[0].ino === both[1].ino && both[0].dev === both[1].dev
}

async function writeRefs(refs: readonly Ref[]): Promise<void> {
  for (const { repo, revision, commit } of refs) {
    const file = refPathOf(hubCacheFolder(process.env), repo, revision)
    if (file === undefined) continue
    await makeFolder(path.dirname(file))
    const beside = besideOf(file)
    try {
      await writeFile(beside, commit)
      await rename(beside, file)
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {})
      throw new OutputError(error as NodeJS.ErrnoException, file)
    }
  }
}

// Where huggingface_hub keeps what it downloaded: models--ORG--NAME/blobs/ETAG, snapshots/COMMIT/PATH, refs/REVISION.
import os from 'node:os'
import path from 'node:path'

/** Longest path below a snapshot that is written, bytes; file systems take 4,096 for the whole. */
const MAX_PATH_BYTES = 2048
/** NAME_MAX of common file systems. */
const MAX_NAME_BYTES = 255

/** One file of a repository. */
export interface CachedFile {
  /** `datasets/` and the like included. */
  repo: string
  commit: string
  /** Below the repository, with slashes. */
  path: string
  /** The hub's name of its content. */
  etag: string
}

/** Absolute paths. */
export interface CachePaths {
  blob: string
  pointer: string
}

/** The folder of all repositories, as huggingface_hub finds it. */
export function hubCacheFolder(env: NodeJS.ProcessEnv): string {
  const home = env.HOME ?? os.homedir()
  const named = env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE
  const base = env.HF_HOME || path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'huggingface')
  return path.resolve((named || path.join(base, 'hub')).replace(/^~(?=\/|$)/, home))
}

/** `datasets/org/name` is `datasets--org--name`; a model's kind is not written in its name. */
export function repoFolder(repo: string): string {
  return (/^(?:datasets|spaces)\//.test(repo) ? repo : `models/${repo}`).replaceAll('/', '--')
}

/** Undefined: names that lead elsewhere, or that no file can have. */
export function cachePathsOf(cache: string, { repo, commit, path: name, etag }: CachedFile): CachePaths | undefined {
  if (!isPlain(repo) || !isPlain(name) || !isPlain(commit) || !/^[\w.+=-]{1,200}$/.test(etag) || /^\.+$/.test(etag))
    return undefined
  const folder = path.join(cache, repoFolder(repo))
  return { blob: path.join(folder, 'blobs', etag), pointer: path.join(folder, 'snapshots', commit, ...name.split('/')) }
}

/** Of a branch or tag; undefined: a commit names itself, and some names cannot be those of files. */
export function refPathOf(cache: string, repo: string, revision: string): string | undefined {
  if (/^[0-9a-f]{40,64}$/.test(revision) || !isPlain(revision) || !isPlain(repo)) return undefined
  return path.join(cache, repoFolder(repo), 'refs', ...revision.split('/'))
}

function isPlain(name: string): boolean {
  if (name === '' || Buffer.byteLength(name) > MAX_PATH_BYTES || /[\p{Cc}\\]/u.test(name)) return false
  // a colon is a drive or a stream on Windows
  if (process.platform === 'win32' && /[:*?"<>|]/.test(name)) return false
  return name.split('/').every(part => !/^\.{0,2}$/.test(part) && Buffer.byteLength(part) <= MAX_NAME_BYTES)
}

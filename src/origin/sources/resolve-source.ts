// Finds the source of a URL by its scheme; http(s) is what all others become.
import { DragonflyError } from '../../core/errors.ts'
import { type SourceScheme, sourceSchemeOf } from '../../core/source-schemes.ts'
import type { HubFile } from './hub.ts'
import type { ListedFile, Source, SourceReach, SourceRequest } from './source.ts'

const SOURCES: Readonly<Record<SourceScheme, () => Promise<Source>>> = {
  s3: async () => (await import('./s3.ts')).S3,
  hf: async () => (await import('./hub.ts')).HUB,
  oci: async () => (await import('./oci.ts')).OCI,
  gs: async () => (await import('./gs.ts')).GS,
  az: async () => (await import('./az.ts')).AZ,
  modelscope: async () => (await import('./modelscope.ts')).MODELSCOPE,
  ipfs: async () => (await import('./ipfs.ts')).IPFS,
}

/**
 * What is downloaded for the URL of a source, such as `s3:` or `hf:`, asked for with the credentials that this process has; another URL as it is. Rejects with
 * `origin-…`, `bad-url` or the abort.
 *
 * @example
 * ```ts
 * import { createNode, resolveSource } from 'dragonfly-p2p'
 *
 * await using node = await createNode({ network: false })
 * const { url, shown, ...options } = await resolveSource('hf://org/model/model.safetensors')
 * await node.download(url, 'model.safetensors', options)
 * ```
 */
export async function resolveSource(url: string, reach: SourceReach = {}): Promise<SourceRequest> {
  const source = await sourceOf(url)
  return source === undefined ? { url, shown: url } : await source.resolve(url, reach)
}

/** Whether a URL names a folder: `listSource` lists it. An http(s) URL does not; of an `ipfs:` URL its gateways tell. Rejects as `resolveSource`. */
export async function isSourceFolder(url: string, reach: SourceReach = {}): Promise<boolean> {
  return (await (await sourceOf(url))?.isFolder?.(url, reach)) === true
}

/**
 * All files below a folder of a store, at any depth, as the store lists them: names are not checked for what this host may have as one. A URL
 * that does not look like a folder is taken for one. Throws `origin-…`, `bad-url`, or the abort.
 *
 * @example
 * ```ts
 * import { listSource } from 'dragonfly-p2p'
 *
 * for await (const { path, length } of listSource('hf://org/model')) console.log(path.join('/'), length)
 * ```
 */
export async function* listSource(url: string, reach: SourceReach = {}): AsyncGenerator<ListedFile> {
  const list = (await sourceOf(url))?.list
  if (list === undefined)
    throw new DragonflyError('bad-url', 'nothing that can be listed', { hint: 'write hf://ORG/REPO or s3://BUCKET/PREFIX/' })
  yield* list(url, reach)
}

/**
 * URL of an index of a folder of a store, for `findTree`: an S3 list of keys that anybody may read. Undefined where there is none. Rejects as
 * `resolveSource` does.
 */
export async function indexOfSource(url: string, reach: SourceReach = {}): Promise<string | undefined> {
  return await (await sourceOf(url))?.index?.(url, reach)
}

/**
 * A file of a hub as the cache of huggingface_hub names it. Undefined: the hub does not say which commit or state it is. Rejects as
 * `resolveSource` does.
 */
export async function findHubFile(url: string, reach: SourceReach = {}): Promise<HubFile | undefined> {
  if (Buffer.byteLength(url) > MAX_BYTES) throw new DragonflyError('bad-url', `URL longer than ${MAX_BYTES} bytes`)
  return await (await import('./hub.ts')).findHubFile(url, reach)
}

/** Undefined: it is http(s), or nothing that is known. */
async function sourceOf(url: string): Promise<Source | undefined> {
  const scheme = sourceSchemeOf(url)
  if (scheme === undefined) return undefined
  if (Buffer.byteLength(url) > MAX_BYTES) throw new DragonflyError('bad-url', `URL longer than ${MAX_BYTES} bytes`)
  return await SOURCES[scheme]()
}

/** Room for a signature in the 8 KiB that a URL may have: a session token has up to 2 KiB. */
const MAX_BYTES = 4096

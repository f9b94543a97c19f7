// A source makes of a URL an https request, the reader's own credentials for it, and what its store says of the content.
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'

/** How a source asks its store, and where it looks for credentials. */
export interface SourceReach {
  /** URL of a proxy. Default: what the environment says. */
  proxy?: string
  /** Hosts that are asked directly. Default: what the environment says. */
  noProxy?: string
  /** File of certificate authorities. Default: Node's and the system's. */
  ca?: string
  /** Gateways of `ipfs:` URLs, as the option of a node. Default: as there. */
  ipfsGateways?: readonly string[]
  /** How long a signature in a URL is good, for who cannot sign anew: milliseconds. Default 3,600,000. */
  signatureMs?: number
  /** Ends the asking. */
  signal?: AbortSignal
}

/**
 * What is to be downloaded. All but the URLs are options of `get` and `download`, so seeds, peers, grants, ranges and limits work as for
 * any other https URL. Without `headers` and `filter` anybody may read it, and it is public.
 */
export interface SourceRequest {
  /** https: or http:. It may hold a signature: show `shown` to people. */
  url: string
  /** The URL as it was given. */
  shown: string
  headers?: HeaderList
  filter?: readonly string[]
  scope?: string
  renew?: () => string
  /** What the store says that the content's digest is, where its URL names one state for good. */
  digest?: string
  /** The digest names the content, as in a registry. */
  byDigest?: boolean
  /** With `byDigest`: anybody gets such credentials as are in the headers. */
  anonymous?: boolean
  /** Gives the name of its file, where the https URL does not end in it. */
  nameFile?: () => string
}

/** A file below a folder, as its store lists it. */
export interface ListedFile {
  /** Names of folders and of the file, below the folder that was listed; not checked for what this host may have as a name. */
  path: readonly string[]
  /** For `resolve` of the same source. */
  url: string
  /** Bytes, where the store says so. */
  length?: number
  /** As `SourceRequest.digest`. */
  digest?: string
  /** Tells whether a file that is here is this one, where there is no `digest`. It is no reason to believe a download. */
  checksum?: Checksum
  /** When it was changed, where the store says so: milliseconds since 1970. */
  modified?: number
  /** What `resolve` would find, without asking the store; a signature in it is made when it is called. Undefined: `resolve` has to ask. */
  request?: () => SourceRequest
}

/** `git-blob`: sha-1 of `blob LENGTH`, a zero byte, and the content. */
export interface Checksum {
  algorithm: 'md5' | 'git-blob'
  /** Hexadecimal digits in lower case. */
  hex: string
}

/** One kind of URL. */
export interface Source {
  /** Whether it names a folder: something to list, and nothing to resolve. Some have to ask; then it rejects as `resolve`. Default: none does. */
  isFolder?(url: string, reach?: SourceReach): boolean | Promise<boolean>
  /**
   * All files below a folder, at any depth, page by page as the store gives them. Throws as `resolve` rejects; a folder without any file is
   * `origin-not-found`.
   */
  list?(url: string, reach: SourceReach): AsyncIterable<ListedFile>
  /**
   * URL of an S3 list of keys, which anybody may read, with the same files as `list`. Undefined: there is none, or not for everybody. Default:
   * there is none. Rejects as `resolve`.
   */
  index?(url: string, reach: SourceReach): Promise<string | undefined>
  /** Asks the store once whether these credentials may read it. Rejects with `origin-…` or `bad-url` in words of the store. */
  resolve(url: string, reach: SourceReach): Promise<SourceRequest>
}

/** A path as URLs have it, its slashes kept. */
export function encodePath(path: string): string {
  return path.split('/').map(encodePart).join('/')
}

/** Whether a URL can have this path. */
export function isEncodable(path: string): boolean {
  return !/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)
}

/** As RFC 3986 has it, which signatures are made over; dots alone would be taken for a way through folders. */
export function encodePart(part: string): string {
  const encoded = encodeURIComponent(part).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  if (/^\.{1,2}$/.test(part)) throw new DragonflyError('bad-url', 'a path with . or .. cannot be asked for')
  return encoded
}

// What a content is, before its bytes.
import type { GetOptions } from './get-options.ts'

/** Options of one `head`, as those of `get`. Every one may be left out. */
export type HeadOptions = Pick<GetOptions, 'headers' | 'filter' | 'tag' | 'scope' | 'renew' | 'origin' | 'signal'>

/** What is known of a content before a byte of it is here. */
export interface ContentHead {
  /** What was asked for, without credentials. */
  url: string
  /** Bytes; undefined when the origin does not tell. */
  length: number | undefined
  /** Name of the version: equal names are equal bytes, unless it begins with `weak ` or `once `. */
  version: string
  /** ETag as the origin sent it; undefined without, and when a seed answered, unless the version's name holds it. */
  etag: string | undefined
  /** Last-Modified as the origin sent it; undefined as for `etag`. */
  lastModified: string | undefined
  /** Content-Type as the origin sent it; undefined without, and when a seed answered. */
  type: string | undefined
  /** Name of the file that `download` makes of it in a folder. */
  fileName: string
  /** Whether a range can be had without the whole being read for it. */
  ranges: boolean
  /** Who said so. */
  from: 'origin' | 'seed'
}

/** What a stream knows of its content before the first byte: the bytes are of this version. See ContentHead. */
export interface StreamHead extends Pick<ContentHead, 'length' | 'version' | 'etag' | 'fileName'> {
  /** Last-Modified as an HTTP date; undefined without, and where only seeds and peers told of the content. */
  lastModified: string | undefined
  /** Content-Type; undefined as for `lastModified`. */
  type: string | undefined
}

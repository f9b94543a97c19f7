// What a seed says of the tree below a URL.

/** The list of a tree, as a trusted seed signed it just now. */
export interface FoundTree {
  /** UnixFS root of the list (CIDv1), a content like any other: `dragonfly:ROOT`. */
  root: string
  /** Bytes of the list. */
  length: number
  /** When the seed began to list it at the origin, milliseconds since 1970 by the seed's clock. */
  listedAt: number
}

export interface FindTreeOptions {
  /** Ends the asking. */
  signal?: AbortSignal
}

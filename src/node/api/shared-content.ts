// A file that this node shares: what is returned to who shares it.

/** How `share` treats a file. */
export interface ShareOptions {
  /** Name that those who fetch it are told; a hint. Default: that of the file. */
  name?: string
  /**
   * Of a folder: it is watched, and shared anew after each change, until `unshare`. Others get it as it is now by its name:
   * `dragonfly://NAME/`, with letters, digits, dots, dashes and underscores in the name.
   *
   * @default false
   */
  watch?: boolean
  /** Told of bytes that were read so far. */
  onProgress?: (read: { bytes: number; length: number }) => void
  /** Ends the reading. */
  signal?: AbortSignal
}

/** What a node shares. */
export interface ActiveShare {
  /** Absolute, without links. */
  path: string
  /** Its address now. */
  url: string
  /** Bytes of the file, or of all files of the folder. */
  bytes: number
  files: number
  /** Whether it is shared anew after each change. */
  isWatched: boolean
  /** Of a folder that is watched: the address by which it can be had as it is now. */
  latest?: string
}

/** Where the bytes of a file are that is shared. */
export type Kept = 'reflink' | 'link' | 'copy' | 'stored'

/** A file or a folder that is shared. */
export interface SharedContent {
  /** `dragonfly:CID?name=NAME`, of a folder with `&tree=1`: all that another host needs. */
  url: string
  /** Root of the content, of a folder that of its list: CIDv1, as IPFS computes it. */
  cid: string
  /** sha2-256 of the whole, hexadecimal. */
  sha256: string
  /** Bytes of the file, or of all files of the folder. */
  bytes: number
  files: number
  /**
   * Where its bytes are: in blocks that the store shares with the file (`reflink`), in the file itself (`link`), in a copy in the store
   * (`copy`), or they were there before (`stored`).
   */
  kept: Kept
}

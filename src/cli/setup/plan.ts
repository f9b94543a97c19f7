// What set-up does to the configuration of an engine: a list of files, each with a way to put our part in and to take it out.

/** One configuration file, and our part of it. */
export interface FilePlan {
  /** As the engine sees it, without --root. */
  path: string
  /** What our part does, for a person: `sends the pulls of quay.io to the gateway`. */
  purpose: string
  /** The text with our part; `text` itself when that is there already. Throws a UsageError when it cannot be put in safely. */
  add(text: string | undefined): string | undefined
  /** The text without our part; undefined: nothing else was in it. Throws a UsageError when that cannot be told. */
  remove(text: string): string | undefined
  /** Whether two texts say the same to the engine and to a reader. */
  isSame(a: string, b: string): boolean
}

export interface EnginePlan {
  files: FilePlan[]
  /** Has the engine read the files; undefined: it reads them for every pull. */
  restart?: string
  /** What a person has to know. */
  notes: string[]
  /** Folders that are removed with our files when nothing is left in them, the innermost first. */
  folders: string[]
}

/** What the command line asks for. */
export interface SetupRequest {
  /** `http://127.0.0.1:65001` */
  gateway: string
  /** `HOST[:PORT]`; empty: every registry that the engine can send. */
  registries: readonly string[]
  /** Of the file system that the engine sees. */
  root: string
  /** docker: everything through the gateway as a proxy. */
  proxy: boolean
  /** Look for everything that any set-up may have left. */
  undo: boolean
  /** Look for what is set up, when no registry is named. */
  check: boolean
}

// What the verification of stored contents tells.

/**
 * `good`: every stored piece has its digest. `repaired`: broken pieces were fetched again, or forgotten where the content is unfinished.
 * `removed`: nothing of it could be used. `broken`: it still is; `reason` says why.
 */
export type VerifiedState = 'good' | 'repaired' | 'removed' | 'broken'

/** One content that was looked at. */
export interface VerifiedContent {
  type: 'content'
  /** The task's id. */
  id: string
  /** Without user, password and query; undefined: it was not kept. */
  url: string | undefined
  state: VerifiedState
  /** Stored pieces that were read and hashed. */
  pieces: number
  /** Those of them that were wrong or missing. */
  broken: number
  /** Why it is broken still; otherwise absent. */
  reason?: string
}

/** How far it is. */
export interface VerifyProgress {
  type: 'progress'
  /** Contents that are done. */
  contents: number
  /** Contents that there are to do. */
  total: number
  /** Bytes that were read. */
  bytes: number
  /** Bytes of all of them, about. */
  totalBytes: number
}

/** How many contents are in which state. The last one. */
export interface VerifySummary extends Record<VerifiedState, number> {
  type: 'done'
  /** Contents that were looked at. */
  contents: number
  /** Bytes that were read. */
  bytes: number
}

export type VerifyLine = VerifyProgress | VerifiedContent | VerifySummary

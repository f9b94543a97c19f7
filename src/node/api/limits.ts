// Rate limits of a node.

/**
 * Bytes a second, from 1 on; or text: `20M` (20,000,000 bytes), `20MiB`, `100mbit`; `50%`: a share of the best rate that this
 * node has seen over a second in that direction, no limit before; `09:00-18:00=20M`: only at that time of the day, local time,
 * also across midnight. Several with commas: the first window that fits counts, and outside of them the plain value, if there
 * is one (`50M,09:00-18:00=20M`).
 */
export type Limit = number | string

/** What a node may move, all contents together. Payload is counted: what is read from origins, and pieces of and for peers. */
export interface Limits {
  /**
   * What comes, from origins and peers.
   * @default no limit
   */
  down?: Limit
  /**
   * What goes to peers.
   * @default no limit
   */
  up?: Limit
  /**
   * Both directions together.
   * @default no limit
   */
  total?: Limit
}

/** Limits as they were set, and what holds of them at this moment. */
export interface LimitsNow extends Limits {
  /** Bytes a second; what is left out is not limited now. */
  now: { down?: number; up?: number; total?: number }
}

/** What a download gets in proportion to others while a limit holds: 1, 4 and 16 parts. */
export type DownloadPriority = 'low' | 'normal' | 'high'

// The shape of `explain` in a receipt: where the time of a download went.

/** Where the time of a download went. Seconds, from the start of the download; bytes are payload. */
export interface Explanation {
  /**
   * The most bytes a second that came for `bestOver` seconds on end (a tenth of the transfer, 1 to 5; less when all was
   * shorter): what this host's line can do, as far as this download saw. 0: nothing was fetched.
   */
  bestRate: number
  /** Seconds over which `bestRate` was measured. */
  bestOver: number
  /** Seconds that the fetched bytes take at that rate. No schedule could have been faster on the line that was seen. */
  bound: number
  /** `bound` as a share of all the time; 1 is perfect. Undefined when nothing was fetched. */
  efficiency: number | undefined
  /** Seconds above the bound, by cause. With `bound` they add up to the whole time. */
  lost: Losses
  /** When things happened. Undefined: they did not. */
  at: Moments
  /** Fetched bytes by who gave them, most first; at most 16. */
  givers: readonly Giver[]
  /** Peers connected for this download: seeds included, the origin not. */
  neighbours: {
    /** The most at the same time. */
    most: number
    /** On average, over the time in which pieces came. */
    mean: number
    /** Peers that were tried and could not be reached. */
    unreachable: number
  }
  /** While pieces came: time in which nothing did for more than a second; all together, and the longest. */
  silence: {
    /** Seconds. */
    total: number
    /** Seconds. */
    longest: number
  }
  /** Share of the time in which this program computed, or waited for the processor; near 1 it sets the pace itself. */
  busy: number
  /** Requests for pieces, by what became of them. */
  requests: Requests
  /** What came when: averages over buckets of `seconds`, from the start. Bytes a second; neighbours. */
  series: {
    /** Length of one bucket, in seconds. */
    seconds: number
    /** Bytes a second from the origin. */
    origin: number[]
    /** Bytes a second from seeds. */
    seeds: number[]
    /** Bytes a second from peers. */
    peers: number[]
    /** Neighbours. */
    neighbours: number[]
  }
}

/** Seconds lost, by cause. */
export interface Losses {
  /** Until it was known what the content is, hence who could give it. */
  finding: number
  /** From then to the first piece. */
  firstPiece: number
  /** From the first piece to 95 %, below the best rate. */
  middle: number
  /** From 95 % to the last piece, below the best rate. */
  tail: number
  /** Spent on bytes that came for nothing: twice, wrong, or called back. */
  wasted: number
  /** From the last piece on: checking the whole, writing the file. */
  finish: number
}

/** When things happened, in seconds from the start. */
export interface Moments {
  /** It was known what the content is. */
  manifest: number
  /** The first neighbour that is not the origin. */
  neighbour: number | undefined
  /** The first piece was here. */
  firstPiece: number | undefined
  /** Half of the fetched bytes were here. */
  half: number | undefined
  /** 95 % of the fetched bytes were here. */
  tail: number | undefined
  /** The last piece was here. */
  lastPiece: number | undefined
  /** The whole manifest was known: whoever reads the origin had read all of it. */
  sealed: number | undefined
  /** Share of the fetched bytes that were here at `sealed`. */
  hereWhenSealed: number
}

/** Who gave bytes. */
export interface Giver {
  /** Where they came from. */
  kind: 'origin' | 'seed' | 'peer'
  /** Peer id; undefined for the origin. */
  peer: string | undefined
  /** Payload bytes. */
  bytes: number
}

/** Requests for pieces. */
export interface Requests {
  /** Requests sent. */
  asked: number
  /** Asked of a second neighbour while a first one was late. */
  hedged: number
  /** Taken away from a seed because a peer had the piece meanwhile. */
  moved: number
  /** Taken away from a neighbour that was silent. */
  snubbed: number
  /** Refused by the neighbour. */
  refused: number
  /** Pieces that came again. */
  duplicates: number
  /** Bytes that came for nothing. */
  wastedBytes: number
}

// Events, actions and policy of a neighbourhood.

/** Somebody who shares the content, as far as is known before there is a link. */
export interface KnownPeer {
  peer: string
  /**
   * What its address has in common with those beside it, by any name: an IPv4 /24, an IPv6 /64, a rack. Equal names are
   * near. undefined: not known.
   */
  group: string | undefined
}

/** How a link was used since the report before; 0 and false where it is not known. */
export interface LinkUse {
  peer: string
  /** Bytes that came, and that went. */
  gave: number
  took: number
  /** Whether a request runs in either direction: such a link is never dropped. */
  busy: boolean
  /** Whether it has the whole content. */
  complete: boolean
  /** Whether it has anything that we lack. */
  offers: boolean
  /** Our requests that it let go by without a byte, one after the other. */
  fruitless: number
  /** Measured round trip in milliseconds; undefined: not yet. */
  rtt: number | undefined
}

/** A fact. Times are given beside it, in milliseconds of any monotonic clock. */
export type NeighbourhoodEvent =
  /** Candidates: hearsay of a peer (`from` is its id), or of a list (`from` is any other name). */
  | { type: 'heard'; from: string; peers: readonly KnownPeer[] }
  /** A link is there, whoever dialled. `links`: how many the other said to have. A seed is anybody's neighbour, and not counted. */
  | ({ type: 'linked'; kind: 'peer' | 'seed'; links: number } & KnownPeer)
  /** A link has ended. `parted`: by either's will; `broken`: by a failure; `gone`: it leaves, or has nothing of this content. */
  | { type: 'unlinked'; peer: string; why: 'parted' | 'broken' | 'gone' }
  /** A dial that we were told to make came to nothing. `unwanted`: it has nothing to do with this content (any more). */
  | { type: 'failed'; peer: string; why: 'busy' | 'unreachable' | 'unwanted' }
  /** A neighbour that has so many links asks whom we know. */
  | { type: 'asked'; peer: string; links: number }
  /** All links, every second or so. `complete`: whether we have the whole content. */
  | { type: 'used'; links: readonly LinkUse[]; complete: boolean }
  /** Others rely on us from now on: we are as a seed. */
  | { type: 'serves' }
  /** Whether our event loop has hardly a pause. Told when it changes. */
  | { type: 'busy'; busy: boolean }
  | { type: 'wake' }

/** An intention. */
export type NeighbourhoodAction =
  /** Dial and link up; answer with `linked` or `failed`. `from`: who named it. */
  | { type: 'dial'; peer: string; from: string }
  /**
   * End the link. `needless`: both have everything. `useless`: somebody better was found. `surplus`: more links than good.
   */
  | { type: 'drop'; peer: string; why: 'needless' | 'useless' | 'surplus' }
  /** Tell the neighbour of these, and how many links we have. An empty list is a question: whom do you know? */
  | { type: 'tell'; peer: string; peers: string[] }

/** Numbers from which every choice follows. Milliseconds and links. */
export interface NeighbourhoodPolicy {
  /** With fewer links than `lowLinks` new ones are dialled, until there are `wantedLinks`. */
  lowLinks: number
  wantedLinks: number
  /**
   * With as many as `surplusLinks` nobody is let in, and after `settledMs` of that only who has few, up to `maxLinks`: while all come at once, all
   * get equally many, and who comes later finds room. Above it idle ones are dropped.
   */
  surplusLinks: number
  maxLinks: number
  settledMs: number
  /** Who has `lowLinks` and finds that others have no room stops looking for so long; four times as long each time, up to the other. */
  restMs: number
  maxRestMs: number
  /** Links that a seed takes. */
  maxSeedLinks: number
  /** Who has fewer than this is told of others unasked. */
  needyLinks: number
  dialsAtOnce: number
  /** Who is busy, and has so many links or is getting them, dials the next one so long after the last. */
  busyLinks: number
  busyDialMs: number
  /** After hearing of candidates, the first dial waits so long for others to choose from. */
  gatherMs: number
  /** First and longest pause before a candidate that failed is dialled again; doubles. After `maxFailures` it is forgotten. */
  retryMs: number
  maxRetryMs: number
  maxFailures: number
  /** Who was dropped, or dropped us, is not dialled for so long. */
  partedMs: number
  /** Candidates remembered. */
  maxCandidates: number
  /** Former neighbours that newcomers are told of, too, and for how long. */
  maxFormer: number
  formerMs: number
  /** Peers told to one neighbour each time that it has few links. */
  toldPeers: number
  /** First pause between two rounds of telling; doubles up to `maxTellMs`, and there it ends. */
  tellMs: number
  maxTellMs: number
  /** First and longest pause between questions for more candidates; doubles. */
  askMs: number
  maxAskMs: number
  /** Peers named to one that is refused. */
  hintPeers: number
  /** Share of the links that nearness chooses; the others are chosen by chance among the far. */
  nearShare: number
  /** At least so many far ones, so that the swarm stays connected. */
  farLinks: number
  /** A measured round trip up to this is near, whatever the address. */
  nearRttMs: number
  /** A link younger than this is not surplus: who has just come still looks for others. */
  settleMs: number
  /** Unused for so long, while most others are used, and with nothing to offer: useless. */
  idleMs: number
  /** A link between two that have everything ends when nothing passed for so long: the other may not know it yet. */
  needlessMs: number
  /** At most one neighbour is replaced in so many milliseconds. */
  replaceMs: number
}

export interface NeighbourhoodOptions {
  /** Takes many links, tells everybody of everybody, and drops nobody. Others come to be so by `serves`. */
  isSeed: boolean
  /** Groups that we are in ourselves; see `KnownPeer.group`. Default none. */
  groups?: readonly string[]
  /** Numbers in [0, 1). */
  random: () => number
  policy?: Partial<NeighbourhoodPolicy>
}

export const DEFAULT_NEIGHBOURHOOD_POLICY: Readonly<NeighbourhoodPolicy> = {
  lowLinks: 6,
  wantedLinks: 7,
  surplusLinks: 7,
  maxLinks: 10,
  settledMs: 1000,
  restMs: 2000,
  maxRestMs: 5 * 60_000,
  maxSeedLinks: 2000,
  needyLinks: 4,
  dialsAtOnce: 3,
  busyLinks: 2,
  busyDialMs: 1000,
  gatherMs: 30,
  retryMs: 2000,
  maxRetryMs: 60_000,
  maxFailures: 4,
  partedMs: 60_000,
  maxCandidates: 256,
  maxFormer: 64,
  formerMs: 10 * 60_000,
  toldPeers: 16,
  tellMs: 50,
  maxTellMs: 2000,
  askMs: 500,
  maxAskMs: 30_000,
  hintPeers: 8,
  nearShare: 0.5,
  farLinks: 3,
  nearRttMs: 3,
  settleMs: 5000,
  idleMs: 15_000,
  needlessMs: 3000,
  replaceMs: 5000,
}

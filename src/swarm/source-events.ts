// Events, intentions and policy of the source selector.

/** Why a visit at a seed ended. */
export type SeedFailure =
  /** Nobody listens there, or its connection broke. */
  | 'unreachable'
  /** It did not answer, but its host accepts connections: it is busy, or it hangs. */
  | 'busy'
  /** It will not read this origin for anybody. It is not asked again. */
  | 'refused'
  /** It answered with a trouble of its own, such as a full disk, or has used its tries at an origin up that it cannot reach. */
  | 'trouble'
  | 'out-of-reach'
  /** The origin failed its read too often. Who came when some of its tries were over asks once more; then that is final. */
  | 'spent'
  /** It answered with what the origin says of this content, such as 404. That is true for us, too. */
  | 'final'

/** Why a read of the origin ended before its end. */
export type OriginFailure =
  /** The origin gives no ranges of this version, or odd ones. */
  | 'no-ranges'
  /** The origin shows another version than the one that was begun. */
  | 'changed'
  /** It cannot be reached, stalls, or answers 5xx; the reader's own retries are used up. */
  | 'trouble'
  /** No retry can help: 404, a full disk, a wrong digest. */
  | 'final'

/** A fact. Times are given beside it, in milliseconds of any monotonic clock. */
export type SourceEvent =
  /** The store has been searched for cached content, after `look-in-store`. Always told, as the store is local. */
  | { type: 'store-searched' }
  /** The answer to `seek-seeds`: who is to be asked, in order. Always told. */
  | { type: 'seeds'; seeds: readonly string[] }
  /** Somebody relies on us for the content from now on: we wait for others no longer than a seed does. */
  | { type: 'relied-on' }
  /** The manifest knows `count` pieces, of which `missing` are not here; sealed: there will be no more. */
  | { type: 'content'; count: number; missing: number; sealed: boolean }
  /** So many bytes of pieces of such a length, not verified yet, came from peers and seeds since this was told last. */
  | { type: 'progress'; bytes: number; pieceLength: number }
  /** What peers and seeds send waits for our own rate limit. */
  | { type: 'held' }
  /** A peer or a seed has the same version, and is a neighbour now. */
  | { type: 'linked'; peer: string }
  | { type: 'unlinked'; peer: string }
  /** The seed is connected, or (`replies`) said anything, if only that it is waiting for the origin. */
  | { type: 'seed-heard'; seed: string; replies?: true }
  /** Anything came from the seed at `at`, if only for another content: it lives, and is busy with others. */
  | { type: 'seed-alive'; seed: string; at: number }
  /** For so long this process could not run, as its processor was busy: who spoke meanwhile is not heard yet. */
  | { type: 'absent'; ms: number }
  /** The seed is not connected yet, but its host accepts connections: it is busy, or it hangs. */
  | { type: 'seed-listening'; seed: string }
  /** After `look-at-seed`: whether the seed's process answered. Always told, if only after many seconds. */
  | { type: 'seed-looked'; seed: string; lives: boolean }
  /** The seed told which version the content is. `same`: the version that was begun here already. */
  | { type: 'seed-resolved'; seed: string; same: boolean }
  /** Our request for a link to the seed that answered was accepted; `linked` is told before or soon after. */
  | { type: 'seed-dialled'; seed: string }
  | { type: 'seed-failed'; seed: string; why: SeedFailure }
  | { type: 'dht-ended' }
  /** Another host reads the same: our own read is not needed, and is not begun again before that one stops; or (`isOver`) it is needed after all. */
  | { type: 'read-shared'; isOver: boolean }
  /** Bytes came from our own read. */
  | { type: 'origin-progress' }
  | { type: 'origin-ended' }
  | { type: 'origin-failed'; why: OriginFailure }
  /** So many single pieces are being read from the origin, after `offer-ranges`. */
  | { type: 'ranges'; active: number }
  /** The origin gave no range when it was asked for a single piece. */
  | { type: 'ranges-refused' }
  /** A single piece did not come: the origin cannot be reached, stalls, or answers 5xx; the reader's own retries are used up. */
  | { type: 'range-failed' }
  /** Our own event loop stood still for so long: what was not heard meanwhile is nobody's fault. Told before what it kept waiting. */
  | { type: 'late'; ms: number }
  | { type: 'wake' }

/** An intention, to be performed in order. */
export type SourceAction =
  /** Search the store for cached content, and answer with `content` if it is used, then `store-searched`. */
  | { type: 'look-in-store' }
  /** Find out whom of our fleet to ask, seeds and members; answered by `seeds`. */
  | { type: 'seek-seeds' }
  /** Connect to the seed and ask it for the task. Answered by `seed-…` events, `seed-failed` the last. */
  | { type: 'ask-seed'; seed: string }
  /** End the visit; answered by `seed-failed`. */
  | { type: 'leave-seed'; seed: string; why: string }
  /** See whether the process of a seed that is silent lives, at little cost for it. Answered by `seed-listening` and `seed-looked`. */
  | { type: 'look-at-seed'; seed: string }
  /**
   * The swarm may not ask the origin for single pieces for so long only because nothing comes; 0: it may again. `handoverMs`: the same
   * where none of those who are linked has what is missing, as another seed is taking over. `areLost`: none is of use any more.
   */
  | { type: 'be-patient'; ms: number; handoverMs: number; areLost?: boolean }
  /**
   * Anybody who has the content may name its version, as seeds do not. `isAlone`: no seed shows a sign of life, so the origin is asked first
   * which version is current. While a seed is only slow or busy a whole crowd waits, which is not to ask.
   */
  | { type: 'hear-anybody'; isAlone: boolean }
  | { type: 'search-dht' }
  /**
   * Read the origin in order. `new`: nothing is known of the content, but the store may have a part of it; `rest`: go on at piece
   * `from`; `whole`: a plain GET from the first byte, each piece compared with the manifest where it is known.
   */
  | { type: 'read-origin'; how: 'new' | 'rest' | 'whole'; from: number }
  /** End our read; nothing is answered. */
  | { type: 'stop-reading' }
  /** The swarm may read single pieces from the origin by range, from now on; or not any more, and those under way are ended. */
  | { type: 'offer-ranges' }
  | { type: 'withdraw-ranges' }
  /** `no-source`: nobody has what is missing; `origin`, `seed`: what the last failure of that source says. */
  | { type: 'fail'; why: 'no-source' | 'origin' | 'origin-changed' | 'seed' }

export interface SourceSelectorOptions {
  /** Names of the seeds, in the order in which they are to be asked. */
  seeds: readonly string[]
  /** Whether there may be others to ask, which are to be found out. Default: no */
  isInFleet?: boolean
  /** Whether this node knows a way into the DHT. */
  hasDht: boolean
  /** Whether this node may read the origin. */
  mayRead: boolean
  /** The seeds are to ask the origin first: nobody else can say which version is current. */
  revalidate: boolean
  /** Whether somebody who is no seed of ours could say what the content is and be believed. */
  believesOthers: boolean
  /** Whether this node asks the origin which version is current before it believes a stranger's word on that. Default false. */
  asksOrigin?: boolean
  /** A number in [0, 1), another one for every download: our place in a crowd. */
  chance: number
  policy?: Partial<SourcePolicy>
}

/** Every duration in milliseconds. */
export interface SourcePolicy {
  /** So often it is found out whom to ask when none of those who are known was of use: in a fleet others may have come. */
  seeks: number
  /** A seed that is not connected by then is dead or busy: its successor is asked. A round trip and a handshake take less than 1 s. */
  answerMs: number
  /**
   * The same for one whose host accepts connections, when there is no other: a connection that is given up costs the seed as much
   * as one that it answers, so that a crowd that comes again and again keeps it from answering anybody.
   */
  busyAnswerMs: number
  /** The same while looks show that its process lives. */
  aliveAnswerMs: number
  /**
   * A seed that is not connected by then is looked at: early enough that the answer is here when the next one would be asked. One that was
   * gives nothing for `silentMs`: before the swarm would ask the origin.
   */
  lookAfterMs: number
  silentMs: number
  /** Pause between two looks: 1,200 hosts that look every 5 s cost a seed a fifth of a core, connections included. */
  lookAgainMs: number
  /** What a look may take before the seed is taken for frozen; more where earlier ones took long. */
  lookAnswerMs: number
  /**
   * Where there is another seed to ask: one that gives nothing for `stallMs`, says nothing, and has not answered a look for so long, is frozen.
   * Less than `lookAnswerMs`, as asking the next one costs little.
   */
  frozenMs: number
  /** What is frozen is left after so long without growth where there is no other to ask. Infinity: it is not, as staying costs nothing. */
  lastFrozenMs: number
  /** A seed whose process lives is waited for so long without any growth once it has answered, and longer by our place in the crowd. */
  awaitMs: number
  /**
   * A seed that takes over is waited for so long: it looks for the one before it (2 s), takes what the swarm has, finds that nobody tells
   * more (1.5 s), and reads; twice that on a starved host.
   */
  handoverMs: number
  /** A seed that has said nothing for so long hangs: one that waits for its origin says so every 5 s, so this is three of them. */
  muteMs: number
  /**
   * The same for its first word, once it is connected (it may have been so for hours): one that lives says at once that it has heard.
   * Infinity: no limit of its own.
   */
  ackMs: number
  /** A seed that has answered has so long to accept our link: a starved host takes seconds for what should take one round trip. */
  dialMs: number
  /** A seed that had accepted our link, but has none to us for so long, is asked anew: its link is lost. */
  lostMs: number
  /** A seed that was left is taken for unreachable when its visit has not ended by then: it takes 1 s to see whether its host listens. */
  leaveMs: number
  /** Between two rounds through all seeds: a seed that restarts is back in a few seconds. */
  retryMs: number
  /**
   * A seed whose host accepts connections but that does not answer is busy with others like us. The origin is not read before
   * so long after its last sign, and up to `crowdMs` more, drawn so that few go first: if all of them read, nothing is won.
   */
  busyMs: number
  crowdMs: number
  /** How many times more hosts go in the second half of `crowdMs` than in the first, as a power of e: 2 of 100 go in the first half. */
  crowdSteepness: number
  /** So long after the first seed was asked the origin is read if it has not said anything. Time that we were absent does not count. */
  originAfterMs: number
  /** The same after the last sign that the seed lives, where there was one: it may be busy with others. */
  silenceMs: number
  /** So long after the beginning the origin is read if nobody knows the content, whatever the seed says. */
  unknownMs: number
  /** A seed that is only known to live, as it is busy with others, counts as heard for so long after what we have last grew. 0: not at all. */
  aliveMs: number
  /** How long the DHT may search for a first provider before the origin is read: two to three of its round trips at the worst. */
  dhtMs: number
  /** Who takes over from a seed waits so long more for those whom the search has found: a link takes a round trip or two. */
  meetMs: number
  /** Pause before the DHT is searched again; doubles up to the second number. */
  dhtAgainMs: number
  maxDhtAgainMs: number
  /** The same for the member of a fleet that is responsible for reading it: the others wait for it. */
  responsibleMs: number
  /** With so many neighbours the DHT is left alone: the others are heard from them. */
  enoughLinks: number
  /**
   * When nothing grows for so long and no seed is expected to give more, our own read finishes what is known. Hosts wait up to
   * `stallMs`, by chance, so that a swarm does not begin all its reads in one moment.
   */
  takeoverMs: number
  /** The same while pieces that the manifest knows still come: those who have them may be told the rest, too. */
  manifestMs: number
  /** Who is linked and gives nothing for so long is no source. Without another one, a download that may not read the origin ends. */
  stallMs: number
  /**
   * A download that may not read the origin has only its seeds and peers: so long after the last growth it ends, if none of its
   * seeds is back. A seed that is restarted by its supervisor has read its store by then.
   */
  returnMs: number
  /** When ranges are offered and bring nothing for so long, the origin is read whole: longer than the swarm's own patience with them. */
  rangesMs: number
  /** Longest wait without growth for a seed that says it is waiting for the origin: its own timeouts come before. */
  patientMs: number
  /** Longest silence of our own read, or of ranges under way: the reader has timeouts of its own, which come before. */
  readMs: number
  /**
   * Pieces that are verified are what keeps a download from the origin. Each byte of others counts as progress for as long as it takes at
   * `leastRate` (bytes per millisecond), up to `unproven` pieces' worth in a row: two are under way at a slow neighbour. A line of 64 KiB/s is
   * four times as fast; whoever sends some bytes now and then, and never a piece, holds up nobody.
   */
  leastRate: number
  unproven: number
  /** Reads in a row that bring nothing before the download fails: more versions than that cannot be followed. */
  maxReads: number
}

export const DEFAULT_SOURCE_POLICY: Readonly<SourcePolicy> = {
  seeks: 3,
  answerMs: 3000,
  busyAnswerMs: 30_000,
  aliveAnswerMs: 90_000,
  lookAfterMs: 1500,
  silentMs: 2000,
  lookAgainMs: 5000,
  lookAnswerMs: 4000,
  frozenMs: 3000,
  lastFrozenMs: Infinity,
  awaitMs: 30_000,
  handoverMs: 8000,
  muteMs: 15_000,
  ackMs: Infinity,
  dialMs: 15_000,
  lostMs: 3000,
  leaveMs: 2000,
  retryMs: 2000,
  busyMs: 8000,
  crowdMs: 24_000,
  crowdSteepness: 8,
  originAfterMs: Infinity,
  silenceMs: Infinity,
  unknownMs: Infinity,
  aliveMs: 0,
  dhtMs: 3000,
  meetMs: 500,
  dhtAgainMs: 2000,
  maxDhtAgainMs: 30_000,
  responsibleMs: 1000,
  enoughLinks: 4,
  takeoverMs: 3000,
  manifestMs: 15_000,
  stallMs: 5000,
  returnMs: 9000,
  rangesMs: 15_000,
  patientMs: 300_000,
  readMs: 600_000,
  leastRate: 16,
  unproven: 2,
  maxReads: 3,
}

/**
 * A seed's own: it is asked because a seed before it was of no use, and there are few of them. So it does not wait long for one
 * that only says it is waiting for the origin, leaves one that is frozen even where it is the last, and reads on before it has every piece:
 * others wait for it, and have waited 5 s already where the one before it is frozen. While that one says anything it is hoped for, however slowly its manifest grows.
 */
export const SEED_SOURCE_POLICY: Partial<SourcePolicy> = {
  patientMs: 15_000,
  ackMs: 2000,
  lastFrozenMs: 5000,
  manifestMs: 1500,
  takeoverMs: 1500,
}

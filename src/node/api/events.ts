// Everything that a node reports to its operator: one table of codes, with level, meaning, fields and the line that a person reads.
import { DragonflyError } from '../../core/errors.ts'
import { type Cause, type Definition, define, type EventLevel, type Peer, rationed } from './event-definition.ts'
import { SHARE_EVENTS } from './share-events.ts'

export type { Cause, EventLevel }

/** Code → level, meaning, text. Codes and fields are stable: programs branch on them. No field may hold a secret. */
export const EVENTS = {
  // ---- this host
  'node-unreachable': define<{ addresses: string }>(
    'warn',
    'This node listens only on loopback addresses.',
    ({ addresses }) =>
      `no other host can connect to this one, because it has only ${addresses}; announce a reachable address with --announce`,
  ),
  'fleet-port-taken': define<{ port: number }>(
    'warn',
    'A member of a fleet listens on any free port, because something else has the usual one.',
    ({ port }) =>
      `TCP port ${port}, where members of a fleet are expected, is in use; this one listens on another: its address is in df daemon status, and may change with every start (choose one with --listen)`,
  ),
  'home-exposed': define<{ path: string; mode: string; mended: boolean }>(
    'warn',
    'Other users of this host can read the identity, or write to the home folder. The mode is mended where that is possible.',
    ({ path, mode, mended }) =>
      mended
        ? `${path} was open to other users (mode ${mode}) and is closed to them now; if they are not trusted, move identity.key away to get a new peer id`
        : `${path} is open to other users (mode ${mode}) and cannot be closed; close it with chmod, or choose another home with DRAGONFLY_HOME`,
  ),
  'home-readable': define<{ path: string; mode: string }>(
    'debug',
    'Other users of this host can list the home folder. Its identity and its store are closed to them.',
    ({ path, mode }) =>
      `${path} is readable by other users (mode ${mode}); close it with chmod 700 if they should not see what is in it`,
  ),
  'store-temporary': define<Cause & { place: string }>(
    'warn',
    'The store in the home folder cannot be used. A temporary one is used for this run.',
    ({ reason, place }) =>
      `${reason}; pieces are kept ${place} for this run, and an interrupted download starts over (set DRAGONFLY_HOME to avoid that)`,
  ),
  'daemon-lost': define<{ reason: string }>(
    'warn',
    'The daemon of this host ended or cannot be talked to. The download goes on in its own process.',
    ({ reason }) => `${reason}; this process goes on by itself`,
  ),
  'content-encoded': define<{ coding: string }>(
    'warn',
    'The origin sent a Content-Encoding although the request asked for none.',
    ({ coding }) =>
      `the origin sent compressed bytes (Content-Encoding: ${coding}) although the request asked for none; they are saved as they were sent`,
  ),

  'fleet-stranger': rationed<Peer & Cause>(
    'warn',
    'A peer that this node has connected to is not a member of its fleet. It is disconnected.',
    ({ peer, reason }) => `${peer} is not a member of this fleet (${reason}); give it the same fleet file`,
  ),
  'fleet-file-unread': define<Cause>(
    'warn',
    'The fleet file has changed, and cannot be read. What it said before counts on.',
    ({ reason }) => `${reason}; this node goes on with what the file said before`,
  ),

  ...SHARE_EVENTS,

  // ---- peers
  'peer-banned': rationed<Peer & { proof: string; hours: number }>(
    'warn',
    'A peer was caught lying. This node refuses it everywhere for so many hours: 1, then twice as long at each repetition, 24 at most.',
    ({ peer, proof, hours }) => `banned ${peer} for ${hours} h: ${proof}`,
  ),
  'peer-violation': rationed<Peer & Cause>(
    'warn',
    'A peer broke the protocol, and its link was closed.',
    ({ peer, reason }) => `peer ${peer} broke the protocol: ${reason}`,
  ),
  'events-withheld': define<{ of: string; limit: number; seconds: number }>(
    'warn',
    'Strangers cause an event so often that no more of that code are told for a while. They are still counted in the metrics.',
    ({ of, limit, seconds }) =>
      `${limit} ${of} events within ${seconds} s: more are counted, but not told until that time is over`,
  ),
  'neighbour-dropped': define<Peer & { why: string }>(
    'info',
    'This node ended its link to a neighbour.',
    ({ peer, why }) => `leaving neighbour ${peer}: ${why}`,
  ),
  'neighbour-failed': define<Peer & Cause>(
    'info',
    'This node could not connect to a peer.',
    ({ peer, reason }) => `cannot connect to peer ${peer}: ${reason}`,
  ),
  'link-opened': define<Peer & { task: string }>(
    'debug',
    'A link to a peer was opened, for one task.',
    ({ peer, task }) => `link to peer ${peer} opened for task ${task}`,
  ),
  'link-closed': define<Peer & { task: string }>(
    'debug',
    'A link to a peer was closed, for one task.',
    ({ peer, task }) => `link to peer ${peer} closed for task ${task}`,
  ),
  'lan-unavailable': define<Cause>(
    'debug',
    'Peers of a local network cannot be looked for by multicast DNS.',
    ({ reason }) => `cannot look for peers on the local network: ${reason}`,
  ),
  // ---- ways to the content
  'source-decided': define<{ task: string; decision: string; seed?: string | undefined }>(
    'debug',
    'A decision of the source selector: what a download does next to get its bytes.',
    ({ task, decision, seed }) => `task ${task}: ${decision}${seed === undefined ? '' : ` ${seed}`}`,
  ),
  'seed-unusable': define<Peer & Cause>(
    'warn',
    'A seed cannot be used for this download now. The download continues with the next source.',
    ({ peer, reason, error }) =>
      error === 'origin-refused'
        ? `seed ${peer} ${reason}. Start the seed with --allow-origin, or every host reads the origin itself`
        : `seed ${peer} cannot be used now: ${reason}`,
  ),
  'seeds-contradict': rationed<{ seed: string; other: string; version: string }>(
    'error',
    'Two trusted seeds have different bytes for one version of a content. This download follows the first one; nobody is banned.',
    ({ seed, other, version }) =>
      `the seeds ${seed} and ${other} have different bytes for ${version}: this download follows the first one; compare both with the origin, and stop trusting the one that is wrong`,
  ),
  'seed-preheat-failed': define<Peer & Cause>(
    'warn',
    'A seed does not preheat. The next seed is asked.',
    ({ peer, reason }) => `seed ${peer} does not preheat: ${reason}`,
  ),
  'replica-failed': rationed<Peer & Cause>(
    'info',
    'Another seed does not take a finished content that it is to keep, too. It is asked again later.',
    ({ peer, reason }) => `seed ${peer} does not keep a content, too: ${reason}`,
  ),
  'grant-not-renewed': define<Peer & Cause>(
    'info',
    'A seed did not renew the grant of a private content. The next seed is asked.',
    ({ peer, reason }) => `seed ${peer} did not renew the grant: ${reason}`,
  ),
  'dht-search-failed': define<Cause>(
    'info',
    'A search of the DHT failed. It is repeated.',
    ({ reason }) => `the DHT search failed: ${reason}`,
  ),
  'dht-announce-failed': define<Cause>(
    'info',
    'A content could not be announced in the DHT.',
    ({ reason }) => `cannot announce a content in the DHT: ${reason}`,
  ),
  'bootstrap-failed': define<Cause & { address: string }>(
    'info',
    'A bootstrap peer could not be reached. It is tried again.',
    ({ address, reason }) => `cannot reach bootstrap peer ${address}: ${reason}`,
  ),
  // ---- origins
  'origin-retry': define<Cause & { waitMs: number }>(
    'warn',
    'A request to the origin failed. It is repeated after `waitMs` milliseconds.',
    ({ reason, waitMs }) => `${reason}; trying again in ${(waitMs / 1000).toFixed(1)} s`,
  ),
  'origin-refused': define<{ host: string; reason: string; hint: string | undefined }>(
    'warn',
    'This seed does not read an origin for others. A host is named once in 10 minutes, ten hosts at most.',
    ({ reason, hint }) => (hint === undefined ? reason : `${reason}; ${hint}`),
  ),
  'content-changed': define<{ restart: number; of: number }>(
    'warn',
    'The content changed at the origin while it was read. The download starts over.',
    ({ restart, of }) => `the content changed at the origin while it was read: starting over (${restart} of ${of})`,
  ),
  'origin-piece-failed': define<Cause & { piece: number }>(
    'warn',
    'The origin did not send the bytes of one piece.',
    ({ piece, reason }) => `cannot read piece ${piece} from the origin: ${reason}`,
  ),
  'origin-piece-corrupt': define<{ piece: number; version: string }>(
    'warn',
    'The origin sent bytes that do not match the manifest.',
    ({ piece, version }) => `the origin sent wrong bytes for piece ${piece} of ${version}`,
  ),
  'stale-served': define<Cause>(
    'warn',
    'The origin fails, and the seed serves its cached copy.',
    ({ reason }) => `the origin is in trouble, so the cached copy is served: ${reason}`,
  ),
  'freshness-check-failed': define<Cause>(
    'warn',
    'A background check whether a cached copy is current failed.',
    ({ reason }) => `cannot check whether a cached copy is current: ${reason}`,
  ),
  'freshness-not-saved': define<Cause>(
    'warn',
    'The caching headers of the origin could not be stored. The origin is asked again after a restart.',
    ({ reason }) => `cannot save how long a content is fresh: ${reason}`,
  ),
  // ---- seeding
  'resolve-answered': define<Peer & { url: string }>(
    'debug',
    'A seed told a peer which version of a URL it has. The URL comes without user, password and query.',
    ({ peer, url }) => `told peer ${peer} the version of ${url}`,
  ),
  'deduplication-failed': define<Cause>(
    'info',
    'Two equal contents could not share one file.',
    ({ reason }) => `cannot share the file of an equal content: ${reason}`,
  ),
  'control-unavailable': define<Cause>(
    'warn',
    'The control socket is not available. The seed runs without it.',
    ({ reason }) => reason,
  ),
  'no-link-workers': define<Cause>(
    'warn',
    'Link workers cannot be had, or ended too often. The main thread does their work.',
    ({ reason }) => `no link workers, the main thread does their work: ${reason}`,
  ),
  // ---- this machine
  'store-unavailable': define<Cause>(
    'error',
    'The store accepts nothing new, because it is full or broken. It continues to serve what it has.',
    ({ reason }) => `the store accepts nothing new and serves what it has: ${reason}`,
  ),
  'resume-failed': define<Cause>(
    'warn',
    'What an earlier run stored cannot be used.',
    ({ reason }) => `cannot use what is stored: ${reason}`,
  ),
  'piece-unreadable': define<Cause & { piece: number }>(
    'warn',
    'A stored piece cannot be read, so it is not served.',
    ({ piece, reason }) => `cannot serve piece ${piece}: ${reason}`,
  ),
  'trace-missing': define<object>(
    'warn',
    'No trace is written, because the content was being downloaded already.',
    () => 'no trace: this content was being downloaded already, and its beginning is missing',
  ),
  'trace-ended': define<{ reason: string }>(
    'warn',
    'The trace is incomplete. The download continues.',
    ({ reason }) => `the trace ends here: ${reason}`,
  ),
} as const

/** See EVENTS. */
export type EventCode = keyof typeof EVENTS

type Fields<C extends EventCode> = (typeof EVENTS)[C] extends Definition<infer F> ? F : never

/** An event as the place where it happens knows it: its code and fields. */
export type EventFacts = {
  [C in EventCode]: {
    /** Which event. */
    code: C
  } & Fields<C>
}[EventCode]

/** One thing that an operator may want to know: its code, its level, one line for a person, and the fields of its code. */
export type NodeEvent = {
  [C in EventCode]: Readonly<
    {
      /** Which event. */
      code: C
      /** How important it is. */
      level: EventLevel
      /** One line for a person. */
      message: string
    } & Fields<C>
  >
}[EventCode]

/** Adds level and message, as the table has them. */
export function eventOf(facts: EventFacts): NodeEvent {
  const { level, text } = EVENTS[facts.code] as Definition<EventFacts>
  const { code, ...fields } = facts
  return { code, level, message: text(facts), ...fields } as NodeEvent
}

/** The fields of an event that tells of an error. */
export function causeOf(error: unknown): Cause {
  const reason = error instanceof Error ? error.message || error.name : String(error)
  // what to do about it differs with the error, and the event has no other place for it
  if (error instanceof DragonflyError && error.code === 'peer-version')
    return { reason: `${reason}; ${error.hint}`, error: error.code }
  return error instanceof DragonflyError ? { reason, error: error.code } : { reason }
}

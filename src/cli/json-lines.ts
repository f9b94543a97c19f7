// Every NDJSON line that df writes: type, commands, meaning and fields, declared once. The reference is made from this table.

/** One kind of line. */
export interface JsonLine {
  /** The field `type` of the line. */
  readonly type: string
  /** Commands that write it. */
  readonly from: readonly string[]
  readonly meaning: string
  /** Name → meaning. */
  readonly fields: Readonly<Record<string, string>>
  /** Fields that are left out when there is nothing to say. */
  readonly optional: Readonly<Record<string, string>>
}

/** Keeps the names of the fields as types. */
function line<F extends string, O extends string = never>(
  type: string,
  from: readonly string[],
  meaning: string,
  fields: Record<F, string>,
  optional = {} as Record<O, string>,
) {
  return { type, from, meaning, fields, optional }
}

const PEER_ID = 'peer id of this node'
const ADDRESSES = 'full multiaddrs that others can dial'
const CONTENTS = 'versions of contents that were removed'
const FREED = 'bytes that they took on the disk'
const ASKED = 'the URL or id as it was given, without user and password'
const URL_GIVEN = 'the URL as it was given, without user and password'
const CODE = '[error code](#error-codes)'
const MESSAGE = 'one line for a person'
const HINT = 'what the reader can do next'
const VERIFY = ['verify', 'seed verify']
const ALL = [
  'get',
  'preheat',
  'seed start',
  'seed status',
  'seed ls',
  'seed rm',
  'seed pin',
  'seed unpin',
  'seed gc',
  'seed verify',
  'ls',
  'rm',
  'pin',
  'unpin',
  'gc',
  'verify',
  'daemon start',
  'daemon stop',
  'daemon status',
  'daemon set',
  'sim',
]

/**
 * Name in this program → line. Sizes are bytes, times seconds, rates bytes a second. A field that is not known is left out.
 * Events (`warning`, `info`) are not here: their fields depend on their code.
 */
export const JSON_LINES = {
  // ---- df get
  started: line('started', ['get'], 'The node is up. The first line.', { peerId: PEER_ID, addresses: ADDRESSES }),
  getProgress: line(
    'progress',
    ['get'],
    'How far the download is: at most five a second, and one at the end.',
    {
      bytes: 'verified bytes so far, resumed ones included',
      fromOrigin: 'bytes read from the origin by this host',
      fromPeers: 'bytes from peers',
      fromSeeds: 'bytes from seeds',
      resumed: 'bytes found on disk from an earlier try',
      peers: 'peers connected for this content, seeds included',
      rate: 'bytes a second over the last seconds',
    },
    { length: 'bytes of the whole content, or of the range' },
  ),
  receipt: line(
    'done',
    ['get'],
    'The receipt: the output is complete. Only events may follow.',
    {
      url: 'what was asked for, without credentials',
      output: 'absolute path of the file; `-` for standard output',
      bytes: 'bytes that were written or streamed',
      sha256: 'sha2-256 of these bytes, hexadecimal, computed here',
      cid: 'UnixFS root of the content (CIDv1), as IPFS computes it; empty for a range',
      fromOrigin: 'bytes read from the origin by this host',
      fromPeers: 'bytes from peers',
      fromSeeds: 'bytes from seeds',
      resumed:
        'bytes found on disk from an earlier try; the four add up to `bytes`, with `-r` to the pieces that the range lies in',
      seconds: 'how long it took',
      peers: 'peers that gave pieces, seeds included',
      trust: 'why the content is believed: `digest`, `seed` or `origin`',
    },
    {
      range: 'with `-r`: which bytes (`start`, and `end` after the last one)',
      length: 'with `-r`: bytes of the whole content, when they are known',
      lastModified: 'Last-Modified of the content, an HTTP date, when it is known here',
      explain: 'with `--explain`: where the time went',
    },
  ),
  skipped: line('skipped', ['get'], 'A file that is already there stays (`--no-clobber`, `-N`).', {
    url: 'what was asked for',
    output: 'absolute path of the file',
    reason: '`exists` or `not-newer`',
  }),
  head: line(
    'head',
    ['get'],
    'What a content is (`--head`, `--spider`).',
    {
      url: 'what was asked for, without credentials',
      version: 'name of the version',
      fileName: 'name of the file that a download makes of it',
      ranges: 'whether a range can be had without the whole',
      from: 'who said so: `origin` or `seed`',
    },
    {
      length: 'bytes of the content',
      etag: 'ETag as the origin sent it',
      lastModified: 'Last-Modified as the origin sent it',
      contentType: 'Content-Type as the origin sent it',
    },
  ),
  getFailed: line(
    'failed',
    ['get'],
    'One of several URLs failed.',
    { url: 'what was asked for, without secrets', code: CODE, message: MESSAGE },
    { hint: HINT },
  ),
  // ---- df preheat
  preheatProgress: line(
    'progress',
    ['preheat'],
    'How far one seed is with one URL: at most five a second, and one at the end.',
    { url: URL_GIVEN, seed: 'peer id of the seed', bytes: 'verified bytes that the seed has' },
    { length: 'bytes of the whole content' },
  ),
  preheated: line('preheated', ['preheat'], 'A seed has all of one URL.', {
    url: URL_GIVEN,
    seed: 'peer id of the seed',
    bytes: 'length of the content',
    seconds: 'how long it took',
    alreadyThere: 'whether the seed had all of it before it was asked',
  }),
  preheatSummary: line('done', ['preheat'], 'Every URL was tried. Only events may follow.', {
    preheated: 'how many were preheated',
    alreadyThere: 'how many of those the seeds had before',
    failed: 'how many failed',
    bytes: 'length of all that were preheated',
    seconds: 'how long the command took',
  }),
  preheatFailed: line(
    'failed',
    ['preheat'],
    'One URL failed at one seed. The command goes on; its exit code is that of the first URL that failed.',
    { url: URL_GIVEN, code: CODE, message: MESSAGE },
    { hint: HINT },
  ),
  // ---- df seed
  ready: line('ready', ['seed start', 'daemon start'], 'Others can ask the seed or the daemon from now on.', {
    peerId: PEER_ID,
    addresses: ADDRESSES,
  }),
  limits: line(
    'limits',
    ['daemon set'],
    'The rate limits of the daemon.',
    { now: 'what holds at this moment: `down`, `up`, `total`, in bytes a second' },
    { down: 'limit of what is received', up: 'limit of what is sent to peers', total: 'limit of both together' },
  ),
  stopped: line('stopped', ['daemon stop'], 'The daemon has ended.', { pid: 'the process that it was' }),
  status: line(
    'status',
    ['seed status', 'daemon status'],
    'What the running seed or daemon keeps, reads and sends.',
    {
      role: '`seed` or `daemon`',
      version: 'version of its program',
      jobs: 'downloads that programs of this host asked it for, under way',
      peerId: 'its peer id',
      addresses: ADDRESSES,
      pid: 'its process',
      uptime: 'seconds since it started',
      contents: 'what is kept, as in `content` lines, the most recently used first',
      total: 'how many contents are kept',
      reads: 'reads of origins under way',
      askers: '`all` requests since the start; `hits`: those whose content was already here',
      bytes: 'payload since the start: `fromOrigin`, `toPeers`, `fromPeers`',
    },
    { disk: '`used`, `quota`, `free`, `evicted` (`contents`, `bytes`), `trouble`; absent when pieces are kept in memory' },
  ),
  content: line(
    'content',
    ['ls', 'seed ls'],
    'One version of a content that is kept; one line each.',
    {
      id: 'id of the task',
      bytes: 'bytes on the disk, with everything that belongs to it',
      age: 'whole seconds since it began to be kept',
      idle: 'whole seconds since it was read or written last',
      isPinned: 'whether it is protected from eviction',
      isBusy: 'whether it is being downloaded or served',
      isReading: 'whether the origin is being read for it',
      peers: 'links to peers on it',
    },
    { url: 'without user, password and query', version: 'the version as the origin names it', length: 'bytes of the content' },
  ),
  removed: line('removed', ['rm', 'seed rm'], 'One content was removed.', { asked: ASKED, contents: CONTENTS, bytes: FREED }),
  pinned: line('pinned', ['pin', 'seed pin'], 'One content is protected from eviction.', { asked: ASKED, id: 'id of the task' }),
  unpinned: line('unpinned', ['unpin', 'seed unpin'], 'One content may be evicted again.', {
    asked: ASKED,
    id: 'id of the task',
  }),
  collected: line('gc', ['gc', 'seed gc'], 'What garbage collection removed.', {
    contents: CONTENTS,
    bytes: FREED,
    broken: 'broken or abandoned entries that were removed besides',
  }),
  seedFailed: line(
    'failed',
    ['rm', 'pin', 'unpin', 'seed rm', 'seed pin', 'seed unpin'],
    'One content failed. The command goes on; its exit code is that of the first that failed.',
    { asked: ASKED, code: CODE, message: MESSAGE },
    { hint: HINT },
  ),
  verifyProgress: line('progress', VERIFY, 'How far the verification is: at most five a second.', {
    contents: 'contents that are done',
    total: 'contents that there are to do',
    bytes: 'bytes that were read',
    totalBytes: 'bytes of all of them, about',
  }),
  verified: line(
    'content',
    VERIFY,
    'One content was read and hashed again.',
    {
      id: 'id of the task',
      state: '`good`; `repaired`; `removed`, because nothing of it could be used; or `broken` still',
      pieces: 'stored pieces that were read',
      broken: 'those of them that were wrong or missing',
    },
    { url: 'without user, password and query', reason: 'why it is broken still' },
  ),
  verifySummary: line('done', VERIFY, 'Every content was looked at.', {
    contents: 'how many',
    bytes: 'bytes that were read',
    good: 'contents without a broken piece',
    repaired: 'contents that were repaired',
    removed: 'contents that were removed, because nothing of them could be used',
    broken: 'contents that are broken still; then the exit code is 5',
  }),
  // ---- df sim
  scenario: line('scenario', ['sim'], 'With `--list`: one named scenario.', { name: 'its name', title: 'what it shows' }),
  simulated: line('done', ['sim'], 'The figures of one simulation.', {
    name: 'of the scenario',
    title: 'what it shows',
    seed: 'the random number that repeats the run',
    bound: 'shares of the best that any schedule could do: `last`, `p99`, `median` peer',
    isOwnBound: 'whether each peer is compared with a bound of its own',
    peers: 'peers without a fault that stay',
    complete: 'how many of those got everything',
    seedCopies: 'copies of the content that left the seeds',
    originCopies: 'copies of the content that left the origin',
    duplicates: 'share of the needed bytes that was fetched in vain',
    messagesPerPeer: 'messages',
    classes: 'for lines that differ: `name`, `count`, `bound` of each class',
    scenario: 'everything that was simulated; not stable',
    result: 'everything that was measured; not stable',
  }),
  replayed: line(
    'replayed',
    ['sim'],
    'With `--replay`: whether the decider answers as it did.',
    {
      identical: 'whether it does',
      runs: 'downloads in the trace',
      events: 'events that were replayed',
      actions: 'answers that were compared',
    },
    { difference: 'the first answer that differs' },
  ),
  // ---- every command
  error: line(
    'error',
    ALL,
    'The command as a whole failed or was stopped. The last line; there is no `done` then.',
    { code: CODE, message: MESSAGE },
    { hint: HINT },
  ),
}

/** The same as a list, in the order of the reference. */
export const LINES: readonly JsonLine[] = Object.values(JSON_LINES)

type Lines = typeof JSON_LINES
type Name = keyof Lines
type Allowed<N extends Name> = { [F in keyof Lines[N]['fields']]: unknown } & { [F in keyof Lines[N]['optional']]?: unknown }

/** One line with its end. A field too many or too few does not compile. */
export function jsonLine<N extends Name, F extends Allowed<N>>(
  name: N,
  fields: F & Record<Exclude<keyof F, keyof Allowed<N>>, never>,
): string {
  return `${JSON.stringify({ type: JSON_LINES[name].type, ...(fields as object) })}\n`
}

/** The line for a command that failed as a whole. */
export function errorLine({ code, message, hint }: { code: string; message: string; hint?: string }): string {
  return jsonLine('error', { code, message, hint })
}

// Every NDJSON line that df writes: type, commands, meaning and fields, declared once. The reference is made from this table.
import { FLEET_LINES } from './fleet-lines.ts'
import { GATEWAY_LINES } from './gateway-lines.ts'
import { CODE, HINT, type JsonLine, line, MESSAGE } from './json-line.ts'
import { STORE_LINES } from './store-lines.ts'

const PEER_ID = 'peer id of this node'
const ADDRESSES = 'full multiaddrs that others can dial'
const URL_GIVEN = 'the URL as it was given, without user and password'
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
  'fleet init',
  'fleet rotate',
  'fleet status',
  'gateway setup',
  'gateway check',
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
      resumed: 'bytes found in the store: of an earlier try, or of a content that was there',
      received: 'bytes that came since it began, whether verified yet or not',
      peers: 'peers connected for this content, seeds included',
      rate: 'bytes a second that came over the last seconds',
    },
    { length: 'bytes of the whole content, or of the range', url: 'with several URLs: which one, without secrets' },
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
        'bytes found in the store: of an earlier try, or of a content that was there; the four add up to `bytes`, with `-r` to the pieces that the range lies in',
      seconds: 'how long it took',
      peers: 'peers that gave pieces, seeds included',
      trust: 'why the content is believed: `digest`, `seed` or `origin`',
    },
    {
      range: 'with `-r`: which bytes (`start`, and `end` after the last one)',
      length: 'with `-r`: bytes of the whole content, when they are known',
      lastModified: 'Last-Modified of the content, an HTTP date, when it is known here',
      originDigest:
        'where the origin states the sha-256 of the content, which this host compared with what it read: `repr-digest`, `content-digest`, `digest`, `x-amz-checksum-sha256`, `docker-content-digest` or `the URL`',
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
  getSummary: line('summary', ['get'], 'With several URLs, or `--recursive`: every one was tried. Only events may follow.', {
    files: 'how many were downloaded',
    kept: 'how many were there already and stay',
    failed: 'how many failed',
    bytes: 'bytes of those that were downloaded',
    seconds: 'how long the command took',
  }),
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
  ready: line(
    'ready',
    ['seed start', 'daemon start'],
    'Others can ask the seed or the daemon from now on.',
    { peerId: PEER_ID, addresses: ADDRESSES },
    { gateway: 'URL of the gateway, if there is one' },
  ),
  authority: line('authority', ['gateway ca'], 'The certificate authority of the gateway.', {
    file: 'its certificate, PEM',
    fingerprint: 'sha256 of the certificate',
    validTo: 'when it ends, ISO 8601',
    isNew: 'whether it was made now',
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
      isolation:
        '`banned`: peers that are banned now; `bans`: the latest 100 (`peer`, `proof`, `age` and `left` in seconds, `times`); `contradictions`: trusted seeds with different bytes for one version (`seed`, `other`, `version`, `age`)',
    },
    {
      lanPeers: 'peers of the local network that it is connected to; absent when it looks for none',
      fleet: 'the other members of its fleet: `members`, as in `member` lines, and `total`; absent when it is in none',
      disk: '`used`, `quota`, `free`, `evicted` (`contents`, `bytes`), `trouble`; absent when pieces are kept in memory',
    },
  ),
  ...FLEET_LINES,
  ...STORE_LINES,
  // ---- df gateway
  ...GATEWAY_LINES,
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

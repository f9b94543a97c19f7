// Every NDJSON line that df writes: type, commands, meaning and fields, declared once. The reference is made from this table.
import { FLEET_LINES } from './fleet-lines.ts'
import { GATEWAY_LINES } from './gateway-lines.ts'
import { GET_LINES } from './get-lines.ts'
import { ALL } from './json-commands.ts'
import { CODE, HINT, type JsonLine, line, MESSAGE } from './json-line.ts'
import { SHARE_LINES } from './share-lines.ts'
import { STORE_LINES } from './store-lines.ts'

const PEER_ID = 'peer id of this node'
const ADDRESSES = 'full multiaddrs that others can dial'
const URL_GIVEN = 'the URL as it was given, without user and password'
/**
 * Name in this program → line. Sizes are bytes, times seconds, rates bytes a second. A field that is not known is left out.
 * Events (`warning`, `info`) are not here: their fields depend on their code.
 */
export const JSON_LINES = {
  ...GET_LINES,
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
    {
      gateway: 'URL of the gateway, if there is one',
      metrics: 'URL of the metrics, with `--metrics`',
      web: 'URL of the live page, if there is one',
      shares:
        'with `--share`, what is shared by now: `path`, `url`, `bytes`, `files`, `isWatched`, `latest`. See event `folder-shared`',
    },
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
        '`banned`: peers that are banned now; `bans`: the latest 100 (`peer`, `proof`, `age` and `left` in seconds, `times`); `snubbed`: peers that let this node down, without any proof of a lie, and have given no piece since; `snubs`: the latest 100 (`peer`, `why`: `silent`, `late` or `busy`, `age` and `last` in seconds, `times`); `contradictions`: trusted seeds with different bytes for one version (`seed`, `other`, `version`, `age`)',
    },
    {
      lanPeers: 'peers of the local network that it is connected to; absent when it looks for none',
      fleet: 'the other members of its fleet: `members`, as in `member` lines, and `total`; absent when it is in none',
      disk: '`used`, `quota`, `free`, `evicted` (`contents`, `bytes`), `trouble`; absent when pieces are kept in memory',
    },
  ),
  ...FLEET_LINES,
  ...SHARE_LINES,
  ...STORE_LINES,
  // ---- df top
  live: line(
    'live',
    ['top'],
    'What the daemon or seed is doing, once a second.',
    {
      at: 'milliseconds since 1970',
      role: '`seed` or `daemon`',
      version: 'version of its program',
      peerId: PEER_ID,
      uptime: 'seconds since it started',
      jobs: 'downloads that programs of this host asked it for, under way',
      rates: '`down` and `up`: bytes a second over the last seconds',
      best: '`down` and `up`: the best second so far',
      limits: 'the limits as they were set, and `now`, what holds of them',
      totals:
        'bytes since the start: verified ones from `origin`, `seed`, `peer` and `store`, `read` from origins, `sent` to peers, `saved` reads of origins',
      askers: 'requests of peers: `all`, and `hits`, whose content was here',
      contents: 'at most 12 contents, each with rates, sources, cells of pieces and neighbours',
      contentCount: 'how many are open',
      hosts: 'at most 100 seeds and members of the fleet, with their state',
      hostCount: 'how many are known',
      isolation: 'peers that are refused, or that let this node down; seeds that contradict each other',
      troubles: 'warnings and errors, the latest first',
    },
    { lanPeers: 'peers of the local network', disk: 'how full the store is; absent when pieces are in memory' },
  ),
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

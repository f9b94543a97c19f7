// The NDJSON lines of df fleet.
import { line } from './json-line.ts'

export const FLEET_LINES = {
  fleet: line('fleet', ['fleet init'], 'The secret was made.', { file: 'absolute path of the fleet file' }),
  rotated: line('rotated', ['fleet rotate'], 'The secret was replaced.', {
    file: 'absolute path of the fleet file',
    from: 'when members begin to speak the new secret: every host needs the file by then',
    until: 'when the old secret counts no more',
  }),
  member: line(
    'member',
    ['fleet status'],
    'A member of the fleet, this host first; it has either what it said of itself, or `silence`.',
    {
      peer: 'its peer id',
      role: '`seed` or `member`',
      addresses: 'multiaddrs that it has named',
      self: 'whether it is this host',
    },
    {
      silence:
        'why it said nothing: `unreachable`, `no-answer`, `older-version`, `refused`, `bad-answer`, or `not-asked` (too many members, or no time left)',
      version: 'of its program',
      uptime: 'seconds',
      load: '`lag`: milliseconds by which its event loop was late, at most; `busy`: percent of the time in which its program computed',
      rates: '`down` and `up`, bytes a second',
      limits: '`down`, `up` and `total`, bytes a second; absent: no limit',
      disk: '`used`, `quota`, `free` in bytes, and `isInTrouble`; absent: it keeps pieces in memory',
      contents: 'versions of contents that it keeps',
      downloads: 'downloads under way',
      hidden: 'those of them that are private to its users, which are not named',
      slowest:
        'at most ten of its downloads, the slowest first: `url` (absent: private), `bytes`, `length`, `rate`, and `cause`, the reason: `limit`, `processor`, `disk`, `origin`, `line`, `peers` or `sources`',
    },
  ),
  fleetSummary: line('summary', ['fleet status'], 'After the members.', {
    members: 'how many are known, this host included',
    answered: 'how many of them answered, this host included',
    seconds: 'that asking took',
    slowest: 'the slowest ten downloads of all that answered, the slowest first; `peer` is the host that downloads',
    peerId: 'peer id of this host',
  }),
}

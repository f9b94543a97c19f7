// The NDJSON lines of df fleet.
import { line } from './json-line.ts'

export const FLEET_LINES = {
  fleet: line('fleet', ['fleet init'], 'The secret was made.', { file: 'absolute path of the fleet file' }),
  rotated: line('rotated', ['fleet rotate'], 'The secret was replaced.', {
    file: 'absolute path of the fleet file',
    from: 'when members begin to speak the new secret: every host needs the file by then',
    until: 'when the old secret counts no more',
  }),
  member: line('member', ['fleet status'], 'Another member that the daemon or seed of this host knows.', {
    peer: 'its peer id',
    role: '`seed` or `member`',
    addresses: 'multiaddrs that it has named',
  }),
  fleetSummary: line('summary', ['fleet status'], 'After the members.', {
    members: 'how many there are, this host included',
    peerId: 'peer id of this host',
  }),
}

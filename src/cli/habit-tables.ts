// What the flags of curl, wget and aria2 mean to df get: other spellings, what df does anyway, and what it does not do.

/** A flag of another program, written in one of ours. */
export interface Habit {
  /** Our long flag; undefined: df does so anyway, nothing is passed on. */
  flag: string | undefined
  /** Whether a value follows. */
  takes: boolean
  /** Our value for theirs. */
  value?: (text: string) => string
}

const means = (flag: string, takes = false): Habit => ({ flag, takes })
const ANYWAY: Habit = { flag: undefined, takes: false }
/** wget counts tries, curl what comes after the first one; 0 and inf are without end. */
const tries: Habit = {
  flag: '--retry',
  takes: true,
  value: text => (text === '0' || text === 'inf' ? '1000' : /^\d+$/.test(text) ? String(Number(text) - 1) : text),
}

/** Letters and long names. Our own flags are not here: they are taken as they stand. */
export const HABITS: Readonly<Record<string, Habit>> = {
  '-m': means('--timeout', true),
  '--max-time': means('--timeout', true),
  '-s': means('--quiet'),
  '-q': means('--quiet'),
  '--silent': means('--quiet'),
  '--output-dir': means('--directory-prefix', true),
  '-d': means('--directory-prefix', true),
  '--dir': means('--directory-prefix', true),
  '--checksum': means('--digest', true),
  '-U': means('--user-agent', true),
  '--load-cookies': means('--cookie', true),
  '--http-user': means('--user', true),
  '--http-password': means('--password', true),
  '-l': means('--level', true),
  '-t': tries,
  '--tries': tries,
  '--no-use-server-timestamps': means('--no-remote-time'),
  '-nc': means('--no-clobber'),
  '-nd': ANYWAY,
  '-np': ANYWAY,
  '-nv': ANYWAY,
  '-#': ANYWAY,
  '-J': ANYWAY,
  '-L': ANYWAY,
  '-R': ANYWAY,
  '-S': ANYWAY,
  '-c': ANYWAY,
  '-f': ANYWAY,
  '-g': ANYWAY,
  '--compressed': ANYWAY,
  '--content-disposition': ANYWAY,
  '--continue': ANYWAY,
  '--fail': ANYWAY,
  '--fail-with-body': ANYWAY,
  '--globoff': ANYWAY,
  '--http1.1': ANYWAY,
  '--location': ANYWAY,
  '--no-parent': ANYWAY,
  '--no-verbose': ANYWAY,
  '--progress-bar': ANYWAY,
  '--remote-header-name': ANYWAY,
  '--remote-name': ANYWAY,
  '--remote-name-all': ANYWAY,
  '--remote-time': ANYWAY,
  '--retry-all-errors': ANYWAY,
  '--retry-connrefused': ANYWAY,
  '--show-error': ANYWAY,
  '--show-progress': ANYWAY,
  '--tlsv1.2': ANYWAY,
  '--trust-server-names': ANYWAY,
}

const SENDS = 'df only reads: it sends GET and nothing else; use curl for this'
const SECURITY = 'df has no such flag; use curl for this'
const PLACES = 'df cannot be told where to connect; use curl for this'

/** Flag → who does it instead. Never passed over in silence: whoever gave one relied on it. */
export const NOT_DONE: Readonly<Record<string, string>> = {
  '--method': SENDS,
  '--data': SENDS,
  '--data-ascii': SENDS,
  '--data-binary': SENDS,
  '--data-raw': SENDS,
  '--data-urlencode': SENDS,
  '--body-data': SENDS,
  '--body-file': SENDS,
  '--post-data': SENDS,
  '--post-file': SENDS,
  '-F': SENDS,
  '--form': SENDS,
  '-T': 'df does not upload: use curl for this; for what wget means by it: --connect-timeout, and --timeout for the whole download',
  '--upload-file': SENDS,
  '-G': SENDS,
  '--get': SENDS,
  '-w': 'df tells what happened with --json: one object per line, the last one is the receipt',
  '--write-out': 'df tells what happened with --json: one object per line, the last one is the receipt',
  '-D': 'the headers of a content are shown by -I (--head)',
  '--dump-header': 'the headers of a content are shown by -I (--head)',
  '--save-headers': 'the headers of a content are shown by -I (--head)',
  '-K': 'df reads config.json in its home folder (see df help get)',
  '--config': 'df reads config.json in its home folder (see df help get)',
  '--cookie-jar': 'df keeps no cookies; it sends those of -b (--cookie)',
  '--save-cookies': 'df keeps no cookies; it sends those of -b (--cookie)',
  '-4': 'df uses IPv4 and IPv6, whichever answers first; use curl to have one of them only',
  '-6': 'df uses IPv4 and IPv6, whichever answers first; use curl to have one of them only',
  '--ipv4': 'df uses IPv4 and IPv6, whichever answers first; use curl to have one of them only',
  '--ipv6': 'df uses IPv4 and IPv6, whichever answers first; use curl to have one of them only',
  '-E': SECURITY,
  '--cert': SECURITY,
  '--certificate': SECURITY,
  '--key': SECURITY,
  '--private-key': SECURITY,
  '--pinnedpubkey': SECURITY,
  '--proto': 'df follows redirects to http and https, and to nothing else; use curl to forbid http',
  '--proto-redir': 'df follows redirects to http and https, and to nothing else; use curl to forbid http',
  '--https-only': 'df follows redirects to http and https, and to nothing else; use curl to forbid http',
  '--tlsv1.3': SECURITY,
  '--location-trusted': 'credentials go to the host that they were given for, and to no other one that it names',
  '--anyauth': 'of the ways to log in df knows Basic (-u), and tokens (-H)',
  '--digest-auth': 'of the ways to log in df knows Basic (-u), and tokens (-H)',
  '--ntlm': 'of the ways to log in df knows Basic (-u), and tokens (-H)',
  '--negotiate': 'of the ways to log in df knows Basic (-u), and tokens (-H)',
  '--resolve': PLACES,
  '--connect-to': PLACES,
  '--interface': PLACES,
  '--bind-address': PLACES,
  '--unix-socket': PLACES,
  '--max-redirs': 'df follows at most 10 redirects',
  '--max-redirect': 'df follows at most 10 redirects',
  '--max-filesize': 'df tells the length of a content before it reads it with -I (--head)',
  '--append-output': 'df writes its log to standard error: --log-level, and 2>> FILE',
  '--output-file': 'df writes its log to standard error: --log-level, and 2> FILE; the file of a content is -o FILE',
}

// The NDJSON lines of df get.
import { CODE, HINT, line, MESSAGE } from './json-line.ts'

export const GET_LINES = {
  started: line('started', ['get'], 'The node is up. The first line.', {
    peerId: 'peer id of this node',
    addresses: 'full multiaddrs that others can dial',
  }),
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
    {
      length: 'bytes of the whole content, or of the range',
      reused: 'those of the resumed bytes that an older version had',
      url: 'with several URLs: which one, without secrets',
    },
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
      trust:
        'why the content is believed: `digest` (the given one, or with `originDigest` that of the origin, where other readers gave the rest), `seed` or `origin`',
    },
    {
      range: 'with `-r`: which bytes (`start`, and `end` after the last one)',
      length: 'with `-r`: bytes of the whole content, when they are known',
      reused: 'those of the resumed bytes that an older version had: the file that this one replaces, or one in the store',
      lastModified: 'Last-Modified of the content, an HTTP date, when it is known here',
      originDigest:
        'where the origin states the sha-256 of the content, which this host compared with what it read: `repr-digest`, `content-digest`, `digest`, `x-amz-checksum-sha256`, `docker-content-digest` or `the URL`',
      explain: 'with `--explain`: where the time went',
    },
  ),
  skipped: line('skipped', ['get'], 'A file that is already there stays (`--no-clobber`, `-N`; of a tree also what is equal).', {
    url: 'what was asked for',
    output: 'absolute path of the file',
    reason: '`exists`, `not-newer`, or `equal` (its length and digest are those that the store lists)',
  }),
  planned: line(
    'planned',
    ['get'],
    'With `--dry-run`: what would be done with one file of a tree.',
    { action: '`get` or `remove`', output: 'absolute path of the file' },
    { url: 'what would be downloaded', length: 'bytes, where the list says so' },
  ),
  strayRemoved: line('removed', ['get'], 'With `--mirror`: a file that the tree does not have is gone.', {
    output: 'absolute path of the file',
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
  getSummary: line(
    'summary',
    ['get'],
    'With several URLs, or a tree: every file was tried. Only events may follow.',
    {
      files: 'how many were downloaded',
      kept: 'how many were there already and stay',
      failed: 'how many failed',
      bytes: 'bytes of those that were downloaded',
      seconds: 'how long the command took',
    },
    {
      removed: 'with `--mirror`: how many files were removed',
      dryRun: 'with `--dry-run`: true, nothing was done, and these are the figures of what would be',
    },
  ),
}

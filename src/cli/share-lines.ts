// The NDJSON lines of df share.
import { line } from './json-line.ts'

const SHARE = {
  path: 'the file or folder, absolute and without links',
  url: 'its address now',
  bytes: 'bytes of the file, or of all files of the folder',
  files: 'how many files it is',
  isWatched: 'whether it is shared anew after each change',
}
const LATEST = { latest: 'of a folder that is watched: the address by which it can be had as it is now' }

export const SHARE_LINES = {
  shared: line('shared', ['share'], 'A file or a folder is shared.', {
    url: 'its address: all that `df get` on another host needs',
    cid: 'root of the content, of a folder that of its list (CIDv1), as IPFS computes it',
    sha256: 'sha2-256 of the file, or of the list of the folder, hexadecimal',
    bytes: 'bytes of the file, or of all files of the folder',
    files: 'how many files it is',
    kept: '`reflink` or `link`: the store shares the bytes with the file; `copy`: it has a copy; `stored`: it had them before',
  }),
  share: line('share', ['share'], 'With `--list`: one of what the daemon shares.', SHARE, LATEST),
  unshared: line('unshared', ['share'], 'With `--stop`: it is not shared any more.', SHARE, LATEST),
  sharing: line('sharing', ['share'], 'Everything is shared, by this process, until it is stopped.', {
    peerId: 'peer id of this node',
    addresses: 'full multiaddrs that others can dial',
  }),
  sent: line('sent', ['share'], 'Somebody takes it: at most one a second.', {
    bytes: 'bytes sent so far',
    peers: 'peers connected for it now',
    rate: 'bytes a second that went out over the last seconds',
  }),
} as const

// Events of what this host shares without an origin; see events.ts.
import { type Cause, define } from './event-definition.ts'

export const SHARE_EVENTS = {
  'share-ended': define<{ path: string; url: string; why: 'changed' | 'removed' }>(
    'warn',
    'A file that this node shares was changed or removed. Its content is not offered any more.',
    ({ path, url, why }) => `${path} was ${why} and is not shared any more as ${url.replace(/\?.*/, '')}; share it again`,
  ),
  'folder-shared': define<{ path: string; name: string; url: string; files: number; bytes: number }>(
    'info',
    'A folder that is watched is shared as it is now. Its earlier address can be fetched for some minutes more.',
    ({ path, name, url, files }) => `${path} is shared as dragonfly://${name}/, now ${url} (${files} files)`,
  ),
  'folder-left-out': define<{ path: string; count: number; file: string; reason: string }>(
    'warn',
    'Some of a folder that is watched is not shared. One of it is named, and why.',
    ({ path, count, file, reason }) =>
      `${JSON.stringify(file)} of ${path} is not shared: ${reason}${count > 1 ? `; and ${count - 1} more` : ''}`,
  ),
  'folder-not-shared': define<{ path: string } & Cause>(
    'warn',
    'A folder that is watched cannot be shared as it is now. What was shared of it before is shared on.',
    ({ path, reason }) => `${path} is not shared as it is now: ${reason}`,
  ),
} as const

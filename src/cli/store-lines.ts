// The NDJSON lines of the commands that look after the store.
import { CODE, HINT, line, MESSAGE } from './json-line.ts'

const CONTENTS = 'versions of contents that were removed'
const FREED = 'bytes that they took on the disk'
const ASKED = 'the URL or id as it was given, without user and password'
const VERIFY = ['verify', 'seed verify']

export const STORE_LINES = {
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
}

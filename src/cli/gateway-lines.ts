// The NDJSON lines of df gateway.
import { HINT, line } from './json-line.ts'

export const GATEWAY_LINES = {
  registryRead: line(
    'registry-read',
    ['daemon status'],
    'With `--explain`: a manifest or blob that an engine has read through the gateway, the latest first; at most 100.',
    {
      at: 'milliseconds since 1970',
      registry: 'its host',
      repository: 'the repository there',
      kind: '`manifest` or `blob`',
      reference: 'tag or digest',
      token: 'seconds in which tokens were waited for',
      bytes: 'bytes that the engine was given, headers included',
      status: 'HTTP status',
      isBrokenOff: 'whether the engine hung up before the end',
    },
    {
      firstByte: 'seconds until the engine got the first byte; absent: it got none',
      seconds: 'seconds in all; absent: it is under way',
      from: "`origin`, `peers`, `seeds`, `store`: bytes by who gave them to this host, now or when they were fetched for somebody before; absent: the registry's own answer was passed on, or a manifest that was here",
    },
  ),
  configFile: line(
    'file',
    ['gateway setup'],
    'One configuration file of the engine: what was done to it, or would be done with `--write`.',
    {
      path: 'the file, as the engine sees it',
      purpose: 'what our part of it does',
      action: '`created`, `changed`, `unchanged`, `restored` (as it was before), or `removed`',
      written: 'whether it was done',
    },
    { text: 'the whole file with our part; absent when it is removed', backup: 'where the text before is kept' },
  ),
  setUp: line(
    'done',
    ['gateway setup'],
    'Every file was handled. The last line.',
    { notes: 'what a person has to know, one sentence each' },
    { restart: 'command that has the engine read its files; absent when it reads them for every pull, or nothing changed' },
  ),
  finding: line(
    'finding',
    ['gateway check'],
    'One thing that was looked at.',
    { ok: 'whether it is as it should be', message: 'one line for a person' },
    { hint: HINT },
  ),
  checked: line('done', ['gateway check'], 'Everything was looked at. The last line.', {
    ok: 'whether all is well; if not, the exit code is 1',
  }),
}

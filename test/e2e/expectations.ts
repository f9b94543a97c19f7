// What every df of the end-to-end tests has to keep to: a receipt that adds up, a failure that is one line.
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import type { ErrorCode } from '../../src/core/errors.ts'
import type { Ended } from './lab.ts'

/** The last NDJSON line of a download. */
export interface Done {
  type: 'done'
  url: string
  output: string
  bytes: number
  sha256: string
  cid: string
  fromOrigin: number
  fromPeers: number
  fromSeeds: number
  resumed: number
  seconds: number
  peers: number
  trust: string
}

const DONE_FIELDS = [
  ...['type', 'url', 'output', 'bytes', 'sha256', 'cid', 'fromOrigin', 'fromPeers', 'fromSeeds', 'resumed', 'seconds'],
  ...['peers', 'trust'],
]

/** The receipt of a `df get --json` that must have succeeded; its numbers must add up. */
export function receipt(ended: Ended, lines = ended.lines): Done {
  expect(ended, `${ended.stdout.subarray(0, 5000)}${ended.stderr}`).to.include({ code: 0, signal: null })
  expect(lines[0]).to.have.all.keys('type', 'peerId', 'addresses').and.include({ type: 'started' })
  const done = lines.at(-1) as unknown as Done
  // an origin need not tell its time
  expect({ lastModified: '', ...done })
    .to.have.all.keys([...DONE_FIELDS, 'lastModified'])
    .and.include({ type: 'done' })
  expect(lines.filter(l => l.type === 'started' || l.type === 'done')).to.have.length(2)
  for (const counts of [...lines.filter(l => l.type === 'progress'), done] as unknown as Done[]) {
    expect(counts.fromOrigin + counts.fromPeers + counts.fromSeeds + counts.resumed).to.equal(counts.bytes)
  }
  return done
}

/** The file holds these bytes and nothing else. */
export async function expectFile(path: string, body: Uint8Array): Promise<void> {
  const found = await readFile(path)
  expect(found.length, path).to.equal(body.length)
  expect(Buffer.compare(found, body), path).to.equal(0)
}

/** The one line that a `df get --quiet` leaves when it fails. */
export function complaint(ended: Ended, exitCode: number): string {
  expect(ended, ended.stderr).to.deep.include({ code: exitCode, signal: null, stdout: Buffer.alloc(0) })
  expect(ended.stderr).to.match(/^df: [^\n]{10,500}\n$/)
  return ended.stderr.trimEnd()
}

/** The message of a `df get --json` that must have failed with this code. */
export function refusal(ended: Ended, exitCode: number, code: ErrorCode): string {
  const said = `${ended.stdout}${ended.stderr}`
  expect(ended, said).to.include({ code: exitCode, signal: null, stderr: '' })
  const last = ended.lines.at(-1) as { type: string; code: string; message: string }
  expect(last, said).to.include({ type: 'error', code })
  expect(last.message).to.match(/^[^\n]{5,400}$/)
  expect(ended.lines.filter(l => l.type === 'done' || l.type === 'error')).to.have.length(1)
  return last.message
}

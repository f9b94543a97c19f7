import { expect } from 'chai'
import { describe as describeError, failureLine, OutputError, printable, UsageError } from '../../src/cli/errors.ts'
import { EXIT_CODES, exitCodeOf } from '../../src/cli/exit-codes.ts'
import { DragonflyError, type ErrorCode } from '../../src/core/errors.ts'

const EXPECTED: Record<ErrorCode, number> = {
  'bad-url': 2,
  'bad-scheme': 2,
  'bad-multiaddr': 2,
  'bad-fleet': 2,
  'bad-peer-id': 2,
  'bad-digest': 2,
  'bad-header': 2,
  'bad-option': 2,
  'not-found': 2,
  'origin-not-found': 3,
  'origin-forbidden': 3,
  'origin-error': 4,
  'origin-unreachable': 4,
  'origin-unknown-host': 4,
  'origin-timeout': 4,
  'origin-truncated': 4,
  'origin-redirect': 4,
  'origin-refused': 7,
  'seed-busy': 7,
  'origin-changed': 5,
  'origin-lies': 5,
  'range-unsatisfiable': 5,
  'digest-mismatch': 5,
  'corrupt-piece': 5,
  untrusted: 5,
  'output-unwritable': 6,
  'no-space': 6,
  'store-error': 6,
  'store-locked': 6,
  'no-source': 7,
  'no-daemon': 7,
  'listen-failed': 7,
  protocol: 7,
  'peer-version': 7,
  'peer-refused': 7,
  timeout: 8,
  aborted: 130,
  internal: 1,
}

describe('cli exit codes', () => {
  it('are stable for every error code', () => {
    for (const [code, exit] of Object.entries(EXPECTED)) expect(exitCodeOf(code as ErrorCode), code).to.equal(exit)
  })

  it('tell an origin that refuses from one that is broken', () => {
    for (const status of [400, 402, 410, 451, 499]) expect(exitCodeOf('origin-error', status), `${status}`).to.equal(3)
    for (const status of [408, 425, 429, 500, 503, 599, 302]) expect(exitCodeOf('origin-error', status), `${status}`).to.equal(4)
    expect(describeError(new DragonflyError('origin-error', 'x', { status: 410 })).exitCode).to.equal(3)
  })

  it('are all in the table of df help exit-codes', () => {
    const documented = new Set(EXIT_CODES.map(([code]) => code))
    for (const code of [0, 141, 143, ...Object.values(EXPECTED)]) expect(documented.has(code), `${code}`).to.equal(true)
  })
})

describe('cli errors', () => {
  it('are one line with the hint', () => {
    const failure = describeError(new DragonflyError('no-space', 'disk\nfull', { hint: 'free some' }))
    expect(failureLine('df', failure)).to.equal('df: disk full; free some')
    expect(failureLine('df', describeError(new UsageError('no')))).to.equal('df: no')
  })

  it('say when nobody expected them', () => {
    for (const thrown of [new TypeError('x is undefined'), 'x is undefined']) {
      const failure = describeError(thrown)
      expect(failure).to.include({ exitCode: 1, code: 'internal' })
      expect(failureLine('df', failure)).to.match(/^df: unexpected: x is undefined/)
    }
    expect(describeError(new RangeError()).message).to.equal('unexpected: RangeError')
  })

  it('do not take a stranger with a code for one of ours', () => {
    expect(describeError(Object.assign(new Error('x'), { code: 'timeout' })).exitCode).to.equal(1)
    expect(describeError(Object.assign(new Error('x'), { name: 'DragonflyError', code: 'toString' })).exitCode).to.equal(1)
  })

  it('name what standard output suffers from', () => {
    expect(describeError(new OutputError(Object.assign(new Error('full'), { code: 'ENOSPC' })))).to.include({
      code: 'no-space',
      exitCode: 6,
    })
    expect(describeError(new OutputError(Object.assign(new Error('io'), { code: 'EIO' })))).to.include({
      code: 'output-unwritable',
    })
  })

  it('never pass control characters on to a terminal', () => {
    expect(printable('a\u001b[2Jb\u0007c\r\nd\u202ee')).to.equal('a?[2Jb?c d?e')
  })

  it('too few files that may be open is no fault of the program', () => {
    const asNumber = Object.assign(new Error('A system error occurred'), { code: 'ERR_SYSTEM_ERROR', info: { errno: 24 } })
    for (const error of [Object.assign(new Error('x'), { code: 'EMFILE' }), asNumber]) {
      expect(describeError(error)).to.include({ exitCode: 6, code: 'store-error' })
    }
  })
})

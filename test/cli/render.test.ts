import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { barLine, fileLine, hereOf, secondsLeft, wordsLine } from '../../src/cli/bar-line.ts'
import { bytes, percent, rate, seconds, shares } from '../../src/cli/figures.ts'
import { needsNetwork } from '../../src/cli/get-options.ts'
import { NO_LOG } from '../../src/cli/log.ts'
import { paint } from '../../src/cli/paint.ts'
import { makeReport } from '../../src/cli/render.ts'
import { BarReport } from '../../src/cli/render-bar.ts'
import { LineReport, progressLine, receiptLines, summaryLine } from '../../src/cli/render-lines.ts'
import type { Report, Sink } from '../../src/cli/report.ts'
import { readyText } from '../../src/cli/seed.ts'
import type { Progress } from '../../src/node/api/get-options.ts'
import type { Receipt } from '../../src/node/api/receipt.ts'

const MiB = 2 ** 20
const PROGRESS: Progress = {
  bytes: 32 * MiB,
  length: 64 * MiB,
  fromOrigin: 16 * MiB,
  fromPeers: 12 * MiB,
  fromSeeds: 4 * MiB,
  resumed: 0,
  received: 32 * MiB,
  peers: 8,
  rate: 16 * MiB,
}
const RECEIPT: Receipt = {
  url: 'http://example.org/f.iso',
  output: '/home/me/f.iso',
  bytes: 64 * MiB,
  sha256: 'abc',
  cid: 'bafy',
  fromOrigin: 6.4 * MiB,
  fromPeers: 44.8 * MiB,
  fromSeeds: 12.8 * MiB,
  resumed: 0,
  seconds: 3.2,
  peers: 9,
  trust: 'seed',
}
const FAILURE = { exitCode: 3, code: 'origin-not-found', message: 'no such file', hint: 'look again' }

class Collected implements Sink {
  text = ''
  isTTY: boolean
  columns = 120

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(text: string): boolean {
    this.text += text
    return true
  }
  // What cli-progress asks of a terminal.
  cursorTo(): void {}
  moveCursor(): void {}
  clearLine(): void {}
  on(): void {}
}

function tellAll(report: Report): void {
  report.started('Peer', ['/ip4/127.0.0.1/tcp/1/p2p/Peer'])
  report.progress(PROGRESS)
  report.event({ code: 'neighbour-dropped', level: 'info', message: 'fine', peer: 'P', why: 'needless' })
  report.event({ code: 'link-opened', level: 'debug', message: 'nothing much', peer: 'P', task: 'T' })
  report.event({ code: 'peer-banned', level: 'warn', message: 'a peer lied', peer: 'P', proof: 'piece 7', hours: 1 })
  report.done(RECEIPT)
  report.lingering(90)
  report.failed(FAILURE)
  report.close()
  report.close()
}

describe('cli figures', () => {
  it('bytes', () =>
    expect([0, 12, 1023, 1024, 64 * MiB, 1.5 * 2 ** 40].map(bytes)).to.deep.equal([
      '0 B',
      '12 B',
      '1023 B',
      '1.0 KiB',
      '64.0 MiB',
      '1.5 TiB',
    ]))
  it('rates', () => expect([0, -1, 999.7, 20.44e6].map(rate)).to.deep.equal(['0 B/s', '0 B/s', '1000 B/s', '19.4 MiB/s']))
  it('times', () =>
    expect([0, 3.24, 9.94, 10, 59.6, 125, 12_000].map(seconds)).to.deep.equal([
      '0.0 s',
      '3.2 s',
      '9.9 s',
      '10 s',
      '1 min 0 s',
      '2 min 5 s',
      '3 h 20 min',
    ]))
  it('percent is never more than it is', () => {
    expect(percent(999, 1000)).to.equal('99 %')
    expect(percent(1000, 1000)).to.equal('100 %')
    expect(percent(0, 0)).to.equal('0 %')
  })
  it('shares leave out who gave nothing', () => {
    expect(shares({ fromPeers: 7, fromSeeds: 2, fromOrigin: 1, resumed: 0 })).to.equal('peers 70 %, seeds 20 %, origin 10 %')
    expect(shares({ fromPeers: 0, fromSeeds: 0, fromOrigin: 5, resumed: 5 })).to.equal('origin 50 %, an earlier try 50 %')
    expect(shares({ fromPeers: 0, fromSeeds: 1, fromOrigin: 0, resumed: 9, reused: 9 })).to.equal(
      'seeds 10 %, an older version 90 %',
    )
    expect(shares({ fromPeers: 0, fromSeeds: 0, fromOrigin: 0, resumed: 0 })).to.equal('')
  })
  it('what was whole in the store comes from there, and not from an earlier try', () => {
    const none = { fromPeers: 0, fromSeeds: 0, fromOrigin: 0 }
    expect(shares({ ...none, resumed: 5 })).to.equal('the store')
    expect(shares({ ...none, resumed: 5 }, 5)).to.equal('the store')
    expect(shares({ ...none, resumed: 5 }, 6)).to.equal('an earlier try 100 %')
    expect(shares({ ...none, fromOrigin: 5, resumed: 5 })).to.equal('origin 50 %, an earlier try 50 %')
  })
})

describe('cli renderers', () => {
  it('a progress line', () => {
    expect(progressLine(PROGRESS)).to.equal(
      '32.0 MiB of 64.0 MiB (50 %), 16.0 MiB/s, 2.0 s left, from peers 38 %, seeds 13 %, origin 50 %; 8 peers',
    )
    expect(progressLine({ ...PROGRESS, length: undefined, peers: 1 })).to.equal(
      '32.0 MiB, 16.0 MiB/s, from peers 38 %, seeds 13 %, origin 50 %; 1 peer',
    )
  })

  it('a bar that fits its terminal', () => {
    expect(barLine(PROGRESS, 200)).to.equal(
      ' 50 % ██████████░░░░░░░░░░  32.0 MiB of 64.0 MiB  16.0 MiB/s  2.0 s left  from peers 38 %, seeds 13 %, origin 50 %  8 peers',
    )
    for (let columns = 1; columns < 200; columns++) {
      expect(barLine(PROGRESS, columns).length).to.be.at.most(Math.max(1, columns - 1))
      expect(fileLine('a-name.iso', PROGRESS, columns).length).to.be.at.most(Math.max(1, columns - 1))
      expect(wordsLine(0.5, ['one of many words', 'one'], columns).length).to.be.at.most(Math.max(1, columns - 1))
    }
    expect(barLine(PROGRESS, 40)).to.equal(' 50 % ██░░  32.0 MiB  16.0 MiB/s  2.0 s')
    expect(barLine(PROGRESS, 80)).to.equal(' 50 % ██████████░░░░░░░░░░  32.0 MiB of 64.0 MiB  16.0 MiB/s  2.0 s left')
    expect(barLine(PROGRESS, 120)).to.equal(
      ' 50 % ██████████░░░░░░░░░░  32.0 MiB of 64.0 MiB  16.0 MiB/s  2.0 s left  from peers 38 %, seeds 13 %, origin 50 %',
    )
    expect(barLine({ ...PROGRESS, bytes: 0, received: 0, length: 0 }, 200)).to.match(/^100 % █{20} /)
    expect(barLine({ ...PROGRESS, length: undefined }, 200)).to.not.match(/[█░]/)
  })

  it('shows what came before a piece of it is verified, and is whole only when it is', () => {
    const slow = { ...PROGRESS, bytes: 0, length: MiB, resumed: 0, received: MiB / 2, rate: 20 * 1024 }
    expect(hereOf(slow)).to.equal(MiB / 2)
    expect(secondsLeft(slow)).to.equal(MiB / 2 / (20 * 1024))
    expect(barLine(slow, 80)).to.include('512.0 KiB of 1.0 MiB  20.0 KiB/s  26 s left')
    expect(barLine({ ...slow, received: 5 * MiB }, 80)).to.match(/^ 99 % /)
    expect(hereOf({ ...slow, bytes: MiB, received: 5 * MiB })).to.equal(MiB)
    expect(hereOf({ ...slow, length: undefined })).to.equal(MiB / 2)
  })

  it('colours are for terminals, and not for NO_COLOR', () => {
    expect(paint('cyan', 'x', new Collected(true), { TERM: 'xterm' })).to.equal('\x1b[36mx\x1b[39m')
    for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) expect(paint('cyan', 'x', new Collected(true), env)).to.equal('x')
    expect(paint('cyan', 'x', new Collected(), { FORCE_COLOR: '1' })).to.equal('x')
  })

  it('a summary', () => {
    const summary = { files: 998, kept: 0, failed: 2, bytes: 16 * MiB, seconds: 8 }
    expect(summaryLine(summary)).to.equal('998 files, 16.0 MiB in 8.0 s (2.0 MiB/s), 2 failed')
    expect(summaryLine({ ...summary, files: 1, kept: 3, failed: 0, bytes: 0 })).to.equal('1 file, 0 B in 8.0 s, 3 kept')
  })

  it('a receipt', () => {
    expect(receiptLines(RECEIPT)).to.deep.equal([
      'saved /home/me/f.iso  64.0 MiB in 3.2 s (20.0 MiB/s)',
      'sha256 abc',
      "from peers 70 %, seeds 20 %, origin 10 %; checked against: the seed's signature",
    ])
    const empty = {
      ...RECEIPT,
      output: '-',
      bytes: 0,
      fromOrigin: 0,
      fromPeers: 0,
      fromSeeds: 0,
      seconds: 0,
      trust: 'digest' as const,
    }
    expect(receiptLines(empty)).to.deep.equal(['streamed 0 B in 0.0 s', 'sha256 abc', 'empty; checked against: the digest given'])
  })

  it('plain lines come fewer and fewer, and only when something changed', () => {
    let now = 0
    const sink = new Collected()
    const report = new LineReport('df', sink, NO_LOG, () => now)
    const at = (ms: number, bytes: number): string => {
      now = ms
      sink.text = ''
      report.progress({ ...PROGRESS, bytes, received: bytes })
      return sink.text
    }
    expect(at(1999, MiB)).to.equal('')
    expect(at(2000, MiB)).to.match(/^1\.0 MiB of .*\n$/)
    expect(at(6999, 2 * MiB)).to.equal('')
    expect(at(7000, MiB)).to.equal('')
    expect(at(7100, 3 * MiB)).to.match(/^3\.0 MiB of .*\n$/)
    const told = [...Array(3600).keys()].filter(s => at(7100 + s * 1000, s) !== '')
    expect(told.slice(0, 5)).to.deep.equal([10, 40, 100, 160, 220])
    expect(told.at(-1)).to.be.above(3500)
  })

  it('plain lines tell warnings, the receipt and failures', () => {
    const sink = new Collected()
    tellAll(new LineReport('df', sink))
    expect(sink.text.split('\n')).to.deep.equal([
      'df: warning: a peer lied',
      ...receiptLines(RECEIPT),
      'serving it to others for 1 min 30 s; Ctrl-C ends it',
      'df: no such file; look again',
      '',
    ])
  })

  it('a bar leaves only lines behind', () => {
    const sink = new Collected(true)
    tellAll(new BarReport('df', sink))
    expect(stripVTControlCharacters(sink.text)).to.include(barLine(PROGRESS, sink.columns))
    expect(sink.text.indexOf('a peer lied')).to.be.above(0)
    expect(sink.text.endsWith('df: no such file; look again\n')).to.equal(true)
  })

  it('NDJSON has one object a line, in order', async () => {
    const [stdout, stderr] = [new Collected(), new Collected()]
    tellAll(await makeReport({ name: 'df', json: true, quiet: false, streaming: false, log: {} }, stdout, stderr))
    const lines = stdout.text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines).to.deep.equal([
      { type: 'started', peerId: 'Peer', addresses: ['/ip4/127.0.0.1/tcp/1/p2p/Peer'] },
      { type: 'progress', ...PROGRESS },
      { type: 'info', code: 'neighbour-dropped', level: 'info', message: 'fine', peer: 'P', why: 'needless' },
      { type: 'warning', code: 'peer-banned', level: 'warn', message: 'a peer lied', peer: 'P', proof: 'piece 7', hours: 1 },
      { type: 'done', ...RECEIPT },
      { type: 'error', code: 'origin-not-found', message: 'no such file', hint: 'look again' },
    ])
    expect(stderr.text).to.equal('')
  })

  it('NDJSON leaves out a length that nobody knows, and goes to stderr while stdout carries the content', async () => {
    const [stdout, stderr] = [new Collected(), new Collected()]
    const report = await makeReport({ name: 'df', json: true, quiet: false, streaming: true, log: {} }, stdout, stderr)
    report.progress({ ...PROGRESS, length: undefined })
    expect(stdout.text).to.equal('')
    const { length: _, ...known } = PROGRESS
    expect(JSON.parse(stderr.text)).to.deep.equal({ type: 'progress', ...known })
  })

  it('quiet tells failures only', async () => {
    const [stdout, stderr] = [new Collected(), new Collected(true)]
    tellAll(await makeReport({ name: 'df', json: false, quiet: true, streaming: false, log: {} }, stdout, stderr))
    expect(stdout.text).to.equal('')
    expect(stderr.text).to.equal('df: no such file; look again\n')
  })

  it('a seed offers the address that others can reach', () => {
    const text = readyText(['/ip4/127.0.0.1/tcp/4801/p2p/P', '/ip4/10.0.0.5/tcp/4801/p2p/P'], 'df')
    expect(text.split('\n').slice(0, 3)).to.deep.equal([
      'seed ready',
      '/ip4/127.0.0.1/tcp/4801/p2p/P',
      '/ip4/10.0.0.5/tcp/4801/p2p/P',
    ])
    expect(text).to.include('  df get --seed /ip4/10.0.0.5/tcp/4801/p2p/P URL\n')
    expect(readyText(['/ip4/127.0.0.1/tcp/1/p2p/P'], 'df')).to.include('--seed /ip4/127.0.0.1/tcp/1/p2p/P URL')
    expect(readyText([], 'df')).to.equal('seed ready\n')
  })
})

describe('cli network', () => {
  const flags = { origin: true, linger: 0, timeout: 0, clobber: true, remoteTime: true, parallel: 8, maxFiles: 10_000 }
  const nobody = { seeds: [], bootstrap: [] }

  it('stays off when there is nobody to ask and nobody to tell', () => expect(needsNetwork(flags, nobody)).to.equal(false))
  it('comes up for a seed, a way in, listeners, lingering and programs', () => {
    expect(needsNetwork(flags, { seeds: ['x'], bootstrap: [] })).to.equal(true)
    expect(needsNetwork(flags, { seeds: [], bootstrap: ['x'] })).to.equal(true)
    expect(needsNetwork({ ...flags, listen: ['x'] }, nobody)).to.equal(true)
    expect(needsNetwork({ ...flags, linger: 1 }, nobody)).to.equal(true)
    expect(needsNetwork({ ...flags, json: true }, nobody)).to.equal(false)
  })
})

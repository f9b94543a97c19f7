import { stripVTControlCharacters } from 'node:util'
import { expect } from 'chai'
import { topLines } from '../../src/cli/top-lines.ts'
import type { DaemonLive, LiveContentStatus } from '../../src/index.ts'

const PEER = '12D3KooWQx5bVJt4yZ3hnvXy8kHq1sQmJ6d8Yc5rW9fUaTnEeLdP'
const MiB = 1024 * 1024

const CONTENT: LiveContentStatus = {
  id: 'bafy',
  url: 'https://h.example/f.iso',
  name: 'f.iso',
  state: 'downloading',
  isReading: false,
  users: 1,
  length: 64 * MiB,
  bytes: 16 * MiB,
  from: { origin: 0, seed: 8 * MiB, peer: 8 * MiB, store: 0 },
  rates: { down: 4 * MiB, up: MiB },
  pieces: { size: MiB, all: 64, have: 16 },
  cells: 'SP'.repeat(8) + 'a'.repeat(4) + '.'.repeat(44),
  links: [
    {
      ...{ peer: PEER, kind: 'seed', address: '10.0.0.1', received: 8 * MiB, sent: 0, rates: { down: 3 * MiB, up: 0 } },
      ...{ asked: 4, have: 64, cells: '9' },
    },
  ],
  linkCount: 3,
}

const LIVE: DaemonLive = {
  at: 0,
  peerId: PEER,
  uptime: 60,
  rates: { down: 4 * MiB, up: MiB },
  best: { down: 8 * MiB, up: undefined },
  limits: { down: '8M', now: { down: 8_000_000 } },
  totals: { origin: 0, seed: 8 * MiB, peer: 8 * MiB, store: 0, read: 0, sent: MiB, saved: 17 * MiB },
  askers: { all: 0, hits: 0 },
  contents: [CONTENT],
  contentCount: 1,
  hosts: [{ peer: PEER, role: 'seed', address: `/ip4/10.0.0.1/tcp/4801/p2p/${PEER}`, state: 'connected', roundTrip: 1 }],
  hostCount: 1,
  lanPeers: undefined,
  disk: undefined,
  isolation: {
    banned: 1,
    bans: [{ peer: PEER, proof: 'sent a wrong piece', age: 1, left: 3599, times: 1 }],
    snubbed: 0,
    snubs: [],
    contradictions: [],
  },
  role: 'daemon',
  version: '0.0.0',
  jobs: 1,
  troubles: [{ at: 0, level: 'error', code: 'no-source', message: 'nobody has it' }],
}

describe('the screen of df top', () => {
  it('says what is downloaded, from whom, how fast, and how near to the limit', () => {
    const text = topLines(LIVE, { columns: 120 }).join('\n')
    for (const part of [
      '52 % of the limit of 7.6 MiB/s',
      'f.iso',
      '25 % of 64.0 MiB',
      '12 s left',
      'seeds 50 %, peers 50 %'.split(',')[0],
    ])
      expect(text).to.include(part as string)
    expect(text).to.include('10.0.0.1').and.to.include('sent a wrong piece').and.to.include('nobody has it')
    expect(text).to.include('saved 17.0 MiB of origin reads').and.to.include('and 2 neighbours more')
  })

  it('fits terminals of any width and height', () => {
    for (const columns of [20, 30, 40, 60, 80, 120, 400]) {
      for (const line of topLines(LIVE, { columns })) expect([...line].length, `${columns}: ${line}`).to.be.below(columns)
    }
    for (const rows of [1, 5, 10, 100]) expect(topLines(LIVE, { columns: 80, rows }).length).to.be.at.most(rows)
  })

  it('counts no colour as width', () => {
    const plain = topLines(LIVE, { columns: 80 })
    const painted = topLines(LIVE, { columns: 80 }, (_colour, text) => `\x1b[31m${text}\x1b[39m`)
    expect(painted.map(line => stripVTControlCharacters(line))).to.deep.equal(plain)
  })

  it('lets no text from elsewhere control the terminal', () => {
    const evil = '\x1b[2J\x1b]0;owned\x07\r\n\u202Eexe.txt'
    const troubles = [{ at: 0, level: 'warn', code: 'x', message: evil }] as const
    const lines = topLines({ ...LIVE, contents: [{ ...CONTENT, name: evil }], troubles }, { columns: 80 })
    for (const line of lines) expect(line).to.not.match(/\p{Cc}|\p{Bidi_Control}/u)
  })

  it('says so when there is nothing', () => {
    expect(topLines({ ...LIVE, contents: [], contentCount: 0 }).join('\n')).to.include('Nothing is being downloaded or served.')
  })
})

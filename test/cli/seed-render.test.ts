import { expect } from 'chai'
import { statusLines } from '../../src/cli/seed-render.ts'
import type { DaemonStatus } from '../../src/index.ts'

const STATUS: DaemonStatus = {
  ...{
    role: 'seed',
    version: '1',
    jobs: 0,
    peerId: 'P',
    addresses: [],
    pid: 1,
    uptime: 1,
    lanPeers: undefined,
    fleet: undefined,
  },
  ...{ contents: [], total: 0, reads: 0, askers: { all: 0, hits: 0 }, bytes: { fromOrigin: 0, toPeers: 0, fromPeers: 0 } },
  disk: undefined,
  isolation: { banned: 0, bans: [], snubbed: 0, snubs: [], contradictions: [] },
}

describe('the status for people', () => {
  const shown = (isolation: DaemonStatus['isolation']) =>
    statusLines({ ...STATUS, isolation }).filter(line => /^(BANNED|SNUBBED|CONFLICT)/.test(line))

  it('says nothing of bans while there are none', () => {
    expect(shown(STATUS.isolation)).to.deep.equal([])
  })

  it('names who is banned, why and for how long, and seeds that contradict each other; of many the latest', () => {
    const bans = Array.from({ length: 7 }, (_, i) => ({
      peer: `L${i}`,
      proof: 'piece 7\u001b[2J',
      age: 60,
      left: 3540,
      times: 1 + i,
    }))
    const contradictions = [{ seed: 'A', other: 'B', version: 'etag "one"', age: 5 }]
    const lines = shown({ ...STATUS.isolation, banned: 9, bans, contradictions })
    expect(lines[0])
      .to.match(/^BANNED {5}L0 for another 59 min 0 s: piece 7/)
      .and.to.not.include('\u001b')
    expect(lines[1]).to.include('L1 for another 59 min 0 s (ban 2 in a row): ')
    expect(lines[5]).to.include('4 peers more')
    expect(lines[6]).to.include('the seeds A and B have different bytes for etag "one", seen 5.0 s ago')
    expect(lines).to.have.length(7)
  })

  it('names who let us down, how, how often and when', () => {
    const snubs = (['silent', 'late', 'busy', 'busy', 'busy', 'busy'] as const).map((why, i) => {
      return { peer: `S${i}`, why, age: 60, last: 5, times: 1 + i }
    })
    const lines = shown({ ...STATUS.isolation, snubbed: 6, snubs })
    expect(lines.slice(0, 3)).to.deep.equal([
      'SNUBBED    S0 sent nothing, last 5.0 s ago',
      'SNUBBED    S1 was too late, 2 times in a row, last 5.0 s ago',
      'SNUBBED    S2 was busy, 3 times in a row, last 5.0 s ago',
    ])
    expect(lines.at(-1)).to.include('1 peer more')
  })
})

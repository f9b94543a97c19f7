// df fleet status asks real daemons: who is slow and why, who is silent and why, and nothing that is private.
import { expect } from 'chai'
import { FleetLab, type Member } from './fleet-lab.ts'
import { hasNginx, type Lab } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const MiB = 1024 * 1024

interface MemberLine {
  type: string
  peer: string
  self: boolean
  silence?: string
  version?: string
  limits?: { down?: number }
  downloads?: number
  hidden?: number
  slowest?: Download[]
}

interface Download {
  peer: string
  url?: string
  rate: number
  cause?: string
}

/** Times that a fleet is asked, about 5 s each: the shorter download takes a minute. */
const MOST_ASKED = 10

describe('df fleet status', () => {
  let lab: Lab
  before(function () {
    if (!hasNginx()) this.skip()
  })
  labForEach(opened => {
    lab = opened
  })

  it('names the slow host and why, the frozen one, and counts what is private', async () => {
    await lab.file('big.bin', 64 * MiB)
    await lab.file('secret-name.bin', 32 * MiB)
    const origin = await lab.nginx()
    const fleet = await FleetLab.open(lab, 3)
    const limited = await fleet.add('limited', ['daemon'], ['--limit', '1MiB'])
    await fleet.settled()
    const [asker, plain, frozen] = fleet.members as [Member, Member, Member]
    await begun(limited, `${origin.url}/big.bin?signature=SIGNED`, {})
    await begun(plain, `${origin.url}/secret-name.bin`, { headers: [['authorization', 'Bearer SECRET']], limit: 256 * 1024 })
    frozen.child.kill('SIGSTOP')
    const ask = async () =>
      await Promise.all([lab.df(['fleet', 'status', '--json'], asker.name).ended, lab.df(['fleet', 'status'], asker.name).ended])
    // at a moment in which the machine or the reader holds a host up, that is what it says: it is asked again while the downloads go on
    const saysLimit = ([{ lines }]: Awaited<ReturnType<typeof ask>>) =>
      [limited, plain].every(({ peerId }) =>
        (lines as unknown as MemberLine[]).find(({ peer }) => peer === peerId)?.slowest?.some(({ cause }) => cause === 'limit'),
      )
    let answers = await ask()
    for (let asked = 1; asked < MOST_ASKED && !saysLimit(answers); asked++) answers = await ask()
    const [asJson, asTable] = answers
    expect([asJson.code, asTable.code], asJson.stderr + asTable.stderr).to.deep.equal([0, 0])
    const lines = asJson.lines as unknown as MemberLine[]
    const of = ({ peerId }: Member) => lines.find(({ type, peer }) => type === 'member' && peer === peerId) as MemberLine
    expect(lines.map(({ type }) => type)).to.deep.equal(['member', 'member', 'member', 'member', 'summary'])
    expect(lines[0]).to.include({ peer: asker.peerId, self: true, downloads: 0 })
    // any member may read an origin for another one, too
    const named = of(limited).slowest?.find(({ url }) => url !== undefined)
    expect(of(limited).limits).to.deep.equal({ down: MiB })
    expect(named).to.include({ url: `${origin.url}/big.bin?…`, cause: 'limit' })
    const hidden = of(plain).slowest?.find(({ url }) => url === undefined)
    expect(of(plain).hidden).to.be.at.least(1)
    expect(hidden).to.include({ cause: 'limit', bytes: 0 })
    expect(of(frozen).silence).to.be.oneOf(['no-answer', 'unreachable'])
    const summary = lines.at(-1) as unknown as { members: number; answered: number; slowest: Download[] }
    expect(summary).to.include({ members: 4, answered: 3 })
    expect(summary.slowest.map(({ peer }) => peer)).to.include.members([limited.peerId, plain.peerId])
    for (const text of [asJson.stdout.toString(), asTable.stdout.toString()]) {
      for (const secret of ['SIGNED', 'SECRET', 'secret-name']) expect(text).not.to.include(secret)
    }
    const table = asTable.stdout.toString()
    expect(table).to.include('4 members, 3 answered within ')
    expect(table).to.match(
      /big\.bin\?…\n.* of 64\.0 MiB, .* left\n +why: a rate limit of that host holds it back \(down 1\.0 MiB\/s\)\n/,
    )
    expect(table).to.match(/\nsilent:\n {2}127\.0\.0\.1:\d+ (does not answer|cannot be reached)/)
    for (const line of table.split('\n')) expect(line.length, line).to.be.at.most(80)
    frozen.child.kill('SIGCONT')
    await fleet.close()
  })

  it('without a daemon it says what to do', async () => {
    const { code, stderr } = await lab.df(['fleet', 'status'], 'nobody').ended
    expect(code).to.equal(7)
    expect(stderr).to.match(/^df: [^\n]*df daemon start[^\n]*\n$/)
  })

  /** A download under way. */
  async function begun({ node }: Member, url: string, options: Parameters<Member['node']['fetch']>[1]): Promise<void> {
    // it ends with the daemon
    node.fetch(url, options, async () => {}).catch(() => {})
    while ((await node.live()).contents.every(({ state }) => state !== 'downloading')) {
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
})

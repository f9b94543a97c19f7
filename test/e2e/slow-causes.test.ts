// A roll-out to hosts that are slow in different ways: df fleet status names the cause of each.
import { expect } from 'chai'
import { FleetLab, type Member } from './fleet-lab.ts'
import { DF, hasNginx, Lab } from './lab.ts'
import { hasNamespaces, type LanHost, LocalNetwork } from './lan.ts'
import { hasThrottles, SlowThings } from './throttles.ts'

const MiB = 1024 * 1024
/** Times that the fleet is asked, about 2 s each: the first answers are of hosts that have only just begun. */
const MOST_ASKED = 12

interface Line {
  type: string
  peer: string
  slowest?: { url?: string; rate: number; cause?: string }[]
}

describe('df fleet status, in a roll-out to slow hosts', () => {
  let lab: Lab
  let slow: SlowThings
  let network: LocalNetwork

  before(function () {
    if (!hasNginx() || !hasNamespaces() || !hasThrottles()) this.skip()
  })
  beforeEach(async () => {
    lab = await Lab.open()
    slow = new SlowThings()
    network = new LocalNetwork(lab)
  })
  afterEach(async () => {
    await lab.stop()
    slow.end()
    network.close()
    await lab.close()
  })

  it('names the processor, the disk, the line and the origin', async () => {
    const [server, ...hosts] = Array.from({ length: 5 }, () => network.host()) as [LanHost, ...LanHost[]]
    await lab.file('big.bin', 96 * MiB)
    await lab.file('slow.bin', 16 * MiB)
    const fast = await lab.nginx({ host: server })
    const lame = await lab.nginx({ host: server, limitRate: '300k' })
    await slow.disk(lab, 'disk', 192 * MiB)
    const fleet = await FleetLab.empty(lab)
    // it reads the origins, and is not slow
    const seed = await fleet.add('seed', ['seed'], [], hosts[0])
    const others = ['disk', 'line', 'processor'].map((name, at) => fleet.add(name, ['daemon'], [], hosts[at + 1]))
    const [disk, line, processor] = (await Promise.all(others)) as [Member, Member, Member]
    await fleet.settled()

    const { namespace, device } = (hosts[2] as LanHost).port
    slow.line(namespace, device, '16mbit')
    slow.writes(disk.pid, lab.path('disk'), 2 * MiB)
    slow.processor(processor.pid, 6)
    const get = ({ node }: Member, url: string) => void node.fetch(url, {}, async () => {}).catch(() => {})
    for (const member of [disk, line, processor]) get(member, `${fast.url}/big.bin`)
    get(seed, `${lame.url}/slow.bin`)

    const wanted = new Map([
      [disk.peerId, 'disk'],
      [line.peerId, 'line'],
      [processor.peerId, 'processor'],
      [seed.peerId, 'origin'],
    ])
    const seen: unknown[] = []
    const asker = hosts[0] as LanHost
    const causes = async () => {
      const { lines, code, stderr } = await asker.run(DF, ['fleet', 'status', '--json'], 'seed').ended
      expect(code, stderr).to.equal(0)
      seen.push(lines)
      return new Map((lines as unknown as Line[]).map(({ peer, slowest = [] }) => [peer, slowest.map(({ cause }) => cause)]))
    }
    for (let asked = 0; asked < MOST_ASKED && wanted.size > 0; asked++) {
      const named = await causes()
      for (const [peer, cause] of wanted) if (named.get(peer)?.includes(cause)) wanted.delete(peer)
    }
    expect([...wanted.values()], JSON.stringify(seen.at(-1), undefined, 1)).to.deep.equal([])
    await fleet.close()
  })
})

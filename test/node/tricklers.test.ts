// Peers that claim every piece and send a few bytes now and then, at a real download: it neither waits for them nor stands still at the end.
import { expect } from 'chai'
import type { ScriptedPeer } from '../malicious/scripted-peer.ts'
import { trickles } from '../malicious/trickles.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const COUNT = 24
const BODY = content('tricklers', COUNT * PIECE)

describe('node: six peers that claim every piece and trickle', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  seedForEach(
    BODY,
    (w, o, s) => {
      world = w
      origin = o
      seed = s
    },
    { prepare: o => o.hold(PIECE) },
  )

  /** They are asked before the seed has more than one piece. */
  async function run(mayRead: boolean) {
    const url = `${origin.url}/file.bin`
    const victim = await world.node({ seeds: [seed.address] })
    const path = world.path()
    const download = victim.node.download(url, path, { origin: mayRead })
    const tricklers: ScriptedPeer[] = []
    for (let i = 0; i < 6; i++) {
      const one = await world.scriptedPeer(url)
      await trickles(one, COUNT, i % 2 === 0 ? 1 : 4096)
      await one.meet(victim.address)
      tricklers.push(one)
    }
    await until(() => tricklers.every(one => one.heard.some(m => m.type === 'pieces')), 'they are neighbours')
    origin.release()
    const receipt = await download
    expect(await fileHash(path)).to.equal(hex(BODY))
    expect(receipt.fromPeers).to.equal(0)
    return { tricklers, victim }
  }

  it('hold up no download from a seed, and lose what they were asked for', async () => {
    const { tricklers, victim } = await run(false)
    expect(tricklers.flatMap(one => one.asks)).to.not.deep.equal([])
    const { snubs, snubbed, banned } = (await victim.node.status()).isolation
    expect({ banned, snubbed }).to.deep.equal({ banned: 0, snubbed: snubs.length })
    // none where the seed was faster than the patience with them
    for (const { peer, why, times } of snubs) {
      expect(tricklers.map(one => one.id)).to.include(peer)
      expect(why).to.be.oneOf(['silent', 'late'])
      expect(times).to.be.at.least(1)
    }
    const metrics = await victim.node.metrics()
    expect(metrics.find(m => m.name === 'dragonfly_peers_snubbed')?.samples[0]?.value).to.equal(snubbed)
  })

  it('hold up no download that may read the origin', async () => {
    await run(true)
    expect(seed.said(/broke the protocol|banned/)).to.deep.equal([])
  })
})

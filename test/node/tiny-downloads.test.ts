// Many tiny contents in a row from a seed: taken from its answers, and believed as little as anything else.
import { stat, writeFile } from 'node:fs/promises'
import { expect } from 'chai'
import { startHost } from '../../src/net/host.ts'
import { serveResolve } from '../../src/net/resolve.ts'
import type { Resolved } from '../../src/wire/codec-resolve.ts'
import { Asker } from '../world/asker.ts'
import { content, fileHash, hex } from '../world/content.ts'
import type { TestOrigin } from '../world/origin.ts'
import type { Observed, World } from '../world/world.ts'
import { seedForEach } from '../world/world-for-each.ts'

const TINY = content('tiny', 3000)
/** Usual downloads before an answer is enough. */
const USUAL = 4
const COUNT = 12

describe('many tiny contents', () => {
  let world: World
  let origin: TestOrigin
  let seed: Observed

  seedForEach(TINY, (w, o, s) => {
    world = w
    origin = o
    seed = s
  })

  const urlOf = (i: number) => `${origin.url}/${i}.bin`
  const value = async ({ node }: Observed, name: string) =>
    (await node.metrics()).find(metric => metric.name === name)?.samples.reduce((sum, { value }) => sum + value, 0)

  it('come one after the other with the same receipts, files and counts as before', async () => {
    const peer = await world.node({ seeds: [seed.address] })
    for (let i = 0; i < COUNT; i++) {
      const path = world.path()
      let told = 0
      const onProgress = ({ bytes }: { bytes: number }) => (told = bytes)
      const options = { origin: false, keep: false, remoteTime: true, onProgress }
      const { seconds, ...receipt } = await peer.node.download(urlOf(i), path, options)
      expect(receipt).to.deep.equal({
        url: urlOf(i),
        output: path,
        bytes: TINY.length,
        sha256: hex(TINY),
        cid: receipt.cid,
        fromOrigin: 0,
        fromPeers: 0,
        fromSeeds: TINY.length,
        resumed: 0,
        peers: 1,
        trust: 'seed',
      })
      expect(seconds).to.be.at.least(0)
      expect(told).to.equal(TINY.length)
      expect(receipt.cid).to.match(/^bafy|^bafk/)
      expect(await fileHash(path)).to.equal(hex(TINY))
      expect((await stat(path)).mode & 0o777).to.equal(0o666 & ~process.umask())
    }
    expect(await value(peer, 'dragonfly_verified_bytes_total')).to.equal(COUNT * TINY.length)
    expect(await value(peer, 'dragonfly_received_bytes_total')).to.equal(COUNT * TINY.length)
    expect(await value(seed, 'dragonfly_resolve_requests_total')).to.equal(COUNT)
    expect(origin.gets).to.have.length(COUNT)
  })

  it('replace the file that is there, have a digest checked, and end with an abort', async () => {
    const { node } = await world.node({ seeds: [seed.address] })
    const options = { origin: false, keep: false }
    for (let i = 0; i < USUAL; i++) await node.download(urlOf(i), world.path(), options)
    const path = world.path()
    await writeFile(path, 'old', { mode: 0o600 })
    expect((await node.download(urlOf(5), path, { ...options, digest: origin.digest })).trust).to.equal('digest')
    expect(await fileHash(path)).to.equal(hex(TINY))
    expect((await stat(path)).mode & 0o777).to.equal(0o600)
    const other = `sha256:${'0'.repeat(64)}`
    expect(await node.download(urlOf(6), path, { ...options, digest: other }).catch(e => e.code)).to.equal('digest-mismatch')
    expect(await node.download(urlOf(7), path, { ...options, signal: AbortSignal.abort() }).catch(e => e.code)).to.equal(
      'aborted',
    )
    expect(await fileHash(path)).to.equal(hex(TINY))
  })

  it('are read from the origin when whoever passes them on lies, or ends without an answer', async () => {
    const asker = await Asker.start(world, seed)
    const told = new Map<string, Resolved>()
    for (let i = 0; i < COUNT; i++) {
      told.set(urlOf(i), (await asker.ask(seed, urlOf(i), { takesInline: true })) as Resolved)
    }
    await asker.leave()
    const known = seed.address
    await seed.node.stop()
    const host = await startHost({ listen: ['/ip4/127.0.0.1/tcp/0'] })
    world.atEnd(() => host.stop())
    const other = told.get(urlOf(0)) as Resolved
    const lies: Record<string, (answer: Resolved) => Resolved | undefined> = {
      [urlOf(USUAL + 1)]: answer => ({
        ...answer,
        inline: { head: answer.inline?.head as Uint8Array, payload: new Uint8Array(3000) },
      }),
      [urlOf(USUAL + 2)]: answer => ({ ...answer, inline: other.inline as NonNullable<Resolved['inline']> }),
      [urlOf(USUAL + 3)]: () => other,
      [urlOf(USUAL + 4)]: answer => ({ ...answer, version: 'etag "two"' }),
      [urlOf(USUAL + 5)]: () => undefined,
    }
    await serveResolve(host, async (_peer, { url }, say, gone) => {
      const answer = told.get(url) as Resolved
      const said = lies[url] === undefined ? answer : lies[url](answer)
      if (said === undefined) return
      say(said)
      await new Promise<void>(done => gone.addEventListener('abort', () => done(), { once: true }))
    })
    const through = async (lie: string) => {
      const { node } = await world.node({ seeds: [host.addresses[0] as string, known] })
      // after these an answer is enough
      for (let i = 0; i < USUAL; i++) await node.download(urlOf(i), world.path(), { keep: false })
      const path = world.path()
      const receipt = await node.download(lie, path, { keep: false })
      expect(receipt, lie).to.include({ sha256: hex(TINY), fromOrigin: TINY.length })
      expect(await fileHash(path)).to.equal(hex(TINY))
    }
    await Promise.all(Object.keys(lies).map(through))
  })
})

// Peers that forge manifests: what they say is believed by nobody, and the right content comes from elsewhere.
import { expect } from 'chai'
import type { ManifestHead, Seal } from '../../src/core/manifest.ts'
import { sha256, splitDigests } from '../../src/core/piece.ts'
import type { Link } from '../../src/net/link.ts'
import { sealHead } from '../../src/wire/envelope.ts'
import { tellManifest } from '../malicious/forges-manifest.ts'
import { givesPiecesOf } from '../malicious/gives-bytes.ts'
import { type Part, relaysManifest } from '../malicious/relays-manifest.ts'
import type { Behaviour, ScriptedPeer } from '../malicious/scripted-peer.ts'
import { until } from '../waiting.ts'
import { content, fileHash, hex, PIECE } from '../world/content.ts'
import { digestsOf, full, manifestOf } from '../world/manifest.ts'
import type { TestOrigin } from '../world/origin.ts'
import { together } from '../world/together.ts'
import type { Observed, World } from '../world/world.ts'

const COUNT = 4
const BODY = content('forgers', COUNT * PIECE - 7)
const FAKE = content('fake', BODY.length)

interface Outcome {
  attacker: ScriptedPeer
  victim: Observed
  trust: string
  fromOrigin: number
}

/** An origin, and a victim whose only way in is the attacker. The content must come out right. */
async function run(world: World, behaviour: Behaviour, options: Options = {}): Promise<Outcome> {
  const origin = options.origin ?? (await world.origin(BODY))
  const url = `${origin.url}/file.bin`
  const attacker = await world.scriptedPeer(url, behaviour)
  // without anyone to trust a node would not even ask others
  const trust = options.trust?.(attacker) ?? STRANGER
  const victim = await world.node({ bootstrap: [attacker.address], trust: [trust] })
  const path = world.path()
  const get = options.digest === true ? { digest: origin.digest } : {}
  const receipt = await victim.node.download(url, path, get)
  expect(await fileHash(path)).to.equal(hex(BODY))
  expect(receipt.sha256).to.equal(hex(BODY))
  expect(attacker.links, 'the victim has met the attacker').to.not.deep.equal([])
  return { attacker, victim, trust: receipt.trust, fromOrigin: receipt.fromOrigin }
}

interface Options {
  origin?: TestOrigin
  trust?: (attacker: ScriptedPeer) => string
  digest?: boolean
}

const STRANGER = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5'

const gives = (body: Buffer) => givesPiecesOf(body, PIECE)

/** Signs a manifest of `body` with its own key, changed as told. */
function signs(body: Buffer, change?: (head: ManifestHead) => ManifestHead): Behaviour {
  return { met: (link, attacker) => tellManifest(link, attacker, manifestOf(attacker.task, body), change), ask: gives(body) }
}

const sealed = (changes: Partial<Seal>) => (head: ManifestHead) => ({ ...head, seal: { ...(head.seal as Seal), ...changes } })
const claimsDigest = sealed({ sha256: sha256(BODY) })

interface Relayed {
  origin: TestOrigin
  seed: Observed
  head: Uint8Array
  digests: Uint8Array[]
}

/** A seed that has all of it, and what it says. */
async function relayed(world: World): Promise<Relayed> {
  const origin = await world.origin(BODY)
  const url = `${origin.url}/file.bin`
  const seed = await world.seed()
  await seed.node.download(url, world.path())
  const spy = await world.scriptedPeer(url)
  await spy.say(seed.address)
  await until(() => spy.heard.some(m => m.type === 'head'), 'the seed tells its manifest')
  const head = spy.heard.flatMap(m => (m.type === 'head' ? [m.envelope] : []))[0] as Uint8Array
  const digests = spy.heard.flatMap(m => (m.type === 'part' ? splitDigests(m.digests) : []))
  expect(digests).to.have.length(COUNT)
  return { origin, seed, head, digests }
}

const tells = (head: Uint8Array, parts: Part[]): Behaviour => ({
  ...relaysManifest(head, parts, 'etag "one"', COUNT),
  ask: gives(BODY),
})

describe('a forger', () => {
  describe('who relays the head of a trusted seed', () => {
    const broken: [string, (digests: Uint8Array[]) => Part[]][] = [
      ['over other digests', all => [{ from: 0, digests: Buffer.concat([...all.slice(0, 3), sha256(FAKE)]) }]],
      ['over too few digests', all => [{ from: 0, digests: Buffer.concat(all.slice(0, 2)) }]],
      ['over no digests', () => []],
      ['over digests that leave a gap', all => [{ from: 1, digests: Buffer.concat(all.slice(1)) }]],
      ['over overlapping digests', all => [0, 2].map(from => ({ from, digests: Buffer.concat(all.slice(from)) }))],
      ['over digests in another order', all => [{ from: 0, digests: Buffer.concat(all.toReversed()) }]],
    ]
    together([
      [
        'unchanged, and gives the right bytes, is as good as the seed',
        async world => {
          const { origin, seed, head, digests } = await relayed(world)
          const { trust, fromOrigin } = await run(world, tells(head, [{ from: 0, digests: Buffer.concat(digests) }]), {
            origin,
            trust: () => seed.id,
          })
          expect(trust).to.equal('seed')
          expect(fromOrigin).to.equal(0)
        },
      ],
      [
        'unchanged, and gives wrong bytes, is banned, and the rest comes from the origin',
        async world => {
          const { origin, seed, head, digests } = await relayed(world)
          const behaviour = { ...tells(head, [{ from: 0, digests: Buffer.concat(digests) }]), ask: gives(FAKE) }
          const { victim, attacker, trust, fromOrigin } = await run(world, behaviour, { origin, trust: () => seed.id })
          expect(trust).to.equal('seed')
          expect(fromOrigin).to.equal(BODY.length)
          expect(victim.said(/^banned/)[0]).to.include(attacker.id)
        },
      ],
      [
        'and has told half of it before, under a head of its own, is asked for that half again',
        async world => {
          const { origin, seed, head, digests } = await relayed(world)
          let tellings = 0
          const { trust, fromOrigin } = await run(
            world,
            {
              met: async (link, attacker) => {
                link.send(attacker.hello(link.peer, 'etag "one"'))
                const own = manifestOf(attacker.task, BODY)
                link.send({ type: 'part', from: 0, digests: Buffer.concat(digests.slice(0, 2)) })
                link.send({ type: 'head', envelope: await sealHead(own.head(), attacker.host.privateKey) })
                link.send({ type: 'part', from: 2, digests: Buffer.concat(digests.slice(2)) })
                link.send({ type: 'head', envelope: head })
                link.send({ type: 'pieces', have: full(COUNT), queue: 0 })
              },
              message: (m, link) => {
                if (m.type !== 'hello' || m.manifestCount > 0) return
                tellings++
                link.send({ type: 'part', from: 0, digests: Buffer.concat(digests) })
                link.send({ type: 'head', envelope: head })
              },
              ask: gives(BODY),
            },
            { origin, trust: () => seed.id },
          )
          expect(tellings).to.be.at.least(1)
          expect(trust).to.equal('seed')
          expect(fromOrigin).to.equal(0)
        },
      ],
      ...broken.map(([what, parts]): [string, (world: World) => Promise<void>] => [
        `${what} is left alone`,
        async world => {
          const { origin, seed, head, digests } = await relayed(world)
          const { attacker, fromOrigin } = await run(world, tells(head, parts(digests)), { origin, trust: () => seed.id })
          expect(fromOrigin).to.equal(BODY.length)
          expect(attacker.asks).to.deep.equal([])
        },
      ]),
      [
        'for another task is not believed',
        async world => {
          const { origin, seed, head, digests } = await relayed(world)
          const other = `${origin.url}/other.bin`
          const attacker = await world.scriptedPeer(other, tells(head, [{ from: 0, digests: Buffer.concat(digests) }]))
          const victim = await world.node({ bootstrap: [attacker.address], trust: [seed.id] })
          origin.body = FAKE
          const path = world.path()
          const { fromOrigin } = await victim.node.download(other, path)
          expect(await fileHash(path)).to.equal(hex(FAKE))
          expect(fromOrigin).to.equal(FAKE.length)
          expect(attacker.links).to.not.deep.equal([])
          expect(attacker.asks).to.deep.equal([])
        },
      ],
      [
        'of an older version does not mix it with the new one',
        async world => {
          const { origin, seed, head, digests } = await relayed(world)
          const url = `${origin.url}/file.bin`
          // known for a second without a question
          seed.node.get(url)
          origin.body = FAKE
          origin.etag = '"two"'
          origin.hold(PIECE)
          const attacker = await world.scriptedPeer(url, tells(head, [{ from: 0, digests: Buffer.concat(digests) }]))
          const victim = await world.node({ seeds: [seed.address] })
          const path = world.path()
          let bytes = 0
          const onProgress = (p: { bytes: number }) => {
            bytes = p.bytes
          }
          const download = victim.node.download(url, path, { origin: false, onProgress })
          await until(() => bytes > 0, 'the victim has a piece of the new version')
          await attacker.meet(victim.address).catch(() => {})
          await until(() => attacker.ends.length > 0, 'the link ends')
          origin.release()
          await download
          expect(await fileHash(path)).to.equal(hex(FAKE))
          expect(attacker.asks).to.deep.equal([])
        },
      ],
    ])
  })

  describe('who is trusted, but signs', () => {
    const forged: [string, (head: ManifestHead) => ManifestHead][] = [
      ['a seal of another length', sealed({ length: 5 * PIECE })],
      ['a seal longer than announced', sealed({ length: BODY.length + 1 })],
      ['a chain from nowhere', h => ({ ...h, chain: sha256(FAKE) })],
    ]
    together([
      ...forged.map(([what, change]): [string, (world: World) => Promise<void>] => [
        `${what} is not followed`,
        async world => {
          const { victim, fromOrigin } = await run(world, signs(BODY, change), { trust: v => v.id })
          expect(fromOrigin).to.equal(BODY.length)
          expect(victim.said(/broke the protocol/)).to.have.length.at.least(1)
        },
      ]),
      [
        'more pieces than fit the length is not followed',
        async world => {
          const met = async (link: Link, attacker: ScriptedPeer) => {
            const manifest = manifestOf(attacker.task, BODY)
            const more = [...digestsOf(manifest), sha256(FAKE)]
            const change = (h: ManifestHead) => ({ ...h, count: COUNT + 1, seal: undefined })
            await tellManifest(link, attacker, manifest, change, more)
          }
          const { victim, fromOrigin } = await run(world, { met }, { trust: v => v.id })
          expect(fromOrigin).to.equal(BODY.length)
          expect(victim.said(/broke the protocol/)).to.have.length.at.least(1)
        },
      ],
      [
        'a head with a wrong signature is not followed',
        async world => {
          const met = async (link: Link, attacker: ScriptedPeer) => {
            link.send(attacker.hello(link.peer, 'etag "one"'))
            const envelope = await sealHead(manifestOf(attacker.task, BODY).head(), attacker.host.privateKey)
            link.send({ type: 'head', envelope: envelope.map((b, i) => (i === envelope.length - 1 ? b ^ 1 : b)) })
          }
          const { victim, fromOrigin } = await run(world, { met }, { trust: v => v.id })
          expect(fromOrigin).to.equal(BODY.length)
          expect(victim.said(/broke the protocol/)).to.have.length.at.least(1)
        },
      ],
    ])
  })

  describe('whom nobody trusts', () => {
    const noVersion = (attacker: ScriptedPeer) => manifestOf(attacker.task, FAKE, { version: 'etag "none"' })
    together([
      [
        'is not believed, and asked for nothing',
        async world => {
          const { attacker, trust, fromOrigin } = await run(world, signs(FAKE))
          expect(trust).to.equal('origin')
          expect(fromOrigin).to.equal(BODY.length)
          expect(attacker.asks).to.deep.equal([])
        },
      ],
      [
        'but whose content has the digest that was given may tell and give all of it',
        async world => {
          const { trust, fromOrigin } = await run(world, signs(BODY), { digest: true })
          expect(trust).to.equal('digest')
          expect(fromOrigin).to.equal(0)
        },
      ],
      [
        'and who names another digest than was given is not believed',
        async world => {
          const { fromOrigin, attacker } = await run(world, signs(FAKE), { digest: true })
          expect(fromOrigin).to.equal(BODY.length)
          expect(attacker.asks).to.deep.equal([])
        },
      ],
      [
        'and whose whole content turns out not to have the digest is banned, and the origin read',
        async world => {
          const { fromOrigin, victim, attacker } = await run(world, signs(FAKE, claimsDigest), { digest: true })
          expect(fromOrigin).to.equal(BODY.length)
          expect(new Set(attacker.asks.map(a => a.piece)).size).to.equal(COUNT)
          expect(victim.said(/^banned/)[0])
            .to.include(attacker.id)
            .and.to.include('digest')
        },
      ],
      [
        'and has eight friends who do the same is set aside with them, and the publisher is not blamed',
        async world => {
          const origin = await world.origin(BODY)
          const url = `${origin.url}/file.bin`
          const liars: ScriptedPeer[] = []
          for (let n = 0; n < 9; n++) liars.push(await world.scriptedPeer(url, signs(FAKE, claimsDigest)))
          const victim = await world.node({ bootstrap: liars.map(({ address }) => address), trust: [STRANGER] })
          const path = world.path()
          const receipt = await victim.node.download(url, path, { digest: origin.digest })
          expect(await fileHash(path)).to.equal(hex(BODY))
          expect(receipt.fromOrigin).to.equal(BODY.length)
          expect(victim.said(/^banned/)).to.have.length(5)
        },
      ],
      [
        'and forges what this host is about to read itself is banned, and the origin believed',
        async world => {
          const origin = await world.origin(BODY)
          const url = `${origin.url}/file.bin`
          const victim = await world.node()
          const met = (link: Link, v: ScriptedPeer) => tellManifest(link, v, manifestOf(v.task, FAKE), claimsDigest)
          const attacker = await world.scriptedPeer(url, { met })
          origin.mute()
          const path = world.path()
          const download = victim.node.download(url, path, { digest: origin.digest })
          await until(() => origin.asked > 0, 'the victim asks the origin')
          await attacker.meet(victim.address)
          await until(() => attacker.asks.length > 0, 'the victim believes the forger')
          origin.release()
          const { fromOrigin } = await download
          expect(await fileHash(path)).to.equal(hex(BODY))
          expect(fromOrigin).to.equal(BODY.length)
          expect(victim.said(/^banned/)[0]).to.include(attacker.id)
        },
      ],
      [
        'the same for a stream, of which no wrong byte comes out',
        async world => {
          const origin = await world.origin(BODY)
          const url = `${origin.url}/file.bin`
          const attacker = await world.scriptedPeer(url, signs(FAKE, claimsDigest))
          const victim = await world.node({ bootstrap: [attacker.address] })
          const parts: Uint8Array[] = []
          for await (const part of victim.node.get(url, { digest: origin.digest })) parts.push(part)
          expect(hex(Buffer.concat(parts))).to.equal(hex(BODY))
          expect(attacker.asks).to.not.deep.equal([])
        },
      ],
      [
        'and never seals what it tells is not believed when only a digest was given',
        async world => {
          const unsealed = (h: ManifestHead) => ({ ...h, seal: undefined })
          const { fromOrigin, attacker } = await run(world, signs(FAKE, unsealed), { digest: true })
          expect(fromOrigin).to.equal(BODY.length)
          expect(attacker.asks).to.deep.equal([])
        },
      ],
      [
        'and names a version that does not exist, and gives nothing, is found out',
        async world => {
          const met = (link: Link, attacker: ScriptedPeer) => tellManifest(link, attacker, noVersion(attacker), claimsDigest)
          const { fromOrigin } = await run(world, { met }, { digest: true })
          expect(fromOrigin).to.equal(BODY.length)
        },
      ],
      [
        'and tells a manifest by which honest peers look like liars gets none of them banned',
        async world => {
          const origin = await world.origin(BODY)
          const url = `${origin.url}/file.bin`
          const honest = await world.node()
          await honest.node.download(url, world.path())
          const attacker = await world.scriptedPeer(url, {
            met: (link, v) => tellManifest(link, v, manifestOf(v.task, FAKE), claimsDigest),
            message: (m, link) => {
              // the victim believes it now: here comes somebody who could be asked
              if (m.type === 'pieces')
                link.send({ type: 'peers', peers: [{ id: honest.id, addresses: [honest.address] }], links: 0 })
            },
            ask: (piece, link) => link.refuse(piece, 'no-such-piece'),
          })
          const victim = await world.node({ bootstrap: [attacker.address] })
          const path = world.path()
          await victim.node.download(url, path, { digest: origin.digest })
          expect(await fileHash(path)).to.equal(hex(BODY))
          for (const ban of victim.said(/^banned/)) expect(ban).to.not.include(honest.id)
        },
      ],
    ])
  })
})

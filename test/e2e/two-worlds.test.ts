// One small swarm twice: as processes over loopback, and in the simulator. Both must tell the same story.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import type { Receipt } from '../../src/index.ts'
import { simulate } from '../../src/sim/run.ts'
import { content, hex, PIECE } from '../world/content.ts'
import { type Lab, LISTEN } from './lab.ts'
import { labForEach } from './lab-for-each.ts'

const PEERS = 6
const PIECES = 64
const BODY = content('two worlds', PIECES * PIECE)
/** What the origin gives, bytes per millisecond: less than loopback can pass on, so that no line and no processor decides. */
const ORIGIN_RATE = 4 * 1024
/** A line that is no obstacle either; loopback is not shaped, so times are not compared. */
const LINE = { up: 20_000, down: 20_000 }

interface Story {
  /** Copies of the content that the seed sent to all peers together; the rest is from one another. */
  fromSeed: number
  /** Copies that the origin sent. */
  originReads: number
  /** Pieces that came again. */
  duplicates: number
}

describe('a swarm of processes and a simulated one', () => {
  let lab: Lab

  labForEach(l => {
    lab = l
  })

  it('read the origin once, get most from one another, about as much from the seed, and next to nothing twice', async () => {
    const real = await overLoopback(lab)
    const simulated = [1, 2, 3].map(inVirtualTime)
    console.log(`      loopback ${words(real)}`)
    for (const [i, story] of simulated.entries()) console.log(`      simulator, ${i + 1}: ${words(story)}`)
    for (const story of [real, ...simulated]) {
      const what = words(story)
      expect(story.originReads, what).to.equal(1)
      expect(story.fromSeed, what).to.be.within(1, PEERS / 2)
      expect(story.duplicates, what).to.be.below(0.05 * PEERS * PIECES)
    }
    for (const { fromSeed } of simulated) expect(real.fromSeed / fromSeed).to.be.within(0.5, 2)
  })
})

function words({ fromSeed, originReads, duplicates }: Story): string {
  const copies = `${fromSeed.toFixed(2)} of ${PEERS} copies from the seed`
  return `${copies}, origin read ${originReads.toFixed(2)} times, ${duplicates.toFixed(0)} pieces twice`
}

function inVirtualTime(seed: number): Story {
  const usual = { latency: 0.1, peerLine: LINE, seedLine: LINE, originRate: ORIGIN_RATE, peersReadOrigin: true }
  const r = simulate({ seed, peers: PEERS, pieces: PIECES, pieceLength: PIECE, ...usual })
  expect(r.lastMs).to.be.below(Infinity)
  return {
    fromSeed: r.seedCopies,
    originReads: r.originBytes / BODY.length,
    duplicates: r.duplicateBytes / PIECE,
  }
}

/** All know all before the second piece is there, and stay until all are done, as in the simulator. */
async function overLoopback(lab: Lab): Promise<Story> {
  const origin = await HeldOrigin.start()
  try {
    const seed = await lab.seed()
    const args = ['get', '--json', '--explain', '--seed', seed.address, ...LISTEN, '--linger', '2m']
    const gets = Array.from({ length: PEERS }, (_, i) => lab.df([...args, '-o', `out-${i}`, origin.url]))
    await Promise.all(gets.map(get => get.said(out => out.includes(`"peers":${PEERS}`))))
    origin.release()
    const receipts = (await Promise.all(gets.map(get => get.line('done')))) as unknown as Required<Receipt>[]
    for (const i of receipts.keys()) expect(await lab.read(`out-${i}`)).to.equal(hex(BODY))
    const sum = (of: (receipt: Required<Receipt>) => number) => receipts.reduce((all, receipt) => all + of(receipt), 0)
    expect(sum(r => r.fromOrigin)).to.equal(0)
    return {
      fromSeed: sum(r => r.fromSeeds) / BODY.length,
      originReads: origin.sentBytes / BODY.length,
      duplicates: sum(r => r.explain.requests.duplicates),
    }
  } finally {
    await origin.stop()
  }
}

/** Gives one piece, and the rest from `release` on at `ORIGIN_RATE`. */
class HeldOrigin {
  sentBytes = 0
  readonly #released = Promise.withResolvers<void>()
  readonly #server = createServer((_, response) => void this.#answer(response))

  static async start(): Promise<HeldOrigin> {
    const origin = new HeldOrigin()
    await new Promise<void>(resolve => origin.#server.listen(0, '127.0.0.1', resolve))
    return origin
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/file.bin`
  }

  release(): void {
    this.#released.resolve()
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #answer(response: ServerResponse): Promise<void> {
    response.writeHead(200, { etag: '"1"', 'content-length': BODY.length })
    this.#send(response, 0, PIECE)
    await this.#released.promise
    const begun = performance.now()
    const step = PIECE / 4
    for (let at = PIECE; at < BODY.length && !response.destroyed; at += step) {
      await sleep(Math.max(0, begun + (at - PIECE) / ORIGIN_RATE - performance.now()))
      this.#send(response, at, at + step)
    }
    response.end()
  }

  #send(response: ServerResponse, from: number, to: number): void {
    response.write(BODY.subarray(from, to))
    this.sentBytes += to - from
  }
}

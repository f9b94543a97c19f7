// The scenes: what happens to whom, and how much the origin may give.
import type { Ground, Peer, PeerEnd, Seed } from './ground.ts'

export interface Played {
  ends: readonly PeerEnd[]
  /** What the origin gave, in copies of the content. */
  copies: number
}

export interface Scene {
  name: string
  what: string
  /** The most copies that the origin may give. */
  most: number
  /** Each process on a host of its own. */
  isApart: boolean
  play(ground: Ground, peers: number): Promise<Played>
}

/** How long something is frozen or cut off, milliseconds. */
const AWAY_MS = 20_000

/** Everybody ends, then the seeds, as nginx counts an answer when it is over. */
async function over(ground: Ground, peers: readonly Peer[]): Promise<Played> {
  const ends = await Promise.all(peers.map(({ ended }) => ended))
  ground.note('all peers have ended')
  await Promise.all(ground.seeds.map(stop))
  const log = await ground.origin.requests()
  for (const { method, status, bytes, path } of log) ground.note(`origin: ${method} ${status} ${bytes} ${path}`)
  return { ends, copies: await ground.copies() }
}

async function stop({ child, ended }: Seed): Promise<void> {
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  await ended
}

async function kill({ child, ended }: Seed): Promise<void> {
  child.kill('SIGKILL')
  await ended
}

const after = async (ms: number) => await new Promise(resolve => setTimeout(resolve, ms))

export const SCENES: readonly Scene[] = [
  {
    name: 'a',
    what: 'undisturbed',
    most: 1.01,
    isApart: false,
    play: async (ground, count) => await over(ground, ground.peers(count)),
  },
  {
    name: 'b',
    what: 'the reading seed is killed at half',
    most: 1.1,
    isApart: false,
    async play(ground, count) {
      const peers = ground.peers(count)
      await ground.reached(peers, 0.5)
      ground.note('killed')
      await kill(ground.order[0] as Seed)
      return await over(ground, peers)
    },
  },
  {
    name: 'e',
    what: 'the reading seed is frozen at half for 20 s',
    most: 1.1,
    isApart: false,
    async play(ground, count) {
      const peers = ground.peers(count)
      await ground.reached(peers, 0.5)
      const { child } = ground.order[0] as Seed
      ground.note('frozen')
      child.kill('SIGSTOP')
      await after(AWAY_MS)
      ground.note('thawed')
      child.kill('SIGCONT')
      return await over(ground, peers)
    },
  },
  cut('f1', 'the reading seed is cut off from the origin for 20 s', 1.1, ground => {
    const [reader] = ground.order
    return ground.cut([reader?.host], [ground.originHost])
  }),
  cut('f2', 'the reading seed is cut off from all peers for 20 s', 1.6, (ground, peers) => {
    const [reader] = ground.order
    return ground.cut(
      [reader?.host],
      peers.map(({ host }) => host),
    )
  }),
  cut('f3', 'the reading seed is cut off from the other seeds for 20 s', 1.1, ground => {
    const [reader, ...others] = ground.order
    return ground.cut(
      [reader?.host],
      others.map(({ host }) => host),
    )
  }),
  cut('f4', 'two halves for 20 s, each with a seed', 1.6, (ground, peers) => {
    const [reader, ...others] = ground.order
    const half = peers.length / 2
    return ground.cut(
      [reader?.host, ...peers.slice(0, half).map(({ host }) => host)],
      [...others.map(({ host }) => host), ...peers.slice(half).map(({ host }) => host)],
    )
  }),
]

/** Something is cut off at half. Where both sides can read the origin, each reads the second half: 1.5 copies and what is lost. */
function cut(name: string, what: string, most: number, apart: (ground: Ground, peers: readonly Peer[]) => () => void): Scene {
  return {
    name,
    what,
    most,
    isApart: true,
    async play(ground, count) {
      const peers = ground.peers(count)
      await ground.reached(peers, 0.5)
      ground.note('cut')
      const heal = apart(ground, peers)
      await after(AWAY_MS)
      ground.note('healed')
      heal()
      return await over(ground, peers)
    },
  }
}

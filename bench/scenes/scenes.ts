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
]

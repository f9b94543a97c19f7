// Six identities name 300 peers that are not there, at sockets that accept and say nothing, while honest hosts download from a swarm.

import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { makeTask } from '../../src/core/task.ts'
import { Lab } from '../../test/e2e/lab.ts'
import { inventedPeers } from '../../test/malicious/invented-peers.ts'
import { ScriptedPeer } from '../../test/malicious/scripted-peer.ts'
import { MiB, median } from '../report.ts'
import type { Attack, Figure } from './main.ts'
import { shareOf, TwoSeeds } from './two-seeds.ts'

const ATTACKERS = 6
const INVENTED = 300
/** Peers that one message may name. */
const NAMED = 32
/** Hosts that have the content, at each seed. */
const PEERS = 3
const BYTES = 32 * MiB
/** Bytes a second that each seed and peer sends: what an honest host waits for is the lines, not the start of its process. */
const LINE = '4MiB'
const RUNS = 3
/** Part of what the peers give undisturbed. */
const LEAST_SHARE = 0.8

export const attack: Attack = {
  what: `${ATTACKERS} identities name ${INVENTED} peers that accept connections and say nothing; honest hosts download ${BYTES / MiB} MiB from a seed and ${PEERS} peers with ${LINE}/s each`,
  run,
}

async function run(say: (line: string) => void): Promise<Figure[]> {
  const lab = await Lab.open()
  const attackers: ScriptedPeer[] = []
  const silent = new SilentSockets()
  try {
    const { url } = await lab.nginx()
    const seeds = await TwoSeeds.start(lab, { origin: url, bytes: BYTES, flags: ['--upload-limit', LINE] }, say)
    for (const seed of [seeds.undisturbed, seeds.attacked])
      await Promise.all(Array.from({ length: PEERS }, () => stays(lab, seeds.url, seed)))
    const port = await silent.listen()
    for (let i = 0; i < ATTACKERS; i++) attackers.push(await inventor(seeds, i, port))
    const fromPeers = { undisturbed: [] as number[], attacked: [] as number[] }
    const seconds = { undisturbed: [] as number[], attacked: [] as number[] }
    for (let i = 0; i < RUNS; i++) {
      for (const which of ['undisturbed', 'attacked'] as const) {
        const one = await download(lab, seeds.url, seeds[which])
        say(`${which}: ${one.seconds.toFixed(2)} s, ${Math.round(100 * one.fromPeers)} % from peers`)
        fromPeers[which].push(one.fromPeers)
        seconds[which].push(one.seconds)
      }
    }
    const [before, during] = [median(fromPeers.undisturbed), median(fromPeers.attacked)]
    return [
      shareOf({ before: median(seconds.undisturbed), during: median(seconds.attacked) }),
      {
        what: 'part that came from peers',
        before: before.toFixed(2),
        during: during.toFixed(2),
        promised: `≥ ${LEAST_SHARE} of that`,
        isKept: during >= LEAST_SHARE * before,
      },
      {
        what: 'connections to invented peers',
        before: '0',
        during: `${silent.count}`,
        promised: '> 0',
        isKept: silent.count > 0,
      },
    ]
  } finally {
    await Promise.all(attackers.map(attacker => attacker.stop()))
    await silent.close()
    await lab.close()
  }
}

/** A host that has downloaded it and goes on serving. */
async function stays(lab: Lab, url: string, seed: string): Promise<void> {
  const flags = ['--seed', seed, '--no-origin', '--linger', '10m', '--json']
  await lab
    .df(['get', url, '-o', '/dev/null', ...flags], undefined, { DRAGONFLY_UPLOAD_LIMIT: LINE })
    .said(stdout => stdout.includes('"type":"done"'))
}

async function download(lab: Lab, url: string, seed: string): Promise<{ seconds: number; fromPeers: number }> {
  const begun = performance.now()
  const { code, stdout, stderr } = await lab.df(['get', url, '-o', '/dev/null', '--seed', seed, '--no-origin', '--json']).ended
  if (code !== 0) throw new Error(stderr)
  const done = JSON.parse(stdout.toString().trim().split('\n').at(-1) ?? '{}') as { fromPeers: number }
  return { seconds: (performance.now() - begun) / 1000, fromPeers: done.fromPeers / BYTES }
}

/** The seed names it to those who come, and it names the others, each at an address of its own. */
async function inventor(seeds: TwoSeeds, number: number, port: number): Promise<ScriptedPeer> {
  const share = INVENTED / ATTACKERS
  const peers = await inventedPeers(share, i => [`/ip4/127.0.${1 + number}.${1 + i}/tcp/${port}`])
  const attacker = await ScriptedPeer.start(makeTask({ url: seeds.url, headers: [] }), {
    met: link => {
      for (let i = 0; i < peers.length; i += NAMED) link.send({ type: 'peers', peers: peers.slice(i, i + NAMED), links: 0 })
    },
  })
  await attacker.say(seeds.attacked)
  return attacker
}

/** Accept whoever comes, at all addresses of this host, and say nothing. */
class SilentSockets {
  readonly #sockets = new Set<Socket>()
  readonly #server: Server
  count = 0

  constructor() {
    this.#server = createServer(socket => {
      this.count++
      this.#sockets.add(socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket)))
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>(resolve => this.#server.listen(0, '0.0.0.0', resolve))
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }
}

// BitTorrent clients as one seed and one peer on this machine, each with a tracker of its own, without DHT, encryption and limits.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { link, mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { freePort } from '../../test/e2e/lab.ts'
import { BINDING_NEED, PYTHON, SCRIPT } from '../swarm/tools/libtorrent.ts'
import type { Need } from '../swarm/tools/tool.ts'
import { install, PEER } from '../swarm/tools/webtorrent.ts'
import { makeTorrent } from '../swarm/torrent.ts'
import type { Receiver } from './receive.ts'
import { Tracker } from './tracker.ts'
import type { Way } from './ways.ts'

/** As makers of torrents cut a file of a gibibyte. */
const PIECE_BYTES = 1024 * 1024
/** Where all peers are. Not 127.0.0.1 if there is any other address: transmission dials no peer there. The bytes pass over loopback all the same. */
const ADDRESS =
  Object.values(os.networkInterfaces())
    .flat()
    .find(at => at?.family === 'IPv4' && !at.internal)?.address ?? '127.0.0.1'

const ARIA2 = [
  ...'--no-conf --quiet --disable-ipv6 --enable-dht=false --enable-dht6=false --bt-enable-lpd=false'.split(' '),
  ...'--enable-peer-exchange=false --bt-require-crypto=false --bt-min-crypto-level=plain'.split(' '),
  ...'--bt-max-peers=0 --bt-request-peer-speed-limit=1000M --file-allocation=none'.split(' '),
]

/** Of transmission: 0 prefers connections without encryption. */
const TRANSMISSION = {
  'dht-enabled': false,
  'lpd-enabled': false,
  'pex-enabled': false,
  'utp-enabled': false,
  'port-forwarding-enabled': false,
  encryption: 0,
  preallocation: 0,
}

interface Client {
  name: string
  needs: readonly Need[]
  /** Its program, with whatever it needs, in `dir`. */
  prepare?(dir: string): Promise<string>
  seed(at: Place): { command: string; args: string[] }
  receiver(at: Place): Receiver
}

interface Place {
  torrent: string
  /** Where the file is, or will be. */
  folder: string
  port: string
  /** For what the client keeps besides. */
  own: string
  program: string
}

const python = (role: string) => (at: Place) => ({
  command: PYTHON,
  args: [SCRIPT, role, ADDRESS, at.torrent, at.folder, at.port],
})
const web = (role: string) => (at: Place) => ({
  command: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', PEER, at.program, role, at.torrent, at.folder, at.port],
})
const aria2 = (...more: string[]) => {
  return (at: Place) => ({
    command: 'aria2c',
    args: [...ARIA2, ...more, `--listen-port=${at.port}`, `--dir=${at.folder}`, at.torrent],
  })
}
const transmission = (at: Place, ...more: string[]) => [
  '-M',
  '-et',
  '-g',
  at.own,
  '-w',
  at.folder,
  '-p',
  at.port,
  ...more,
  at.torrent,
]

const CLIENTS: readonly Client[] = [
  {
    name: 'aria2',
    needs: [{ program: 'aria2c', install: 'aria2' }],
    seed: aria2('--seed-ratio=0.0', '--check-integrity=true'),
    // its goodbye takes seconds
    receiver: at => ({
      ...aria2('--seed-time=0', `--on-bt-download-complete=${at.own}/hook`)(at),
      done: 'end',
      mark: `${at.own}/mark`,
    }),
  },
  {
    name: 'libtorrent',
    needs: [BINDING_NEED],
    seed: at => ({
      command: 'sh',
      args: ['-c', '(echo; cat) | "$@"', 'sh', python('seed')(at).command, ...python('seed')(at).args],
    }),
    receiver: at => ({ ...python('peer')(at), done: 'lines' }),
  },
  {
    name: 'webtorrent',
    needs: [],
    prepare: () => install(),
    seed: web('seed'),
    receiver: at => ({ ...web('peer')(at), done: 'lines' }),
  },
  {
    name: 'transmission',
    needs: [{ program: 'transmission-cli', install: 'transmission-cli' }],
    seed: at => ({ command: 'transmission-cli', args: transmission(at, '-v') }),
    // it goes on serving, and is slow to stop: its hook notes the time
    receiver: at => ({
      command: 'sh',
      args: ['-c', `echo $$ > ${at.own}/pid; exec "$@"`, 'sh', 'transmission-cli', ...transmission(at, '-f', `${at.own}/hook`)],
      done: 'end',
      mark: `${at.own}/mark`,
    }),
  },
]

export const bitTorrent: readonly Way[] = CLIENTS.map(client => ({
  name: `${client.name} (BitTorrent)`,
  needs: client.needs,
  async start(lab, file) {
    const own = await lab.folder(client.name)
    const program = (await client.prepare?.(own)) ?? ''
    const tracker = await Tracker.start(ADDRESS)
    const torrent = path.join(own, 'file.torrent')
    await makeTorrent(file, tracker.url, torrent, PIECE_BYTES)
    const place = async (role: string): Promise<Place> => {
      const at = {
        torrent,
        program,
        folder: path.join(own, `${role}-files`),
        own: path.join(own, role),
        port: `${await freePort()}`,
      }
      await mkdir(at.folder)
      await mkdir(at.own)
      await writeFile(path.join(at.own, 'settings.json'), JSON.stringify(TRANSMISSION))
      await writeFile(
        path.join(at.own, 'hook'),
        `#!/bin/sh\ndate +%s.%N > ${at.own}/mark\n[ ! -f ${at.own}/pid ] || kill "$(cat ${at.own}/pid)"\n`,
        {
          mode: 0o755,
        },
      )
      return at
    }
    const seedPlace = await place('seed')
    await link(file, path.join(seedPlace.folder, path.basename(file)))
    const { command, args } = client.seed(seedPlace)
    const seed = await started(command, args, tracker)
    const peer = await place('peer')
    return {
      sender: seed.pid as number,
      receiver: client.receiver(peer),
      output: path.join(peer.folder, path.basename(file)),
      leavings: [`${peer.folder}/${path.basename(file)}.aria2`, `${peer.own}/mark`, `${peer.own}/torrents`, `${peer.own}/resume`],
      async stop() {
        tracker.stop()
        await ended(seed)
      },
    }
  },
}))

/** Resolves to the process once it has announced itself. */
async function started(command: string, args: readonly string[], tracker: Tracker): Promise<ChildProcess> {
  // open standard input keeps the peers of bench/swarm alive
  const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'pipe'] })
  let said = ''
  let why: string | undefined
  child.stderr?.on('data', chunk => {
    said = `${said}${chunk}`.slice(-1000)
  })
  child.once('error', error => {
    why = String(error)
  })
  child.once('close', code => {
    why ??= `${command} ended with ${code}: ${said}`
  })
  child.stdin?.on('error', () => {}).write('go\n')
  try {
    await tracker.heard(() => why)
  } catch (error) {
    await ended(child)
    throw error
  }
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = once(child, 'exit')
  // nothing of it is needed any more, and some take their time to say goodbye
  child.kill('SIGKILL')
  await closed
}

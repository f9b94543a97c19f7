// aria2c as a BitTorrent client, with settings for a LAN.
import { link, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { publishTorrent, TRACKER_NEED } from '../torrent.ts'
import type { Ground, Swarm, Tool } from './tool.ts'

/** No limits, no discovery beyond tracker and peer exchange, no encryption, and it goes on serving when it is done. */
const COMMON = [
  '--no-conf --quiet --disable-ipv6 --enable-dht=false --enable-dht6=false --bt-enable-lpd=false',
  '--enable-peer-exchange=true --bt-require-crypto=false --bt-min-crypto-level=plain --bt-tracker-interval=2',
  '--bt-max-peers=0 --bt-request-peer-speed-limit=100M --file-allocation=none --listen-port=51413',
  '--seed-ratio=0.0 --enable-rpc --rpc-listen-port=6800',
].join(' ')

/** What the hook of aria2 prints goes where aria2's own output does. */
const HOOK = `#!/bin/sh
echo '{"type":"done"}'
`

/** A shell that lets the download go on with the go: aria2 itself reads no lines. */
const SCRIPT = `rpc() { curl -s -d '{"jsonrpc":"2.0","id":"1","method":"aria2.'$1'"}' http://127.0.0.1:6800/jsonrpc; }
aria2c ${COMMON} "$@" &
until rpc getVersion >/dev/null; do kill -0 $! || exit 1; sleep 0.1; done
echo '{"type":"ready","pid":'$!'}'; read go
rpc unpauseAll >/dev/null
read end`

export const aria2: Tool = {
  name: 'aria2',
  needs: [{ program: 'aria2c', install: 'aria2' }, { program: 'curl', install: 'curl' }, TRACKER_NEED],
  async start(ground: Ground): Promise<Swarm> {
    const torrent = await publishTorrent(ground)
    const { topology, dir, file, launch } = ground
    const hook = path.join(dir, 'hook')
    await writeFile(hook, HOOK, { mode: 0o755 })
    const folder = (index: number) => path.join(dir, `out-${index}`)
    const command = (...args: string[]) => ({ command: 'sh', args: ['-c', SCRIPT, 'sh', ...args, torrent.file] })
    await mkdir(path.join(dir, 'seed'))
    await link(file, path.join(dir, 'seed', path.basename(file)))
    const seed = launch('aria2 seed', topology.seed, command('--check-integrity=true', `--dir=${path.join(dir, 'seed')}`))
    await seed.line('ready')
    return {
      seed,

      peer: index => command('--pause=true', `--on-bt-download-complete=${hook}`, `--dir=${folder(index)}`),
      output: index => path.join(folder(index), path.basename(file)),
    }
  },
}

// libtorrent (rasterbar) by its Python binding, with settings for a LAN.
import { link, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Host } from '../topology.ts'
import { publishTorrent, TRACKER_NEED } from '../torrent.ts'
import type { Ground, Swarm, Tool } from './tool.ts'

export const PYTHON = '/usr/bin/python3'
export const SCRIPT = fileURLToPath(new URL('libtorrent_peer.py', import.meta.url))

export const BINDING_NEED = { program: '/usr/lib/python3/dist-packages/libtorrent.egg-info', install: 'python3-libtorrent' }

export const libtorrent: Tool = {
  name: 'libtorrent',
  needs: [BINDING_NEED, TRACKER_NEED],
  async start(ground: Ground): Promise<Swarm> {
    const torrent = await publishTorrent(ground)
    const { topology, dir, file, launch } = ground
    const folder = (index: number) => path.join(dir, `out-${index}`)
    const command = (host: Host, to: string, role: string) => ({
      command: PYTHON,
      args: [SCRIPT, role, host.ip, torrent.file, to],
    })
    await mkdir(path.join(dir, 'seed'))
    await link(file, path.join(dir, 'seed', path.basename(file)))
    const seed = launch('libtorrent seed', topology.seed, command(topology.seed, path.join(dir, 'seed'), 'seed'))
    const peer = (index: number, host: Host) => command(host, folder(index), 'peer')
    const swarm = { seed, peer, output: (index: number) => path.join(folder(index), path.basename(file)) }
    await seed.line('ready')
    return swarm
  },
}

// WebTorrent on Node, from the npm registry, in a folder outside the project.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { link, mkdir, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { publishTorrent, TRACKER_NEED } from '../torrent.ts'
import type { Ground, Swarm, Tool } from './tool.ts'

export const VERSION = '3.0.21'
export const PEER = fileURLToPath(new URL('webtorrent-peer.ts', import.meta.url))
const FOLDER = path.join(os.tmpdir(), `df-bench-webtorrent-${VERSION}`)
const PACKAGES = path.join(FOLDER, 'node_modules')
/** Its native part comes from a code host; on Node alone nothing of it is needed. */
const NO_WEBRTC = 'export const RTCPeerConnection = undefined, RTCSessionDescription = undefined, RTCIceCandidate = undefined\n'

export const webtorrent: Tool = {
  name: 'webtorrent',
  needs: [TRACKER_NEED],
  async start(ground: Ground): Promise<Swarm> {
    const entry = await install()
    const torrent = await publishTorrent(ground)
    const { topology, dir, file, launch } = ground
    const folder = (index: number) => path.join(dir, `out-${index}`)
    const command = (role: string, to: string) => {
      return { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', PEER, entry, role, torrent.file, to] }
    }
    await mkdir(path.join(dir, 'seed'))
    await link(file, path.join(dir, 'seed', path.basename(file)))
    const seed = launch('webtorrent seed', topology.seed, command('seed', path.join(dir, 'seed')))
    await seed.line('ready')
    const peer = (index: number) => command('peer', folder(index))
    return { seed, peer, output: index => path.join(folder(index), path.basename(file)) }
  },
}

/** Resolves to its entry. Rejects when the registry has not got it for us. */
export async function install(): Promise<string> {
  const done = path.join(FOLDER, 'done')
  if (!existsSync(done)) {
    await mkdir(FOLDER, { recursive: true })
    await writeFile(path.join(FOLDER, 'package.json'), '{"private":true}\n')
    await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `webtorrent@${VERSION}`], {
      cwd: FOLDER,
    })
    await writeFile(path.join(PACKAGES, 'webrtc-polyfill', 'index.js'), NO_WEBRTC)
    await writeFile(done, '')
  }
  return path.join(PACKAGES, 'webtorrent', 'index.js')
}

// A real docker-registry on a host of its own. Its log counts the bytes of blobs that it sent.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Participant } from '../swarm/participant.ts'
import type { Host } from '../swarm/topology.ts'

const PORT = 5000
/** The registry writes its line after the answer: the count is taken when it has not changed for so long, ms. */
const SETTLED_MS = 300

export class Registry {
  /** As in image names. */
  readonly host: string
  readonly #process: Participant
  readonly #log: string

  private constructor(host: string, process: Participant, log: string) {
    this.host = host
    this.#process = process
    this.#log = log
  }

  /** `dir` takes its configuration and log. Resolves once it listens. */
  static async start(host: Host, store: string, dir: string): Promise<Registry> {
    await mkdir(dir, { recursive: true })
    const [conf, log] = [path.join(dir, 'conf.yml'), path.join(dir, 'log')]
    await writeFile(log, '')
    await writeFile(
      conf,
      `version: 0.1
log: {level: info}
storage: {cache: {blobdescriptor: inmemory}, filesystem: {rootdirectory: ${store}}}
http: {addr: '${host.ip}:${PORT}'}
`,
    )
    const args = ['-c', 'exec docker-registry serve "$0" >"$1" 2>&1', conf, log]
    const registry = new Participant('docker-registry', host, { command: 'sh', args })
    while (!registry.isOver && !(await readFile(log, 'utf8')).includes('listening on')) await sleep(20)
    if (registry.isOver) throw new Error(`docker-registry ended: ${await readFile(log, 'utf8')}`)
    return new Registry(`${host.ip}:${PORT}`, registry, log)
  }

  /** Bytes of blobs sent so far. */
  async blobBytes(): Promise<number> {
    for (let last = -1; ; ) {
      const now = blobBytesLogged(await readFile(this.#log, 'utf8'))
      if (now === last) return now
      last = now
      await sleep(SETTLED_MS)
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop()
  }
}

/** The sum of what the lines of docker-registry say about blobs. */
export function blobBytesLogged(log: string): number {
  const lines = log.split('\n').filter(line => /msg="?response completed/.test(line) && /http\.request\.method=GET/.test(line))
  const blobs = lines.filter(line => /http\.request\.uri="?\/v2\/[^ ]*\/blobs\/sha256:/.test(line))
  return blobs.reduce((sum, line) => sum + Number(/http\.response\.written=(\d+)/.exec(line)?.[1] ?? 0), 0)
}

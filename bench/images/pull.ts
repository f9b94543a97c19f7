// Pulls images as skopeo does, straight or through the gateway of the host, and compares what arrived.
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { sha256 } from '../material.ts'
import { type Host, onHost } from '../swarm/topology.ts'
import { GATEWAY } from './dragonfly.ts'
import type { StoredImage } from './shelf.ts'

const run = promisify(execFile)
/** A pull that takes longer has failed, ms. */
export const MAX_PULL_MS = 300_000

/** To an OCI layout skopeo copies layers side by side, as engines pull them; to a plain folder it copies one after another. */
export const COPY = ['--quiet', '--preserve-digests'] as const

/** Files of registries.conf: how skopeo finds a registry. */
export interface Routes {
  straight: string
  gateway: string
}

/** `registry`: as in image names; `gateway`: host and port. */
export async function writeRoutes(dir: string, registry: string, gateway = GATEWAY): Promise<Routes> {
  const itself = `[[registry]]\nprefix = "${registry}"\nlocation = "${registry}"\ninsecure = true\n`
  const mirror = `[[registry.mirror]]\nlocation = "${gateway}/${registry.replace(':', '_')}"\ninsecure = true\n`
  const routes = { straight: path.join(dir, 'straight.conf'), gateway: path.join(dir, 'gateway.conf') }
  await writeFile(routes.straight, itself)
  await writeFile(routes.gateway, itself + mirror)
  return routes
}

export interface Pull {
  host: Host
  registry: string
  image: StoredImage
  /** A file of registries.conf. */
  route: string
  /** A folder that is made, and removed. */
  to: string
  signal: AbortSignal
}

/** Seconds of the pull alone. Rejects when it fails, or anything that arrived is not what the registry has. */
export async function pull({ host, registry, image, route, to, signal }: Pull): Promise<number> {
  const begun = performance.now()
  const args = ['--registries-conf', route, 'copy', ...COPY, `docker://${registry}/${image.name}`, `oci:${to}:it`]
  await run(...onHost(host, 'skopeo', args), { signal, timeout: MAX_PULL_MS })
  const seconds = (performance.now() - begun) / 1000
  await checkPulled(image, to)
  await rm(to, { recursive: true })
  return seconds
}

/** Rejects when a blob of the OCI layout is not what its digest says, or one is missing. */
export async function checkPulled({ digest, layers, name }: StoredImage, to: string): Promise<void> {
  const fileOf = (of: string) => path.join(to, 'blobs', 'sha256', of.slice('sha256:'.length))
  const { config } = JSON.parse(await readFile(fileOf(digest), 'utf8'))
  for (const blob of [digest, config.digest, ...layers.map(layer => layer.digest)]) {
    if (`sha256:${await sha256(fileOf(blob))}` !== blob) throw new Error(`${name}: ${blob} is not what arrived`)
  }
}

/** Seconds until the first byte of the body, as curl counts them, and until the last. */
export async function readByCurl(host: Host, url: string, signal: AbortSignal): Promise<{ first: number; last: number }> {
  const args = ['-sS', '--fail', '--noproxy', '*', '-o', '/dev/null', '-w', '%{time_starttransfer} %{time_total}', url]
  const { stdout } = await run(...onHost(host, 'curl', args), { signal, timeout: MAX_PULL_MS })
  const [first = NaN, last = NaN] = stdout.split(' ').map(Number)
  return { first, last }
}

// An image that engines can unpack, in a real registry.
import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { digestOf, type RegistryLab } from '../gateway/auth/registry-lab.ts'
import type { Lab } from './lab.ts'

const run = promisify(execFile)
const OCI = 'application/vnd.oci.image'

export interface EngineImage {
  /** Of the manifest. */
  digest: string
  /** Of the config: what CRI calls the image. */
  id: string
  layers: { digest: string; size: number }[]
}

/** `REPOSITORY:v1` with one file of so many bytes in each layer, others in another repository. */
export async function engineImage(
  registry: RegistryLab,
  lab: Lab,
  sizes: readonly number[],
  repository = 'team/app',
): Promise<EngineImage> {
  const layers: { mediaType: string; digest: string; size: number }[] = []
  const diffs: string[] = []
  for (const size of sizes) {
    const name = `${repository.replace('/', '-')}-${layers.length}`
    await mkdir(lab.path('www', name), { recursive: true })
    await lab.file(`${name}/file`, size)
    await run('tar', ['-C', lab.path('www', name), '--owner=0', '--group=0', '-cf', lab.path(`${name}.tar`), '.'])
    const tar = await readFile(lab.path(`${name}.tar`))
    diffs.push(digestOf(tar))
    const blob = await registry.blob(repository, gzipSync(tar, { level: 1 }))
    layers.push({ mediaType: `${OCI}.layer.v1.tar+gzip`, digest: blob.digest, size: blob.bytes.length })
  }
  const config = { architecture: 'amd64', os: 'linux', config: { Cmd: ['/file'] }, rootfs: { type: 'layers', diff_ids: diffs } }
  const blob = await registry.blob(repository, Buffer.from(JSON.stringify(config)))
  const described = { mediaType: `${OCI}.config.v1+json`, digest: blob.digest, size: blob.bytes.length }
  const type = `${OCI}.manifest.v1+json`
  const manifest = { schemaVersion: 2, mediaType: type, config: described, layers }
  return { digest: await registry.manifest(repository, 'v1', type, manifest), id: blob.digest, layers }
}

// Pushes artifacts as ORAS does: one layer for each file, with its title.
import type { RegistryLab } from '../../gateway/auth/registry-lab.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** Title → content. Resolves to the digest of the manifest. */
export async function pushArtifact(
  lab: RegistryLab,
  repository: string,
  tag: string,
  files: Readonly<Record<string, Buffer>>,
): Promise<string> {
  const config = await lab.blob(repository, Buffer.from('{}'))
  const layers = []
  for (const [title, body] of Object.entries(files)) {
    const { digest, bytes } = await lab.blob(repository, body)
    const annotations = { 'org.opencontainers.image.title': title }
    layers.push({ mediaType: 'application/octet-stream', digest, size: bytes.length, annotations })
  }
  return await lab.manifest(repository, tag, MANIFEST, {
    schemaVersion: 2,
    mediaType: MANIFEST,
    artifactType: 'application/vnd.example.model',
    config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: config.digest, size: config.bytes.length },
    layers,
  })
}

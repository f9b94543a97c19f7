// Finds the files of an artifact: the layers of its manifest, by title, and how they are asked for.
import { DragonflyError } from '../../core/errors.ts'
import type { HeaderList } from '../../core/headers.ts'
import type { BlobDescriptor } from './image-manifest.ts'
import type { ImageReference } from './image-reference.ts'
import { openImage } from './images.ts'
import type { RegistryClient } from './registry-client.ts'

export interface ArtifactLayer extends BlobDescriptor {
  url: string
}

export interface Artifact {
  /** With registry and tag or digest. */
  name: string
  /** Of its manifest. */
  digest: string
  layers: ArtifactLayer[]
  /** What the registry has to be shown for a layer; `anonymous`: anybody gets such headers. */
  headers: HeaderList
  anonymous: boolean
}

/** An index has to hold one for the platform of this host. Rejects as `resolveImage` does. */
export async function resolveArtifact(client: RegistryClient, reference: ImageReference, signal: AbortSignal): Promise<Artifact> {
  const { repository, url } = reference
  const image = openImage(client, reference, signal)
  const { digest, manifests } = await image.manifestsFor()
  const [manifest, ...others] = manifests
  if (manifest === undefined || others.length > 0) {
    throw new DragonflyError('bad-url', `${image.name} holds several manifests for this platform`, {
      hint: `name one by its digest: oci://${reference.registry}/${repository}@sha256:…`,
    })
  }
  const layers = manifest.layers.map(layer => ({ ...layer, url: `${url.origin}/v2/${repository}/blobs/${layer.digest}` }))
  return { name: image.name, digest, layers, ...(await image.access(signal)) }
}

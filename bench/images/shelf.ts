// Makes images of random layers, in the store that all registries of a run share.
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { RegistryLab } from '../../test/gateway/auth/registry-lab.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const TYPE = 'application/vnd.oci.image'

export interface StoredBlob {
  digest: string
  size: number
}

export interface StoredImage {
  /** `team/app:v1` */
  name: string
  digest: string
  layers: StoredBlob[]
  /** Of config and layers. */
  bytes: number
}

/** The parts of an image that its layers are: one large one and smaller ones, as images have them. */
const SHARES = [0.5, 0.25, 0.125, 0.125]

export class Shelf {
  readonly lab: RegistryLab
  #made = 0

  private constructor(lab: RegistryLab) {
    this.lab = lab
  }

  static async open(): Promise<Shelf> {
    return new Shelf(await RegistryLab.open())
  }

  get store(): string {
    return path.join(this.lab.dir, 'store')
  }

  async close(): Promise<void> {
    await this.lab.close()
  }

  /** A new image of so many bytes; `base`: its layers, the last one excepted, are those of another image. */
  async image(bytes: number, { repository = 'team/app', base }: { repository?: string; base?: StoredImage } = {}) {
    const shared = base?.layers.slice(0, -1) ?? []
    const layers = [...shared]
    for (const share of SHARES.slice(shared.length)) layers.push(await this.blob(Math.round(bytes * share), repository))
    const nonce = randomBytes(8).toString('hex')
    const text = JSON.stringify({ architecture: 'amd64', os: 'linux', nonce, rootfs: { type: 'layers', diff_ids: [] } })
    const { digest: configDigest } = await this.lab.blob(repository, Buffer.from(text))
    const tag = `v${++this.#made}`
    const digest = await this.lab.manifest(repository, tag, MANIFEST, {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: `${TYPE}.config.v1+json`, digest: configDigest, size: text.length },
      layers: layers.map(layer => ({ mediaType: `${TYPE}.layer.v1.tar+gzip`, ...layer })),
    })
    const total = layers.reduce((sum, { size }) => sum + size, text.length)
    return { name: `${repository}:${tag}`, digest, layers, bytes: total } satisfies StoredImage
  }

  async blob(size: number, repository = 'team/app'): Promise<StoredBlob> {
    // skopeo compresses what is not compressed
    const bytes = gzipSync(randomBytes(size), { level: 0 })
    const { digest } = await this.lab.blob(repository, bytes)
    return { digest, size: bytes.length }
  }
}

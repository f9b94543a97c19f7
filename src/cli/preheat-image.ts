// What df preheat --image has fetched: config and layers of images, each by its digest, with what the registry wants to be shown.
import { homedir } from 'node:os'
import type { ImageLister, PreheatOptions, ResolvedImage, ResolveOptions } from '../index.ts'
import { describe, type Failure } from './errors.ts'

/** One URL to preheat. */
export interface Target {
  url: string
  /** What it needs besides the options of all, asked for when its turn comes: tokens live for minutes. */
  more?: (signal: AbortSignal) => Promise<PreheatOptions>
  /** There is nothing to preheat: `url` is the name of an image. */
  failure?: Failure
}

export class ImageTargets {
  readonly #names: readonly string[]
  readonly #options: ResolveOptions
  readonly #lister: ImageLister

  private constructor(names: readonly string[], options: ResolveOptions, lister: ImageLister) {
    this.#names = names
    this.#options = options
    this.#lister = lister
  }

  static async open(
    names: readonly string[],
    options: ResolveOptions,
    reach: { proxy?: string; noProxy?: string; ca?: string },
  ): Promise<ImageTargets> {
    const { openImageLister } = await import('../index.ts')
    return new ImageTargets(names, options, await openImageLister({ ...reach, env: process.env, homeFolder: homedir() }))
  }

  /** A blob that several images have comes once for each registry and repository. Rejects with the abort only. */
  async targets(): Promise<Target[]> {
    const found = new Map<string, Target>()
    for (const name of this.#names) {
      try {
        const image = await this.#lister.resolve(name, this.#options)
        for (const { url, digest } of image.blobs) found.set(url, { url, more: signal => blobOptions(image, digest, signal) })
      } catch (error) {
        this.#options.signal.throwIfAborted()
        found.set(name, { url: name, failure: describe(error) })
      }
    }
    return [...found.values()]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lister.close()
  }
}

/** The one place that says how a blob is preheated: by its digest. */
async function blobOptions(image: ResolvedImage, digest: string, signal: AbortSignal): Promise<PreheatOptions> {
  const { headers, anonymous } = await image.access(signal)
  return { digest, byDigest: true, ...(headers.length > 0 && { headers, anonymous }) }
}

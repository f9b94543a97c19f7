// Lists the blobs of images for programs that have them fetched, with the credentials of the user. Its parts are loaded when it is opened.
import type { ResolvedImage, ResolveOptions } from '../origin/registries/images.ts'

export type { ImageBlob, ResolvedImage, ResolveOptions } from '../origin/registries/images.ts'

/** How registries are reached; as the options of the node. */
export interface ImageListerOptions {
  proxy?: string
  noProxy?: string
  /** PEM file. */
  ca?: string
  env: NodeJS.ProcessEnv
  /** The home folder of the user, where docker and podman keep credentials. */
  homeFolder: string
}

export interface ImageLister {
  /** Rejects with `bad-url`, `bad-digest`, `bad-option`, `origin-…` or the abort. */
  resolve(image: string, options: ResolveOptions): Promise<ResolvedImage>
  close(): Promise<void>
}

export async function openImageLister(options: ImageListerOptions): Promise<ImageLister> {
  const { env, homeFolder, ca, proxy, noProxy } = options
  const [{ Upstream }, { openAuth }, { userCredentialFiles }, { resolveImage }, { Proxies }, { caFileOf }] = await Promise.all([
    import('../origin/upstream.ts'),
    import('./auth/auth.ts'),
    import('../origin/registries/credentials.ts'),
    import('../origin/registries/images.ts'),
    import('../origin/proxies.ts'),
    import('../origin/trust.ts'),
  ])
  const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
  const upstream = new Upstream({ proxies: new Proxies(named, env), ca: caFileOf(ca, env) })
  const { client } = openAuth(upstream, userCredentialFiles(env, homeFolder), env)
  return {
    resolve: (image, how) => resolveImage(client, image, how),
    close: () => upstream.stop(),
  }
}

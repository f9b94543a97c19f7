// oci://REGISTRY/REPOSITORY[:TAG|@DIGEST][/TITLE]: a file of an artifact in a registry, as ORAS and others push them.
import os from 'node:os'
import { DragonflyError } from '../../core/errors.ts'
import { cleanFileName } from '../../core/file-name.ts'
import { Proxies } from '../proxies.ts'
import { type Artifact, type ArtifactLayer, resolveArtifact } from '../registries/artifact.ts'
import { Credentials, userCredentialFiles } from '../registries/credentials.ts'
import { type ImageReference, parseImage } from '../registries/image-reference.ts'
import { RegistryClient } from '../registries/registry-client.ts'
import { TokenServers } from '../registries/token-servers.ts'
import { Tokens } from '../registries/tokens.ts'
import { caFileOf } from '../trust.ts'
import { Upstream } from '../upstream.ts'
import type { ListedFile, Source, SourceReach, SourceRequest } from './source.ts'

export const OCI: Source = { resolve, isFolder: url => /^[^?#]+\/$/.test(url), list }

/** Titles that an error shows. */
const MAX_SHOWN = 8

export interface OciFile {
  reference: ImageReference
  /** As the artifact's manifest has it; undefined: its only layer. */
  title: string | undefined
}

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  const { reference, title } = parseOciUrl(url)
  await using registry = new Registry(reach)
  const artifact = await registry.artifact(reference)
  return requestOf(url, artifact, layerOf(artifact, title), reference)
}

function requestOf(shown: string, { headers, anonymous }: Artifact, layer: ArtifactLayer, of: ImageReference): SourceRequest {
  const name = cleanFileName(layer.title ?? '')
  return {
    url: layer.url,
    shown,
    digest: layer.digest,
    byDigest: true,
    ...(headers.length > 0 && { headers, anonymous }),
    nameFile: () => name || of.repository.split('/').at(-1) || 'layer',
  }
}

/** All layers that have a title, of the artifact as it is now: by its digest, so that all files are of one state. */
async function* list(url: string, reach: SourceReach): AsyncIterable<ListedFile> {
  const { reference } = parseOciUrl(url.replace(/\/+$/, ''))
  await using registry = new Registry(reach)
  const artifact = await registry.artifact(reference)
  const titled = artifact.layers.filter(({ title }) => title !== undefined)
  if (titled.length === 0) {
    throw new DragonflyError('origin-not-found', `${artifact.name} has no titled layers`, { hint: 'its layers are no files' })
  }
  for (const layer of titled) {
    const { title = '', digest, size } = layer
    const file = `oci://${reference.registry}/${reference.repository}@${artifact.digest}/${title}`
    const request = () => requestOf(file, artifact, layer, reference)
    yield { path: title.split('/'), url: file, length: size, digest, request }
  }
}

/** Throws `bad-url` or `bad-digest`. */
export function parseOciUrl(url: string): OciFile {
  const [, registry = '', rest = ''] = /^oci:\/\/([^/?#@]+)\/([^?#]+)$/i.exec(url) ?? []
  const [, repository = '', version = '', title] = /^([^:@]+)((?::|@sha256:)[^/@:]+)?(?:\/(.+))?$/s.exec(rest) ?? []
  const hint = 'write oci://REGISTRY/REPOSITORY:TAG, or oci://REGISTRY/REPOSITORY:TAG/TITLE for one of its files'
  if (registry === '' || repository === '' || title?.endsWith('/')) {
    throw new DragonflyError('bad-url', 'not the URL of a file of an artifact', { hint })
  }
  // a registry without a dot is one of this network, not a namespace of Docker Hub
  const isHost = /[.:]/.test(registry) || registry.toLowerCase() === 'localhost'
  const reference = parseImage(`${isHost ? registry : `${registry}:443`}/${repository}${version}`)
  return { reference, title }
}

function layerOf({ name, layers }: Artifact, title: string | undefined): ArtifactLayer {
  const found = title === undefined ? layers : layers.filter(layer => layer.title === title)
  const [layer] = found
  if (layer !== undefined && found.length === 1) return layer
  const titles = layers.flatMap(layer => (layer.title === undefined ? [] : [printable(layer.title)]))
  const shown = `${titles.slice(0, MAX_SHOWN).join(', ')}${titles.length > MAX_SHOWN ? ', …' : ''}`
  const hint = titles.length === 0 ? 'its layers have no titles' : `it has ${shown}`
  if (title !== undefined && found.length === 0) {
    throw new DragonflyError('origin-not-found', `${name} has no file ${printable(title)}`, { hint })
  }
  const count = found.length === 0 ? 'no layers' : `${found.length} layers`
  throw new DragonflyError('bad-url', `${name} has ${count}${title === undefined ? '' : ' of this title'}`, {
    hint: titles.length === 0 ? hint : `name one of them: …/${titles[0]}; ${hint}`,
  })
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)
}

/** Asks without credentials first: what anybody may read is shared with anybody. */
class Registry implements AsyncDisposable {
  readonly #upstream: Upstream
  readonly #signal: AbortSignal

  constructor({ proxy, noProxy, ca, signal }: SourceReach) {
    const named = { ...(proxy !== undefined && { proxy }), ...(noProxy !== undefined && { noProxy }) }
    this.#upstream = new Upstream({ proxies: new Proxies(named, process.env), ca: caFileOf(ca, process.env) })
    this.#signal = signal ?? new AbortController().signal
  }

  async artifact(reference: ImageReference): Promise<Artifact> {
    const tokens = new Tokens(new TokenServers(this.#upstream))
    try {
      return await resolveArtifact(new RegistryClient(this.#upstream, { tokens }), reference, this.#signal)
    } catch (error) {
      if (!mayHide(error)) throw error
      const credentials = new Credentials({ files: userCredentialFiles(process.env, homeFolder()), env: process.env })
      const { url, repository } = reference
      if ((await credentials.find(url, repository)) === undefined) throw error
      const known = new RegistryClient(this.#upstream, { tokens, credentials })
      return await resolveArtifact(known, reference, this.#signal)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#upstream.stop()
  }
}

/** Whether it may be shown to who logs in: registries also limit addresses that ask often. */
function mayHide(error: unknown): boolean {
  if (!(error instanceof DragonflyError)) return false
  return error.code === 'origin-forbidden' || error.code === 'origin-not-found' || error.status === 429
}

function homeFolder(): string {
  return process.env.HOME ?? os.homedir()
}

// Parses names of images as docker does (distribution's reference grammar): [registry/]repository[:tag][@digest].
import { DragonflyError } from '../../core/errors.ts'

export interface ImageReference {
  /** As engines show it: docker.io/library/alpine. */
  registry: string
  repository: string
  /** A tag or a digest; a digest wins. */
  version: string
  /** Where the registry answers. */
  url: URL
}

const MAX_NAME = 255
const MAX_REFERENCE = 1024
const LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const DOMAIN = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?$`)
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const PATH = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/
const HUB = 'docker.io'
const HUB_URL = 'https://registry-1.docker.io'

/**
 * Registries are asked over https, except those on loopback and with `plainHttp`. Throws `bad-url`, or `bad-digest` for a digest other
 * than sha256.
 */
export function parseImage(text: string, plainHttp = false): ImageReference {
  if (text.length > MAX_REFERENCE) throw bad(text)
  const [named = '', digest, ...more] = text.split('@')
  if (more.length > 0) throw bad(text)
  if (digest !== undefined && !DIGEST.test(digest)) {
    throw new DragonflyError('bad-digest', `not a digest of an image: ${JSON.stringify(digest.slice(0, 100))}`, {
      hint: 'write @sha256: followed by 64 hexadecimal digits',
    })
  }
  const { registry, rest } = splitRegistry(named)
  const colon = rest.lastIndexOf(':')
  const path = colon === -1 ? rest : rest.slice(0, colon)
  const tag = colon === -1 ? 'latest' : rest.slice(colon + 1)
  const repository = registry === HUB && !path.includes('/') ? `library/${path}` : path
  const isName = DOMAIN.test(registry) && PATH.test(path) && registry.length + 1 + repository.length <= MAX_NAME
  // docker takes 64 digits for the id of an image
  if (!isName || !TAG.test(tag) || (registry === HUB && /^[0-9a-f]{64}$/.test(path))) throw bad(text)
  const url = URL.parse(registry === HUB ? HUB_URL : `https://${registry}`)
  if (url === null) throw bad(text)
  if (plainHttp || LOOPBACK.test(url.hostname)) url.protocol = 'http:'
  return { registry, repository, version: digest ?? tag, url: new URL(url.origin) }
}

/** The first part is a registry if it looks like a host: with a dot, a port, a capital letter, or `localhost`. */
function splitRegistry(named: string): { registry: string; rest: string } {
  const slash = named.indexOf('/')
  const first = named.slice(0, Math.max(0, slash))
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase()
  if (!isHost) return { registry: HUB, rest: named }
  return { registry: first === 'index.docker.io' ? HUB : first, rest: named.slice(slash + 1) }
}

function bad(text: string): DragonflyError {
  return new DragonflyError('bad-url', `not the name of an image: ${JSON.stringify(text.slice(0, 100))}`, {
    hint: 'write REGISTRY/NAME:TAG or REGISTRY/NAME@sha256:DIGEST',
  })
}

// What each container engine can have of the gateway: the table of docs/containers.md, and the tests that show it.
import type { Engine } from './engine-sessions.ts'

export const KINDS = ['mirror', 'proxy', 'private', 'resume', 'fallback'] as const
export type Kind = (typeof KINDS)[number]

const CONTAINERS = {
  mirror: 'yes',
  proxy: 'http, https',
  private: 'login at the gateway',
  resume: 'by the next pull',
  fallback: 'yes',
} as const
const CONTAINERD = {
  mirror: 'yes',
  proxy: 'http, https',
  private: 'yes',
  resume: 'at the registry',
  fallback: 'yes',
} as const

/** The tests branch on what stands here, and each goes through all engines: a cell without a test cannot be. */
export const CELLS = {
  skopeo: CONTAINERS,
  podman: CONTAINERS,
  buildah: CONTAINERS,
  'containerd (ctr)': CONTAINERD,
  'containerd (CRI)': CONTAINERD,
  dockerd: {
    mirror: 'Docker Hub',
    proxy: 'http, https',
    private: 'Docker Hub',
    resume: 'at the gateway',
    fallback: 'Docker Hub',
  },
} as const satisfies Record<Engine, Record<Kind, string>>

/** Where the tests of each kind are. */
export const TESTS: Record<Kind, string> = {
  mirror: 'engines.test.ts',
  proxy: 'engines-proxy.test.ts',
  private: 'engines-private.test.ts',
  resume: 'engines-resume.test.ts',
  fallback: 'engines-fallback.test.ts',
}

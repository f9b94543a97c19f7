// What the site of the documentation has, in which order, and how a heading becomes an anchor (as on git hosts).

/** Sections of the sidebar: title, then pages as they lie in the repository. README.md is the first page. */
export const SECTIONS: readonly (readonly [title: string, pages: readonly string[]])[] = [
  [
    'Tutorials',
    [
      'docs/tutorials/one-host.md',
      'docs/tutorials/ten-hosts.md',
      'docs/tutorials/containerd.md',
      'docs/tutorials/private-registry.md',
      'docs/tutorials/models.md',
      'docs/tutorials/embedding.md',
    ],
  ],
  [
    'Use',
    [
      'README.md',
      'docs/install.md',
      'docs/habits.md',
      'docs/fleet.md',
      'docs/seed.md',
      'docs/containers.md',
      'docs/proxy.md',
      'docs/sources.md',
      'docs/models.md',
      'docs/share.md',
    ],
  ],
  [
    'Operate',
    ['docs/operations.md', 'docs/origins.md', 'docs/reference.md', 'docs/performance.md', 'SECURITY.md', 'CHANGELOG.md'],
  ],
  [
    'How it works',
    ['docs/architecture.md', 'docs/swarm.md', 'docs/protocol.md', 'src/wire/SPEC.md', 'docs/dependencies.md', 'CONTRIBUTING.md'],
  ],
]

export const PAGES = SECTIONS.flatMap(([, pages]) => pages)

/** The anchor of a heading's text; the second equal one of a page gets `-1`. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-')
}

// Ready rules for common clients: they share files that never change under their URL, and nothing else.

/** Query parameters that sign a URL for a while: the content is the same without them. */
const SIGNATURES = [
  ...['Algorithm', 'Credential', 'Date', 'Expires', 'Signature', 'SignedHeaders', 'Security-Token'].flatMap(name => [
    `X-Amz-${name}`,
    `X-Goog-${name}`,
  ]),
  ...['Expires', 'Signature', 'Key-Pair-Id', 'Policy'],
  // Azure
  ...['sv', 'se', 'sr', 'sp', 'sig', 'spr', 'st', 'skoid', 'sktid', 'skt', 'ske', 'sks', 'skv'],
]

/** As one entry of `gateway.rules`. */
export interface RuleText {
  /** RE2 syntax. Matches anywhere in the URL. */
  match: string
  action: 'swarm' | 'direct' | 'block'
  /** Query parameters that do not change the content. */
  filter?: readonly string[]
}

const swarm = (match: string, filter?: readonly string[]): RuleText => ({
  match,
  action: 'swarm',
  ...(filter !== undefined && { filter }),
})

/** Indexes, metadata and whatever else may change are no part of any: they pass straight to the origin. */
export const READY_RULES = {
  apt: [
    swarm(String.raw`^https?://[^?#]+\.(deb|udeb|ddeb|dsc)$`),
    swarm(String.raw`^https?://[^?#]+/pool/[^?#]+\.(tar|diff)\.(gz|xz|bz2|zst)$`),
    swarm('^https?://[^?#]+/by-hash/(SHA256|SHA512)/[0-9a-f]{64,128}$'),
  ],
  npm: [swarm(String.raw`^https?://[^?#]+/-/[^/?#]+\.tgz$`)],
  pip: [
    swarm(String.raw`^https?://[^?#]+\.whl(\.metadata)?$`),
    swarm(String.raw`^https?://[^?#]+/packages/[^?#]+\.(tar\.gz|tar\.bz2|zip)$`),
  ],
  maven: [
    { match: '-SNAPSHOT/', action: 'direct' },
    swarm(String.raw`^https?://[^?#]+/[^/?#]+/[0-9][^/?#]*/[^/?#]+\.(jar|pom|aar|war|module)$`),
  ],
  go: [swarm(String.raw`^https?://[^?#]+/@v/v[0-9][^/?#]*\.(zip|mod|info)$`)],
  huggingface: [
    swarm('^https?://[^?#]+/resolve/[0-9a-f]{40}/[^?#]+$'),
    swarm(String.raw`^https?://(cdn-lfs[^/?#]*\.(hf\.co|huggingface\.co)|cas-bridge\.xethub\.hf\.co)/`, SIGNATURES),
  ],
  'git-lfs': [
    swarm(String.raw`^https?://[^?#]+/(objects|media|lfs)/([^?#]+/)?([0-9a-f]{2}/[0-9a-f]{2}/)?[0-9a-f]{60,64}(\?|$)`, [
      ...SIGNATURES,
      'actor_id',
      'key_id',
      'repo_id',
      'token',
    ]),
  ],
} as const satisfies Readonly<Record<string, readonly RuleText[]>>

export type ReadyRule = keyof typeof READY_RULES

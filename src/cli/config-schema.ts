// config.json: one declaration of its keys, from which type, check, messages and reference are made.
import type { Static } from 'typebox'

/** Entries of one list. */
export const MAX_ENTRIES = 256
/** A year. */
const MAX_SECONDS = 366 * 86_400

/** Keys of `gateway` for the forward proxy. */
const FORWARD_PROXY = {
  rules: {
    type: 'array',
    maxItems: MAX_ENTRIES,
    items: {
      anyOf: [
        { enum: ['apt', 'npm', 'pip', 'maven', 'go', 'huggingface', 'git-lfs'] },
        {
          type: 'object',
          properties: {
            match: { type: 'string' },
            action: { enum: ['swarm', 'direct', 'block'] },
            filter: { type: 'array', items: { type: 'string' } },
          },
          required: ['match', 'action'],
          additionalProperties: false,
        },
      ],
    },
  },
  intercept: { type: 'array', items: { type: 'string' }, maxItems: MAX_ENTRIES },
} as const

/** JSON Schema. A key that nobody set is left out. `npm run schemas` compiles it. */
export const CONFIG_SCHEMA = {
  type: 'object',
  properties: {
    seeds: {
      description: 'Seeds: asked first, and trusted. Multiaddrs that end in /p2p/PEERID.',
      type: 'array',
      items: { type: 'string' },
      maxItems: MAX_ENTRIES,
    },
    bootstrap: {
      description: 'Ways into the DHT and into a fleet, not trusted: multiaddrs, or `dns:NAME[:PORT]`, a name that lists hosts.',
      type: 'array',
      items: { type: 'string' },
      maxItems: MAX_ENTRIES,
    },
    trust: {
      description: 'Peer ids whose signatures count as those of a seed, besides those of `seeds`.',
      type: 'array',
      items: { type: 'string' },
      maxItems: MAX_ENTRIES,
    },
    fleet: {
      description:
        'Fleet file, as `df fleet init` makes it. A relative path is one from the folder of `config.json`. Default: `fleet.json` in the home folder, if it is there.',
      type: 'string',
    },
    announce: {
      description: 'Multiaddrs that others are told, as for `--announce`.',
      type: 'array',
      items: { type: 'string' },
      maxItems: MAX_ENTRIES,
    },
    connections: {
      description:
        'Who counts for more when there is no room for all connections: `{"trustedNetworks": ["10.0.0.0/8", "2001:db8::/32"]}`. Quotas per address do not count for the hosts of `trustedNetworks`: ranges or single addresses, such as those of a NAT that many hosts are behind.',
      type: 'object',
      properties: { trustedNetworks: { type: 'array', items: { type: 'string' }, maxItems: MAX_ENTRIES } },
      additionalProperties: false,
    },
    allowOrigins: {
      description: 'What a seed reads for others besides public addresses. Patterns as for `--allow-origin`.',
      type: 'array',
      items: { type: 'string' },
      maxItems: MAX_ENTRIES,
    },
    share: {
      description:
        'Folders that a daemon or seed shares by name, as for `--share`: `DIR` or `NAME=DIR`. A relative path is one from the folder of `config.json`.',
      type: 'array',
      items: { type: 'string' },
      maxItems: 64,
    },
    daemon: {
      description:
        'Whether `df get` uses the daemon of this host: `use` when one runs (the default), `auto` to start one when none runs, `never`. `--no-daemon` is `never`.',
      enum: ['use', 'auto', 'never'],
    },
    proxy: {
      description:
        'HTTP proxy through which origins are read, as for `--proxy`. Default: that of `http_proxy`, `https_proxy` and `all_proxy`.',
      type: 'string',
    },
    noProxy: {
      description: 'Origin hosts that are read without a proxy, as for `--noproxy`. Default: those of `no_proxy`.',
      type: 'string',
    },
    ca: {
      description:
        'PEM file of certificate authorities, as for `--cacert`. A relative path is one from the folder of `config.json`.',
      type: 'string',
    },
    ipfsGateways: {
      description:
        'Trustless gateways of `ipfs://` URLs, as for `--ipfs-gateway`. Default: that of `IPFS_GATEWAY`, else public ones.',
      type: 'array',
      items: { type: 'string' },
      maxItems: 16,
    },
    originLimit: {
      description: 'Bytes a second from one origin host; or text as for `--origin-limit` (`100M`, `1gbit`). Default: no limit.',
      type: ['number', 'string'],
    },
    limit: {
      description: 'Bytes a second that a node receives, origin reads included; or text as for `--limit`. Default: no limit.',
      type: ['number', 'string'],
    },
    uploadLimit: {
      description: 'Bytes a second that it sends to peers; or text as for `--limit`. Default: no limit.',
      type: ['number', 'string'],
    },
    totalLimit: {
      description: 'Bytes a second of both directions together; or text as for `--limit`. Default: no limit.',
      type: ['number', 'string'],
    },
    originConnections: {
      description: 'Requests to one origin host at a time, 1 to 1,000. Default 16.',
      type: ['integer', 'string'],
    },
    linkWorkers: {
      description: 'Threads of a daemon or seed that hold connections and encrypt, as for `--link-workers`: `auto` or 0 to 64.',
      type: ['integer', 'string'],
    },
    web: {
      description: 'Where a daemon or seed serves its live page, as for `--web` (`127.0.0.1:65002`). Default: nowhere.',
      type: 'string',
    },
    gateway: {
      description:
        'What the gateway asks registries for: `{"registry": "docker.io", "registries": {"reg.corp:5000": {"url": "http://reg.corp:5000", "ca": "ca.pem"}}, "anyRegistry": true, "tagAge": SECONDS, "staleTags": SECONDS}`. `registry`: the one of requests that name none. `registries`: how they are reached; default https, and http on loopback. `anyRegistry`: also those that are not named; default only when the gateway listens on loopback. `credentials`: a file of logins as docker and podman write it, used for whoever reaches the gateway and shows none; default none. `tagAge`: a tag is not asked for again for so long, default 0; `staleTags`: a tag\'s last digest is used for so long when the registry is down, default 86,400. `hub`: the hub that clients with `HF_ENDPOINT=http://GATEWAY/hf` read, default `https://huggingface.co` ([models](models.md)). `s3`: as `--gateway-s3`, `host` or `anonymous`; default not served ([sources](sources.md#s3-for-unchanged-programs)). `rules`: what the HTTP proxy does by URL, the first that matches; `intercept`: hosts whose TLS it ends ([proxy](proxy.md)).',
      type: 'object',
      properties: {
        ...FORWARD_PROXY,
        registry: { type: 'string' },
        registries: {
          type: 'object',
          maxProperties: MAX_ENTRIES,
          additionalProperties: {
            type: 'object',
            properties: { url: { type: 'string' }, ca: { type: 'string' } },
            additionalProperties: false,
          },
        },
        hub: { type: 'string' },
        s3: { enum: ['host', 'anonymous'] },
        anyRegistry: { type: 'boolean' },
        credentials: { type: 'string' },
        tagAge: { type: 'number', minimum: 0, maximum: MAX_SECONDS },
        staleTags: { type: 'number', minimum: 0, maximum: MAX_SECONDS },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
} as const

/** What config.json may say. */
export type Config = Static<typeof CONFIG_SCHEMA>

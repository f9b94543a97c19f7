// docker: registry-mirrors in daemon.json for Docker Hub, or a drop-in of systemd that makes the gateway its proxy.
import { isDeepStrictEqual } from 'node:util'
import { applyEdits, type JSONPath, modify } from 'jsonc-parser'
import { UsageError } from '../errors.ts'
import { block, hasBlock, isSameText, orNothing, withoutBlocks } from './blocks.ts'
import { readText } from './files.ts'
import type { EnginePlan, FilePlan, SetupRequest } from './plan.ts'

const CONFIG = '/etc/docker/daemon.json'
const DROP_IN = '/etc/systemd/system/docker.service.d/dragonfly.conf'
const MIRRORS = 'registry-mirrors'
/** Where the flags of dockerd are named. */
const FLAG_FILES = [
  '/etc/default/docker',
  '/etc/sysconfig/docker',
  '/etc/systemd/system/docker.service',
  '/lib/systemd/system/docker.service',
  '/usr/lib/systemd/system/docker.service',
]
const HUB_NAMES = ['docker.io', 'index.docker.io', 'registry-1.docker.io']

export async function planDocker({ gateway, registries, root, proxy, undo }: SetupRequest): Promise<EnginePlan> {
  const others = registries.filter(name => !HUB_NAMES.includes(name))
  if (others.length > 0 && !proxy) {
    throw new UsageError(
      `docker has mirrors for Docker Hub only, not for ${others.join(', ')}`,
      'for other registries the gateway can be its proxy: --proxy',
    )
  }
  if (!undo && !proxy) await refuseFlag(root)
  const dropIn = dropInFile(gateway)
  const folder = DROP_IN.slice(0, DROP_IN.lastIndexOf('/'))
  if (proxy && !undo) {
    return {
      files: [dropIn],
      restart: 'systemctl daemon-reload && systemctl restart docker',
      notes: [
        'docker does not pull at all while its proxy is down',
        'registries that speak https pass through the proxy unread, unless docker trusts the CA that df gateway ca makes',
      ],
      folders: [folder],
    }
  }
  const isProxied = undo && hasBlock((await readText(root, DROP_IN)) ?? '')
  return {
    files: [configFile(gateway), ...(isProxied ? [dropIn] : [])],
    restart: isProxied ? 'systemctl daemon-reload && systemctl restart docker' : 'systemctl reload docker',
    notes: undo ? [] : ['docker asks mirrors for Docker Hub only; for other registries the gateway can be its proxy: --proxy'],
    folders: isProxied ? [folder] : [],
  }
}

/** dockerd does not start when a setting is both a flag and in its file. */
async function refuseFlag(root: string): Promise<void> {
  for (const file of FLAG_FILES) {
    const lines = ((await readText(root, file)) ?? '').split('\n')
    if (lines.some(line => !/^\s*[#;]/.test(line) && line.includes('--registry-mirror'))) {
      throw new UsageError(
        `${file} gives dockerd the flag --registry-mirror, and dockerd does not start with both the flag and ${MIRRORS} in ${CONFIG}`,
        `move it to ${CONFIG} first`,
      )
    }
  }
}

function configFile(gateway: string): FilePlan {
  return {
    path: CONFIG,
    purpose: 'sends the pulls of Docker Hub to the gateway',
    add: text => {
      const mirrors = mirrorsOf(parsed(text ?? ''))
      if (isGateway(mirrors[0], gateway)) return text
      return edited(text ?? '', [MIRRORS], [gateway, ...mirrors.filter(mirror => !isGateway(mirror, gateway))])
    },
    remove: text => {
      const mirrors = mirrorsOf(parsed(text))
      const kept = mirrors.filter(mirror => !isGateway(mirror, gateway))
      if (kept.length === mirrors.length) return text
      const rest = edited(text, [MIRRORS], kept.length > 0 ? kept : undefined)
      return Object.keys(parsed(rest)).length === 0 ? undefined : rest
    },
    isSame: (a, b) => isDeepStrictEqual(withoutEmpty(parsed(a)), withoutEmpty(parsed(b))),
  }
}

/** dockerd's own reading is as strict: no comments. An empty file is an empty object. */
function parsed(text: string): Record<string, unknown> {
  if (orNothing(text) === undefined) return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new UsageError(`${CONFIG} is not valid JSON`, 'repair it first; nothing was changed')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`${CONFIG} is no JSON object`, 'repair it first; nothing was changed')
  }
  return value as Record<string, unknown>
}

function mirrorsOf({ [MIRRORS]: mirrors = [] }: Record<string, unknown>): string[] {
  if (Array.isArray(mirrors) && mirrors.every(mirror => typeof mirror === 'string')) return mirrors
  throw new UsageError(`${CONFIG}: ${MIRRORS} is no list of URLs`, 'repair it first; nothing was changed')
}

function isGateway(mirror: string | undefined, gateway: string): boolean {
  return mirror?.replace(/\/+$/, '') === gateway
}

function withoutEmpty({ [MIRRORS]: mirrors, ...others }: Record<string, unknown>): Record<string, unknown> {
  return Array.isArray(mirrors) && mirrors.length > 0 ? { ...others, [MIRRORS]: mirrors } : others
}

/** Changes one setting and leaves the text around it as it is. */
function edited(text: string, place: JSONPath, value: unknown): string {
  if (orNothing(text) === undefined) return `${JSON.stringify({ [String(place[0])]: value }, undefined, 2)}\n`
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  '
  const formattingOptions = {
    insertSpaces: !indent.startsWith('\t'),
    tabSize: indent.startsWith('\t') ? 4 : indent.length,
    eol: text.includes('\r\n') ? '\r\n' : '\n',
  }
  return applyEdits(text, modify(text, place, value, { formattingOptions }))
}

function dropInFile(gateway: string): FilePlan {
  const lines = [
    '[Service]',
    `Environment="HTTP_PROXY=${gateway}"`,
    `Environment="HTTPS_PROXY=${gateway}"`,
    'Environment="NO_PROXY=localhost,127.0.0.0/8,::1"',
  ]
  return {
    path: DROP_IN,
    purpose: 'makes the gateway the proxy of docker',
    add: text => {
      const before = withoutBlocks(text ?? '', DROP_IN)
      return `${[...block(lines), ...(orNothing(before) === undefined ? [] : [before])].join('\n').trimEnd()}\n`
    },
    remove: text => orNothing(withoutBlocks(text, DROP_IN)),
    isSame: isSameText,
  }
}

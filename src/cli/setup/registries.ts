// podman, buildah, skopeo and CRI-O: a drop-in of our own in registries.conf.d, with the gateway as first mirror of each registry.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { stringify, type TomlTable } from 'smol-toml'
import { UsageError } from '../errors.ts'
import { block, isSameText, orNothing, parseToml, withoutBlocks } from './blocks.ts'
import { readText } from './files.ts'
import type { EnginePlan, SetupRequest } from './plan.ts'

const MAIN = '/etc/containers/registries.conf'
const FOLDER = '/etc/containers/registries.conf.d'
/** Of two tables for one registry the later file's holds, so ours is read last. */
const NAME = 'zz-dragonfly.conf'
/** These engines know no mirror of every registry: the public ones are named. Those that the host's own files name come along. */
export const PUBLIC_REGISTRIES = [
  'docker.io',
  'quay.io',
  'ghcr.io',
  'registry.k8s.io',
  'gcr.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'registry.gitlab.com',
] as const

/** What the other files say, the later ones over the earlier ones. */
interface Known {
  /** By prefix. */
  tables: Map<string, TomlTable>
  /** Where images without a registry are looked for. */
  search: string[]
}

export async function planRegistries(request: SetupRequest, engine: 'podman' | 'crio'): Promise<EnginePlan> {
  const { root, gateway, registries, undo } = request
  const known = undo ? { tables: new Map(), search: [] } : await readKnown(root)
  const named = [...PUBLIC_REGISTRIES, ...known.search, ...[...known.tables.keys()].filter(isHost)]
  const ours = request.check ? await ownPrefixes(root) : []
  const wanted = [...new Set(registries.length > 0 ? registries : ours.length > 0 ? ours : named)]
  const blocked = wanted.filter(name => known.tables.get(name)?.blocked === true)
  const chosen = wanted.filter(name => !blocked.includes(name))
  const taken = chosen.filter(name => known.tables.has(name))
  const file = path.join(FOLDER, NAME)
  const lines = chosen.flatMap((name, index) => [
    ...(index === 0 ? [] : ['']),
    ...registryLines(name, gateway, known.tables.get(name)),
  ])
  return {
    files: [
      {
        path: file,
        purpose: `sends the pulls of ${chosen.join(', ')} to the gateway`,
        add: text => {
          const rest = orNothing(withoutBlocks(text ?? '', file))
          if (rest !== undefined) parseToml(rest, file)
          return `${[...block(lines), ...(rest === undefined ? [] : [rest])].join('\n').trimEnd()}\n`
        },
        remove: text => orNothing(withoutBlocks(text, file)),
        isSame: isSameText,
      },
    ],
    ...(engine === 'crio' && { restart: 'systemctl reload crio' }),
    notes: undo ? [] : notesOf(registries, blocked, taken),
    folders: [],
  }
}

function notesOf(registries: readonly string[], blocked: readonly string[], taken: readonly string[]): string[] {
  return [
    'podman, buildah, skopeo and CRI-O all read this file',
    ...(registries.length > 0 ? [] : ['these engines know no mirror of every registry: name others with --registry']),
    ...(taken.length > 0
      ? [`settings of ${taken.join(', ')} in other files were taken over; run this again when you change them there`]
      : []),
    ...(blocked.length > 0 ? [`${blocked.join(', ')} is blocked in another file and stays so`] : []),
  ]
}

/** Those that our file names. */
async function ownPrefixes(root: string): Promise<string[]> {
  const file = path.join(FOLDER, NAME)
  const { registry } = parseToml((await readText(root, file)) ?? '', file)
  return Array.isArray(registry) ? (registry as TomlTable[]).map(({ prefix, location }) => String(prefix || location)) : []
}

function isHost(prefix: string): boolean {
  return !prefix.includes('/') && !prefix.startsWith('*.')
}

async function readKnown(root: string): Promise<Known> {
  const entries = await readdir(path.join(root, FOLDER)).catch(() => [])
  const names = entries.filter(name => name.endsWith('.conf') && name !== NAME).sort()
  const known: Known = { tables: new Map(), search: [] }
  for (const file of [MAIN, ...names.map(name => path.join(FOLDER, name))]) {
    const document = parseToml((await readText(root, file)) ?? '', file)
    if (document.registries !== undefined) {
      throw new UsageError(`${file} has the old form of version 1, which cannot have mirrors`, 'write [[registry]] tables first')
    }
    const search = document['unqualified-search-registries']
    if (Array.isArray(search)) known.search = search.map(String)
    for (const table of Array.isArray(document.registry) ? (document.registry as TomlTable[]) : []) {
      known.tables.set(String(table.prefix || table.location), table)
    }
  }
  return known
}

/** The registry's table with our mirror before those that it has. */
function registryLines(name: string, gateway: string, known: TomlTable | undefined): string[] {
  const { mirror = [], ...table } = known ?? { prefix: name, location: name }
  const ours = { location: mirrorLocation(gateway, name), insecure: gateway.startsWith('http:') }
  const whole = { registry: [{ ...table, mirror: [ours, ...(mirror as TomlTable[])] }] }
  return stringify(whole)
    .split('\n')
    .filter(line => line !== '')
}

/**
 * The registry is the first part of the path. A name has no colon there, so the port stands behind an underscore,
 * which no host name has: `127.0.0.1:65001/registry.example.org_5000`.
 */
export function mirrorLocation(gateway: string, registry: string): string {
  if (/^[^.]+:/.test(registry) && !registry.startsWith('localhost:'))
    throw new UsageError(
      `the gateway cannot tell ${registry} from a repository in the paths of podman and CRI-O`,
      'use the full name of the registry, with a dot',
    )
  return `${gateway.replace(/^https?:\/\//, '')}/${registry.replace(':', '_')}`
}

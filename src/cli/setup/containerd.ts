// containerd: hosts.toml for one registry or all of them, and the folder of those files in config.toml.
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { TomlTable, TomlValue } from 'smol-toml'
import { UsageError } from '../errors.ts'
import { block, expectToml, hasBlock, headerOf, isSameText, orNothing, parseToml, withoutBlocks } from './blocks.ts'
import { readText } from './files.ts'
import type { EnginePlan, FilePlan, SetupRequest } from './plan.ts'

const CONFIG = '/etc/containerd/config.toml'
const HOSTS = '/etc/containerd/certs.d'
/** For every registry that has no folder of its own. */
const EVERY = '_default'
/** A connection to a gateway that is down is given up after this. */
const DIAL_TIMEOUT = '200ms'

export async function planContainerd(request: SetupRequest): Promise<EnginePlan> {
  const { root, gateway, registries } = request
  const config = await readText(root, CONFIG)
  const document = config === undefined ? {} : parseToml(config, CONFIG)
  const place = placeOf(config === undefined ? 2 : versionOf(document))
  const isOff = isDisabled(document, place)
  const folder = folderOf(document, place)
  const present = await foldersIn(root, folder)
  const ours = await withOurs(root, folder, present)
  const isFound = request.undo || (request.check && registries.length === 0 && ours.length > 0)
  const chosen = isFound ? ours : registries.length > 0 ? registries : [EVERY]
  const files = await Promise.all(
    chosen.map(async name => {
      const names = present.includes(name) ? await filesIn(root, path.join(folder, name)) : []
      return hostsFile(folder, name, gateway, names)
    }),
  )
  if (!isOff || hasBlock(config ?? '')) files.push(configFile(place, folder))
  const others = registries.length > 0 ? [] : present.filter(name => name !== EVERY)
  const notes = [
    ...(isOff
      ? [`the CRI plugin is disabled in ${CONFIG}; ctr reads these files with --hosts-dir ${folder}, nerdctl without a flag`]
      : []),
    ...(others.length > 0
      ? [`${others.join(', ')}: has a folder of its own in ${folder} and is not sent to the gateway; add it with --registry`]
      : []),
  ]
  const folders = [...chosen.map(name => path.join(folder, name)), ...(folder === HOSTS ? [HOSTS] : [])]
  // hosts.toml alone is read for every pull
  const isNewConfig = !isOff && (config === undefined || pathOf(document, place) === '' || hasBlock(config))
  return { files, notes, folders, ...(isNewConfig && { restart: 'systemctl restart containerd' }) }
}

/** Where the registry's table is in a config file of this version. */
function placeOf(version: number): string[] {
  if (version >= 3) return ['plugins', 'io.containerd.cri.v1.images', 'registry']
  return version === 2 ? ['plugins', 'io.containerd.grpc.v1.cri', 'registry'] : ['plugins', 'cri', 'registry']
}

function versionOf({ version }: TomlTable): number {
  return typeof version === 'number' || typeof version === 'bigint' ? Number(version) : 1
}

function isDisabled(document: TomlTable, [, plugin = '']: readonly string[]): boolean {
  const names = [plugin, 'cri', 'io.containerd.grpc.v1.cri']
  const disabled = document.disabled_plugins
  return Array.isArray(disabled) && disabled.some(name => names.includes(String(name)))
}

function at(document: TomlTable, place: readonly string[]): TomlTable {
  let value: TomlValue | undefined = document
  for (const key of place) value = (value as TomlTable | undefined)?.[key]
  return (value ?? {}) as TomlTable
}

function pathOf(document: TomlTable, place: readonly string[]): string {
  const { config_path: value = '' } = at(document, place)
  return String(value)
}

/** The first of a list, which containerd 2 has. */
function folderOf(document: TomlTable, place: readonly string[]): string {
  return pathOf(document, place).split(':')[0] || HOSTS
}

async function foldersIn(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}

async function filesIn(root: string, folder: string): Promise<string[]> {
  return (await readdir(path.join(root, folder)).catch(() => [])).sort()
}

async function withOurs(root: string, folder: string, names: readonly string[]): Promise<string[]> {
  const texts = await Promise.all(names.map(name => readText(root, path.join(folder, name, 'hosts.toml'))))
  return names.filter((_name, index) => hasBlock(texts[index] ?? ''))
}

/** `present`: the files beside it. */
function hostsFile(folder: string, name: string, gateway: string, present: readonly string[]): FilePlan {
  const file = path.join(folder, name, 'hosts.toml')
  const lines = [
    `[host."${gateway}"]`,
    '  capabilities = ["pull", "resolve"]',
    '  # so that a gateway that is down delays no blob; known to containerd 2.1, ignored by older versions',
    `  dial_timeout = "${DIAL_TIMEOUT}"`,
  ]
  const what = name === EVERY ? 'every registry' : name
  return {
    path: file,
    purpose: `sends the pulls of ${what} to the gateway`,
    add: text => {
      if (text === undefined) return `${block([...serverLines(folder, name, present), ...lines]).join('\n')}\n`
      const before = withoutBlocks(text, file)
      const document = parseToml(before, file)
      const rows = before === '' ? [] : before.split('\n')
      if (orNothing(before) === undefined) rows.unshift(...block([...serverLines(folder, name, present), ...lines]))
      else insert(rows, document, gateway, lines, file)
      const after = rows.join('\n')
      return after.endsWith('\n') ? after : `${after}\n`
    },
    remove: text => orNothing(withoutBlocks(text, file)),
    isSame: isSameText,
  }
}

/** Ours goes before the first host: containerd asks them in the order of the file. */
function insert(rows: string[], document: TomlTable, gateway: string, lines: readonly string[], file: string): void {
  const hosts = (document.host ?? {}) as TomlTable
  if (hosts[gateway] !== undefined) {
    throw new UsageError(`${file} names ${gateway} already, in lines that df did not write`, 'remove them first, or leave it so')
  }
  const ours = parseToml(lines.join('\n'), file).host as TomlTable
  const first = rows.findIndex(row => headerOf(row) !== undefined)
  rows.splice(first === -1 ? rows.length : first, 0, ...block(lines))
  expectToml(rows.join('\n'), { ...document, host: { ...ours, ...hosts } }, file, `add ${lines[0]} before the other hosts`)
}

/** containerd reads certificates that lie in the folder only when there is no hosts.toml: they are named, then. */
function serverLines(folder: string, name: string, present: readonly string[]): string[] {
  if (name === EVERY) return []
  const full = (file: string) => JSON.stringify(path.join(folder, name, file))
  const authorities = present.filter(file => file.endsWith('.crt')).map(full)
  const keys = new Set(present.filter(file => file.endsWith('.key')))
  const pairs = present.filter(file => file.endsWith('.cert') && keys.has(file.replace(/cert$/, 'key')))
  const clients = pairs.map(file => `[${full(file)}, ${full(file.replace(/cert$/, 'key'))}]`)
  // without it containerd asks the registry that the image names, by http where that is this host
  const isLocal = /^(localhost|127\.[\d.]+|\[::1\])(:|$)/.test(name) && authorities.length === 0
  const server = isLocal ? [] : [`server = "https://${name === 'docker.io' ? 'registry-1.docker.io' : name}"`]
  return [
    ...server,
    ...(authorities.length > 0 ? [`ca = [${authorities.join(', ')}]`] : []),
    ...(clients.length > 0 ? [`client = [${clients.join(', ')}]`] : []),
  ]
}

function configFile(place: readonly string[], folder: string): FilePlan {
  const [, plugin = ''] = place
  const header = `[plugins.${JSON.stringify(plugin)}.registry]`
  const setting = `config_path = ${JSON.stringify(folder)}`
  return {
    path: CONFIG,
    purpose: `has containerd (CRI) read ${folder}`,
    add: text => {
      if (text === undefined || orNothing(text) === undefined) {
        return `${text ?? ''}${block(['version = 2', '', header, `  ${setting}`]).join('\n')}\n`
      }
      const document = parseToml(text, CONFIG)
      if (pathOf(document, place) !== '') return text
      refuseOldMirrors(at(document, place), header)
      const rows = text.split('\n')
      setPath(rows, place, header, setting)
      const after = rows.join('\n')
      expectToml(after, withPath(document, place, folder), CONFIG, `${setting} in ${header}`)
      return after
    },
    remove: text => orNothing(withoutBlocks(text, CONFIG)),
    isSame: isSameText,
  }
}

/** containerd does not start when both are there. */
function refuseOldMirrors({ mirrors, configs }: TomlTable, header: string): void {
  const hasTls = Object.values((configs ?? {}) as TomlTable).some(entry => (entry as TomlTable).tls !== undefined)
  if (Object.keys(mirrors ?? {}).length === 0 && !hasTls) return
  throw new UsageError(
    `${CONFIG}: ${header} has mirrors or tls settings of the old form, which containerd refuses beside config_path`,
    `move them to ${HOSTS}/HOST/hosts.toml first`,
  )
}

function setPath(rows: string[], place: readonly string[], header: string, setting: string): void {
  const start = rows.findIndex(row => headerOf(row)?.join('\n') === place.join('\n'))
  if (start === -1) {
    if (rows.at(-1) === '') rows.pop()
    rows.push(...block([header, `  ${setting}`]), '')
    return
  }
  const length = rows.slice(start + 1).findIndex(row => headerOf(row) !== undefined)
  const end = length === -1 ? rows.length : start + 1 + length
  const old = rows.findIndex((row, index) => index > start && index < end && /^\s*config_path\s*=/.test(row))
  const indent = `${/^\s*/.exec(rows[start] ?? '')?.[0] ?? ''}  `
  if (old === -1) rows.splice(start + 1, 0, ...block([setting], { indent }))
  else rows.splice(old, 1, ...block([setting], { indent, replaced: rows[old] ?? '' }))
}

function withPath(document: TomlTable, place: readonly string[], folder: string): TomlTable {
  const copy = structuredClone(document)
  let table = copy
  for (const key of place) {
    table[key] ??= {}
    table = table[key] as TomlTable
  }
  table.config_path = folder
  return copy
}

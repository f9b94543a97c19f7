// Our part of a TOML file: a block of lines between two comments, so that it can be found, replaced and removed while the rest stays as it is.
import { isDeepStrictEqual } from 'node:util'
import { parse, type TomlTable } from 'smol-toml'
import { UsageError } from '../errors.ts'

const BEGIN = '# BEGIN dragonfly (written by df gateway setup; --undo removes it)'
const END = '# END dragonfly'
/** Before a line that the block replaces. */
const WAS = '# was: '

/** The lines between the marks, indented. `replaced`: a line of the file that the block stands for. */
export function block(
  lines: readonly string[],
  { indent = '', replaced }: { indent?: string; replaced?: string } = {},
): string[] {
  const was = replaced === undefined ? [] : [`${indent}${WAS}${replaced}`]
  return [`${indent}${BEGIN}`, ...was, ...lines.map(line => (line === '' ? '' : indent + line)), `${indent}${END}`]
}

export function hasBlock(text: string): boolean {
  return text.includes(BEGIN)
}

/** The text without our blocks, with the lines that they replaced. Throws a UsageError when a mark is missing. */
export function withoutBlocks(text: string, file: string): string {
  const kept: string[] = []
  let isInside = false
  for (const line of text.split('\n')) {
    const mark = line.trim()
    if (mark === BEGIN || mark === END) {
      if (isInside === (mark === BEGIN)) throw brokenBlock(file)
      isInside = !isInside
    } else if (!isInside) kept.push(line)
    else if (mark.startsWith(WAS)) kept.push(line.slice(line.indexOf(WAS) + WAS.length))
  }
  if (isInside) throw brokenBlock(file)
  return kept.join('\n')
}

function brokenBlock(file: string): UsageError {
  return new UsageError(
    `${file}: the block of df gateway setup was edited: one of its marks is missing`,
    'remove the block by hand, or restore the file from its .dragonfly-backup',
  )
}

/** Nothing but space is nothing. */
export function orNothing(text: string): string | undefined {
  return text.trim() === '' ? undefined : text
}

/** But for line ends at the end, which a block may need. */
export function isSameText(a: string, b: string): boolean {
  return a.trimEnd() === b.trimEnd()
}

/** Throws a UsageError. */
export function parseToml(text: string, file: string): TomlTable {
  try {
    return parse(text)
  } catch (error) {
    const { line } = error as { line?: number }
    const where = line === undefined ? '' : ` (line ${line})`
    throw new UsageError(`${file} is not valid TOML${where}`, 'repair it first; nothing was changed')
  }
}

/** Checks that an edited text says what was meant and nothing else. Throws a UsageError. */
export function expectToml(text: string, expected: TomlTable, file: string, byHand: string): void {
  let found: TomlTable | undefined
  try {
    found = parse(text)
  } catch {}
  if (found === undefined || !isDeepStrictEqual(plain(found), plain(expected))) {
    throw new UsageError(`${file} is written in a way that cannot be changed safely`, `change it by hand: ${byHand}`)
  }
}

/** Tables have no prototype in one of the two. */
function plain(table: TomlTable): unknown {
  return JSON.parse(JSON.stringify(table, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)))
}

/** The words of a table's header, such as `[plugins."a.b".registry]`; undefined for any other line. */
export function headerOf(line: string): string[] | undefined {
  if (!/^\s*\[/.test(line)) return undefined
  try {
    const path: string[] = []
    let table: unknown = parse(line)
    for (;;) {
      const inner = Array.isArray(table) ? table[0] : table
      const [key, ...others] = Object.keys(inner)
      if (key === undefined || others.length > 0) return path
      path.push(key)
      table = inner[key]
    }
  } catch {
    return undefined
  }
}

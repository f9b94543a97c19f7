// --include and --exclude: which files of a tree are wanted, by their path below its folder.
import type picomatch from 'picomatch'
import { UsageError } from './errors.ts'

/** Characters of a pattern, and how many there may be: each is tried on every file. */
const MAX_PATTERN_CHARS = 1024
const MAX_PATTERNS = 100

export interface Patterns {
  include?: readonly string[]
  exclude?: readonly string[]
}

/** Path with slashes → whether it is wanted. */
export type TreeFilter = (path: string) => boolean

/**
 * What some `include` matches, or all without any, less what some `exclude` matches. A pattern without a slash is one of names, at any
 * depth; one with a slash is one of paths from the top, and one that ends with a slash means all below. Rejects with a UsageError.
 */
export async function treeFilter({ include = [], exclude = [] }: Patterns): Promise<TreeFilter> {
  if (include.length + exclude.length === 0) return () => true
  if (include.length + exclude.length > MAX_PATTERNS) throw new UsageError(`more than ${MAX_PATTERNS} patterns`)
  const { default: make } = await import('picomatch')
  const includes = include.map(pattern => matcher(make, '--include', pattern))
  const excludes = exclude.map(pattern => matcher(make, '--exclude', pattern))
  return path => (includes.length === 0 || includes.some(match => match(path))) && !excludes.some(match => match(path))
}

function matcher(make: typeof picomatch, flag: string, pattern: string): TreeFilter {
  if (pattern === '' || pattern.length > MAX_PATTERN_CHARS) {
    throw new UsageError(`${flag} takes a pattern of 1 to ${MAX_PATTERN_CHARS} characters`, "write --include '*.safetensors'")
  }
  const isOfNames = !pattern.slice(0, -1).includes('/')
  const fromTop = pattern.replace(/^\.?\//, '')
  const glob = fromTop.endsWith('/') ? `${isOfNames && fromTop === pattern ? '**/' : ''}${fromTop}**` : fromTop
  // ! would turn it round, and @(a|b) can be made to take a long time
  const match = make(glob, { dot: true, basename: isOfNames && glob === pattern, noextglob: true, nonegate: true })
  return path => match(path)
}

// Follows the symbolic links in the path of an output, but none that another user laid out in a folder that everybody may write to.
import type { Stats } from 'node:fs'
import { lstat, readlink, stat } from 'node:fs/promises'
import { isAbsolute, join, parse, sep } from 'node:path'
import { DragonflyError } from '../core/errors.ts'

/** Symbolic links in a row, as Linux has it. */
const MAX_LINKS = 40
const STICKY = 0o1000
const EVERYBODY_WRITES = 0o002

/**
 * Where an absolute path leads, links and all; what it leads to need not be there. Rejects with `output-unwritable` where a link, a
 * file or a named pipe on the way is another user's, in a sticky folder that everybody may write to, such as /tmp: whoever put it
 * there chose where our bytes go, or owns the file that they would be in. So does Linux with `fs.protected_symlinks` and its like,
 * which some hosts have off, and which do not hold for a file that is replaced.
 */
export async function followLinks(path: string): Promise<string> {
  let { root: at } = parse(path)
  let left = partsOf(path)
  for (let links = 0; left.length > 0; ) {
    const [name = '', ...rest] = left
    const next = join(at, name)
    const found = await lstat(next).catch(() => undefined)
    if (found === undefined || links >= MAX_LINKS) return join(next, ...rest)
    await refuseForeign(path, { folder: at, name, found })
    left = rest
    if (!found.isSymbolicLink()) at = next
    else {
      links++
      const link = await readlink(next)
      if (isAbsolute(link)) at = parse(link).root
      left = [...partsOf(link), ...rest]
    }
  }
  return at
}

function partsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep === '/' ? sep : /[\\/]/)
    .filter(part => part !== '' && part !== '.')
}

interface Step {
  folder: string
  name: string
  found: Stats
}

async function refuseForeign(path: string, { folder, name, found }: Step): Promise<void> {
  const me = process.geteuid?.()
  if (me === undefined || found.uid === me || !(found.isSymbolicLink() || found.isFile() || found.isFIFO())) return
  const around = await stat(folder)
  if ((around.mode & STICKY) === 0 || (around.mode & EVERYBODY_WRITES) === 0 || around.uid === found.uid) return
  const what = found.isSymbolicLink() ? 'a symbolic link' : found.isFile() ? 'a file' : 'a named pipe'
  throw new DragonflyError(
    'output-unwritable',
    `cannot write ${path}: ${join(folder, name)} is ${what} of another user, in a folder that everybody may write to`,
    { hint: 'choose another path with -o' },
  )
}

// The folder that a tree goes to: what is written and removed stays below it, whatever links are there.
import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from './errors.ts'
import { shownName } from './tree-names.ts'

export class TreePlace {
  readonly folder: string
  /** Where it leads. */
  readonly real: string
  /** Folder → whether it is inside. */
  readonly #folders = new Map<string, Promise<boolean>>()
  #ignoresCase: Promise<boolean> | undefined

  private constructor(folder: string, real: string) {
    this.folder = folder
    this.real = real
  }

  /** The folder need not be there. Rejects with `output-unwritable` for a link of another user. */
  static async at(folder: string): Promise<TreePlace> {
    const { followLinks } = await import('../client/index.ts')
    return new TreePlace(folder, await followLinks(path.resolve(folder)))
  }

  /** The path of a file, as it is named below the folder, with slashes. Rejects with a UsageError where a link leads outside. */
  async fileOf(name: string): Promise<string> {
    const file = path.join(this.folder, ...name.split('/'))
    const folder = path.dirname(file)
    const isInside = this.#folders.get(folder) ?? this.#isInside(folder)
    this.#folders.set(folder, isInside)
    const found = await lstat(file).catch(() => undefined)
    // one look for each file: a tree may have many
    if ((await isInside) && (!found?.isSymbolicLink() || (await this.#isInside(file)))) return file
    throw new UsageError(
      `a link leads out of ${this.folder} at ${shownName(name)}`,
      'remove the link; the file was left out',
      'bad-url',
    )
  }

  async #isInside(file: string): Promise<boolean> {
    const { followLinks } = await import('../client/index.ts')
    const below = path.relative(this.real, await followLinks(path.resolve(file)))
    return below !== '..' && !below.startsWith(`..${path.sep}`) && !path.isAbsolute(below)
  }

  /** Whether names that differ by case alone are one file there. It is tried out, once. */
  ignoresCase(): Promise<boolean> {
    this.#ignoresCase ??= triesCase(this.folder)
    return this.#ignoresCase
  }
}

async function triesCase(folder: string): Promise<boolean> {
  const { makePath } = await import('../client/index.ts')
  await makePath(path.resolve(folder), 0o777)
  const trial = await mkdtemp(path.join(folder, '.df-case-'))
  try {
    await writeFile(path.join(trial, 'a'), '')
    return await stat(path.join(trial, 'A')).then(
      () => true,
      () => false,
    )
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}

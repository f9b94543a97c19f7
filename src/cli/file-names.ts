// Keeps the files of one command apart when several URLs have the same file name.
import { nameInUrl } from './output-place.ts'

/** On these a name in other letters is the same file. */
const FOLDS_CASE = process.platform === 'darwin' || process.platform === 'win32'
/** Name of a file whose URL and origin suggest none. */
const NAMELESS = 'index.html'

export class FileNames {
  /** Name of a file → who has it. */
  readonly #owners = new Map<string, string>()
  /** Name that is wanted → the number that the next one gets. */
  readonly #next = new Map<string, number>()
  /** URL and wanted name → the name that it has. */
  readonly #given = new Map<string, string>()
  #doubles = 0

  /** In the order of the URLs, so that the same command gives the same names again. */
  constructor(urls: readonly string[]) {
    for (const url of urls) if (this.of(url, nameInUrl(url) || NAMELESS) !== (nameInUrl(url) || NAMELESS)) this.#doubles++
  }

  /** How many URLs end in a name that another one before has. */
  get doubles(): number {
    return this.#doubles
  }

  /** `name`, or as wget has it `name.1`, `name.2`, … where another URL of the command has that already. */
  of(url: string, name: string): string {
    const asked = `${name}\0${url}`
    const given = this.#given.get(asked)
    if (given !== undefined) return given
    let free = name
    for (let n = this.#next.get(key(name)) ?? 0; ; n++) {
      free = n === 0 ? name : `${name}.${n}`
      if (this.#owners.has(key(free))) continue
      this.#next.set(key(name), n + 1)
      break
    }
    this.#owners.set(key(free), url)
    this.#given.set(asked, free)
    return free
  }
}

function key(name: string): string {
  return FOLDS_CASE ? name.toLowerCase() : name
}

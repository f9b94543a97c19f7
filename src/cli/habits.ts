// Translates arguments of df get as people write them for curl, wget and aria2 into our own flags, before commander parses them.
import type { Option } from 'commander'
import { UsageError } from './errors.ts'
import { HABITS, NOT_DONE } from './habit-tables.ts'

/** Letters that may stand behind `O` in a bundle of curl's flags; anything else there is the file that wget's -O writes. */
const BESIDE_O = /^[fgsSLJRqvNIn#]*[CHboeAmu]?$/
const URL_LIKE = /^[a-z][a-z0-9+.-]*:\/\//i
const METHODS_READ = new Set(['GET', 'HEAD'])

/** `args` without the command's name. Throws a UsageError for what df does not do, which names what does. */
export function translate(args: readonly string[], options: readonly Option[]): string[] {
  return new Translation(args, options).result()
}

class Translation {
  readonly #left: string[]
  readonly #options: readonly Option[]
  readonly #out: string[] = []
  #outputs = 0
  #urls = 0

  constructor(args: readonly string[], options: readonly Option[]) {
    this.#left = [...args]
    this.#options = options
  }

  result(): string[] {
    for (let arg = this.#left.shift(); arg !== undefined; arg = this.#left.shift()) {
      if (arg === '--') {
        this.#urls += this.#left.length
        this.#out.push(arg, ...this.#left.splice(0))
        break
      }
      if (arg.startsWith('--')) this.#long(arg)
      else if (arg.startsWith('-') && arg.length > 1) this.#bundle(arg)
      else {
        this.#urls++
        this.#out.push(arg)
      }
    }
    // of one URL the last output counts, as of other flags that are repeated; of several it would take all
    if (this.#outputs > 1 && this.#urls > 1) {
      throw new UsageError('more than one output', 'give one -o (curl) or -O FILE (wget); for several URLs -P DIR')
    }
    return this.#out
  }

  #long(arg: string): void {
    const equals = arg.indexOf('=')
    const name = equals < 0 ? arg : arg.slice(0, equals)
    this.#flag(name, equals < 0 ? undefined : arg.slice(equals + 1))
  }

  /** `-fsSLO`, `-qO-`, `-ofile`: one letter after the other, the rest is the value of the first one that takes one. */
  #bundle(arg: string): void {
    for (let at = 1; at < arg.length; at++) {
      const pair = `-${arg.slice(at, at + 2)}`
      const rest = arg.slice(at + 1)
      const name = Object.hasOwn(HABITS, pair) ? pair : `-${arg.charAt(at)}`
      if (name.length > 2) at++
      if (name === '-O') {
        if (this.#capitalO(rest)) return
      } else if (this.#flag(name, rest === '' || name.length > 2 ? undefined : rest, true)) return
    }
  }

  /**
   * curl's `-O` (the file is called as the URL is, as without any flag) or wget's `-O FILE`. Resolves to whether `rest`, what
   * stands behind it in its bundle, is its value.
   */
  #capitalO(rest: string): boolean {
    if (rest !== '') {
      if (BESIDE_O.test(rest)) return false
      this.#output(rest)
      return true
    }
    const next = this.#left[0]
    const isCurls = next === undefined || URL_LIKE.test(next) || (next.startsWith('-') && next !== '-')
    if (!isCurls) this.#output(this.#left.shift() as string)
    return false
  }

  #output(file: string): void {
    this.#own(this.#find('--output') as Option, file)
  }

  /** Resolves to whether `attached` was its value. */
  #flag(name: string, attached: string | undefined, isBundle = false): boolean {
    if (name === '-X' || name === '--request') return this.#method(name, attached)
    if (name === '-C' || name === '--continue-at') return this.#continueAt(name, attached)
    if (name === '--output-document') return this.#taken('--output', attached)
    const own = this.#find(name)
    if (own !== undefined) {
      if (own.required) return this.#taken(name, attached)
      this.#out.push(isBundle || attached === undefined ? (own.long ?? name) : `${own.long ?? name}=${attached}`)
      return false
    }
    const habit = Object.hasOwn(HABITS, name) ? HABITS[name] : undefined
    if (habit !== undefined) {
      if (habit.takes) return this.#taken(name, attached, habit.value)
      if (habit.flag !== undefined) this.#out.push(habit.flag)
      return false
    }
    const instead = Object.hasOwn(NOT_DONE, name) ? NOT_DONE[name] : undefined
    if (instead !== undefined) throw new UsageError(`${name} is not a flag of df`, instead)
    // commander knows what to say
    this.#out.push(isBundle || attached === undefined ? name : `${name}=${attached}`)
    return false
  }

  /** A flag with a value, which is the next argument unless it is attached. */
  #taken(name: string, attached: string | undefined, value = (text: string) => text): boolean {
    const flag = HABITS[name]?.flag ?? name
    const option = this.#find(flag)
    const given = attached ?? this.#left.shift()
    if (option === undefined || given === undefined) this.#out.push(flag)
    else this.#own(option, value(given), name)
    return attached !== undefined
  }

  #own(option: Option, value: string, name = option.long ?? ''): void {
    this.#checkValue(name, option.long, value)
    if (option.long === '--output') this.#outputs++
    this.#out.push(`${option.long}=${value}`)
  }

  /** Letters that mean one thing to curl and another one to wget, by what follows them. */
  #checkValue(name: string, long: string | undefined, value: string): void {
    if (long === '--directory-prefix' && name === '-d' && /^[@{[]|[=&]/.test(value)) {
      throw new UsageError('-d with data is not a flag of df', `${NOT_DONE['--data']}; a folder with such a name: -P DIR`)
    }
    if (!URL_LIKE.test(value)) return
    if (long === '--range')
      throw new UsageError(
        `${name} takes a range of bytes, not a URL`,
        'write -r 0-499; for everything below a folder: --recursive',
      )
    if (long === '--input-file') throw new UsageError(`${name} takes a file with URLs, not a URL`, 'for the headers of a URL: -I')
    if (long === '--directory-prefix') throw new UsageError(`${name} takes a folder, not a URL`, 'write -P DIR URL')
    if (long === '--timeout') throw new UsageError(`${name} takes a duration, not a URL`, `write ${name} 30s URL`)
  }

  #method(name: string, attached: string | undefined): boolean {
    const method = attached ?? this.#left.shift() ?? ''
    if (!METHODS_READ.has(method.toUpperCase())) {
      throw new UsageError(`${name} ${method} is not done by df`.replace(/\s+/g, ' '), NOT_DONE['--method'])
    }
    if (method.toUpperCase() === 'HEAD') this.#out.push('--head')
    return attached !== undefined
  }

  #continueAt(name: string, attached: string | undefined): boolean {
    const at = attached ?? this.#left.shift() ?? ''
    if (at !== '-') {
      throw new UsageError(`${name} takes - only: df continues by itself`, `for the bytes from N on: -r N-`)
    }
    return attached !== undefined
  }

  #find(name: string): Option | undefined {
    return this.#options.find(option => option.long === name || option.short === name)
  }
}

// The flags of the original dfget (v0 and v1) in those of df get.
import type { Option } from 'commander'
import { UsageError } from './errors.ts'

interface DfgetFlag {
  names: readonly string[]
  takes: boolean
  /** Arguments of df get; undefined: it has no meaning any more. */
  to(value: string): readonly string[] | undefined
  meaning: string
}

const GONE = () => undefined

function flag(names: string, meaning: string, to: DfgetFlag['to'], takes = true): DfgetFlag {
  return { names: names.split(' '), takes, to, meaning }
}

function gone(names: string, why: string, takes = true): DfgetFlag {
  return flag(names, `no meaning: ${why}`, GONE, takes)
}

export const DFGET_FLAGS: readonly DfgetFlag[] = [
  flag('--url -u', 'the URL', value => [value]),
  flag('--output -o', 'as df get -o', value => [`--output=${value}`]),
  flag('--md5 -m', 'MD5 of the file, checked when it is here; a file with another one is removed', value => [`--md5=${value}`]),
  flag('--identifier -i', 'as df get --tag', value => [`--tag=${value}`]),
  flag('--filter -f', 'as df get --filter; a&b', value => [`--filter=${value.replaceAll('&', ',')}`]),
  flag('--header', 'as df get -H', value => [`--header=${value}`]),
  flag('--timeout -e', 'as df get --timeout', value => [`--timeout=${value}`]),
  flag('--notbs', 'as df get --no-origin', () => ['--no-origin'], false),
  flag('--node -n', 'a seed as a multiaddr (df get --seed); a supernode has no meaning: there is none', value => {
    const seeds = value.split(',').filter(node => node.startsWith('/'))
    return seeds.length === 0 ? undefined : seeds.map(seed => `--seed=${seed}`)
  }),
  flag('--pattern -p', 'p2p is what df does; cdn and source have no meaning', value => (value === 'p2p' ? [] : undefined)),
  flag('--console', 'as df get --log-level info', () => ['--log-level=info'], false),
  flag('--verbose', 'as df get -v', () => ['--verbose'], false),
  flag('--showbar -b', 'the bar is there on every terminal', () => [], false),
  flag('--locallimit -s', 'as df get --limit-rate', value => [`--limit-rate=${value}`]),
  flag('--cacerts', 'as df get --cacert', value => [`--cacert=${value}`]),
  flag('--insecure', 'refused, as by df get -k', () => ['--insecure'], false),
  gone('--totallimit', 'the host has one limit, that of its daemon'),
  gone('--callsystem', 'nobody counts callers'),
  gone('--dfdaemon', 'there is no such caller', false),
  gone('--home', 'the home folder is $DRAGONFLY_HOME'),
  gone('--minrate', 'timeouts do not depend on a rate'),
  gone('--clientqueue', 'there is no such queue'),
  gone('--ip', 'addresses are found by themselves; df get --announce names others'),
  gone('--port', 'ports are found by themselves; df get --listen names one'),
  gone('--expiretime', 'a download serves others while it runs, or for df get --linger'),
  gone('--alivetime', 'a download serves others while it runs, or for df get --linger'),
  gone('--exceed', 'nor had it before'),
]

export interface FromDfget {
  /** For `df`. */
  args: string[]
  /** Flags that were given and have no meaning. */
  meaningless: string[]
}

/** `options`: those of df get. Flags that dfget never had are those of df get. Throws a UsageError. */
export function fromDfget(given: readonly string[], options: readonly Option[]): FromDfget {
  const args: string[] = ['get']
  const meaningless: string[] = []
  const left = [...given]
  if (left[0] === 'server') throw new UsageError('there is no dfget server', 'what serves others is: df seed start')
  for (let arg = left.shift(); arg !== undefined; arg = left.shift()) {
    if (arg === '--version' || arg === '-v') return { args: ['version'], meaningless }
    const [, name = '', attached] = /^(--[^=]+|-[^-])(?:=?(.*))?$/s.exec(arg) ?? []
    const known = DFGET_FLAGS.find(({ names }) => names.includes(name))
    if (known === undefined) args.push(arg)
    else {
      const value = known.takes ? attached || left.shift() : 'true'
      if (value === undefined) throw new UsageError(`${name} needs a value`, 'see dfget --help')
      const ours = known.to(value)?.filter(text => isKnown(text, options))
      if (ours === undefined || (ours.length === 0 && known.to(value)?.length !== 0)) meaningless.push(name)
      else if (attached !== 'false') args.push(...ours)
    }
  }
  return { args, meaningless }
}

/** Whether df get has this flag. */
function isKnown(text: string, options: readonly Option[]): boolean {
  const name = /^--[a-z0-9-]+/.exec(text)?.[0]
  return name === undefined || name === '--insecure' || options.some(({ long }) => long === name)
}

export function dfgetHelp(): string {
  const rows = DFGET_FLAGS.map(({ names, meaning }) => `  ${names.toReversed().join(', ').padEnd(22)}${meaning}\n`)
  return `Usage: dfget -u URL [-o FILE] [flags]\n\ndf get, with the flags of the original dfget:\n\n${rows.join('')}
All flags of df get that are not in this list are taken too: df help get. Exit codes are those of df get: df help exit-codes.
`
}

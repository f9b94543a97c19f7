// Completion for shells, made from the tree of commands: a static script, so that a key press starts no program.
import type { Command, Option } from 'commander'
import { UsageError } from './errors.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** What a value of a flag is. */
type Value =
  | { kind: 'none' }
  | { kind: 'file' }
  | { kind: 'folder' }
  | { kind: 'text' }
  | { kind: 'choice'; of: readonly string[] }

interface Flag {
  /** `--output`, `-o`. */
  names: string[]
  meaning: string
  value: Value
}

interface Place {
  /** Words after the program's name: [], ['seed'], ['seed', 'start']. */
  path: string[]
  flags: Flag[]
  commands: { name: string; meaning: string }[]
  /** Words that it takes besides, such as the topics of help. */
  words: readonly string[]
}

/** Throws a UsageError for another shell. */
export function completionScript(shell: string, program: Command, topics: readonly string[]): string {
  const places = placesOf(program, topics)
  if (shell === 'bash') return bash(places, program.name())
  if (shell === 'zsh') return zsh(places, program.name())
  if (shell === 'fish') return fish(places, program.name())
  throw new UsageError(`no completion for ${JSON.stringify(shell.slice(0, 40))}`, `there is one for ${SHELLS.join(', ')}`)
}

function placesOf(command: Command, topics: readonly string[], path: string[] = []): Place[] {
  const commands = command.commands.map(sub => ({ name: sub.name(), meaning: oneLine(sub.description()) }))
  const words = path.join(' ') === 'help' ? [...topics] : path.join(' ') === 'completion' ? [...SHELLS] : []
  const flags = command.createHelp().visibleOptions(command).map(flagOf)
  const place = { path, flags, commands, words }
  return [place, ...command.commands.flatMap(sub => placesOf(sub, topics, [...path, sub.name()]))]
}

function flagOf(option: Option): Flag {
  const names = [option.long, option.short].filter(name => name !== undefined && name !== null)
  return { names, meaning: oneLine(option.description), value: kindOf(option) }
}

function kindOf(option: Option): Value {
  const { flags, argChoices, required } = option
  if (argChoices !== undefined) return { kind: 'choice', of: argChoices }
  if (!required && !option.optional) return { kind: 'none' }
  if (/[<[](dir|folder)[>\]]/.test(flags)) return { kind: 'folder' }
  return /[<[]\w*file[>\]]/.test(flags) ? { kind: 'file' } : { kind: 'text' }
}

function oneLine(text: string): string {
  const cut = (text.split(/[;:(]/)[0] as string).trim()
  return cut.replace(/[^\x20-\x7e]/g, '').replace(/['"\\`$[\]]/g, '')
}

const HEAD = (shell: Shell, name: string) =>
  `# Completion of Dragonfly's ${name} for ${shell}, written by: ${name} completion ${shell}\n`

// ---- bash

function bash(places: readonly Place[], name: string): string {
  const paths = places.filter(({ path }) => path.length > 0).map(({ path }) => `' ${path.join(' ')}'`)
  const values = places.flatMap(({ path, flags }) =>
    flags.flatMap(({ names, value }) => {
      const how = bashValue(value)
      return how === undefined ? [] : [`    ${names.map(flag => `'${key(path)}:${flag}'`).join('|')}) ${how} ;;`]
    }),
  )
  const words = places.map(({ path, flags, commands, words }) => {
    const all = [...commands.map(({ name }) => name), ...words]
    return `    '${key(path)}') words='${all.join(' ')}' flags='${flags.flatMap(({ names }) => names).join(' ')}' ;;`
  })
  return `${HEAD('bash', name)}_dragonfly_df() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= words= flags= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path \${COMP_WORDS[i]}" in
      ${paths.join('|')}) path="$path \${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  COMPREPLY=()
  # the system's ${name}: files, as before
  if [[ $COMP_CWORD -gt 1 && -z $path ]]; then return; fi
  case "$path:$prev" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -o default -F _dragonfly_df ${commandNames(name).join(' ')}
`
}

/** As the script keeps it: each word behind a space. */
function key(path: readonly string[]): string {
  return path.map(word => ` ${word}`).join('')
}

function bashValue(value: Value): string | undefined {
  if (value.kind === 'choice') return `COMPREPLY=($(compgen -W '${value.of.join(' ')}' -- "$cur")); return`
  if (value.kind === 'folder') return 'COMPREPLY=($(compgen -d -- "$cur")); return'
  return value.kind === 'none' ? undefined : 'return'
}

// ---- zsh

function zsh(places: readonly Place[], name: string): string {
  const functions = places.map(place => {
    const flags = place.flags.flatMap(({ names, meaning, value }) =>
      names.map(flag => `'*${flag}[${meaning}]${zshValue(value)}'`),
    )
    const below = [...place.commands, ...place.words.map(word => ({ name: word, meaning: '' }))]
    const lines = below.map(({ name, meaning }) => `'${name}${meaning === '' ? '' : `:${meaning.replaceAll(':', ' ')}`}'`)
    const cases = place.commands.map(({ name }) => `      ${name}) ${zshName([...place.path, name])} ;;`)
    if (below.length === 0)
      return `${zshName(place.path)}() {\n  _arguments -S ${[...flags, "'*:file:_files'"].join(' \\\n    ')}\n}`
    const other = place.path.length === 0 ? '      *) _default ;;\n' : ''
    return `${zshName(place.path)}() {
  local state line
  local -a commands=(${lines.join(' ')})
  _arguments -C ${[...flags, "'1: :->command'", "'*:: :->rest'"].join(' \\\n    ')}
  case $state in
    command) _describe -t commands command commands ;;
    rest) case $line[1] in
${cases.join('\n')}
${other}    esac ;;
  esac
}`
  })
  return `#compdef ${commandNames(name).join(' ')}\n${HEAD('zsh', name)}${functions.join('\n')}
if [[ $funcstack[1] == _dragonfly_df ]]; then _dragonfly_df "$@"; else compdef _dragonfly_df ${commandNames(name).join(' ')}; fi
`
}

function zshName(path: readonly string[]): string {
  return ['_dragonfly_df', ...path].join('_').replaceAll('-', '_')
}

function zshValue(value: Value): string {
  if (value.kind === 'none') return ''
  if (value.kind === 'choice') return `:value:(${value.of.join(' ')})`
  if (value.kind === 'folder') return ':folder:_files -/'
  return value.kind === 'file' ? ':file:_files' : ':value: '
}

// ---- fish

function fish(places: readonly Place[], name: string): string {
  const lines = places.flatMap(({ path, flags, commands, words }) => {
    const when = fishWhen(path, commands)
    const base = `complete -c $program -n '${when}'`
    return [
      ...commands.map(({ name, meaning }) => `${base} -f -a ${name} -d '${meaning}'`),
      ...(words.length === 0 ? [] : [`${base} -f -a '${words.join(' ')}'`]),
      ...(path.length === 0 ? [] : flags.map(flag => `complete -c $program -n '${fishIn(path)}' ${fishFlag(flag)}`)),
    ]
  })
  return `${HEAD('fish', name)}for program in ${commandNames(name).join(' ')}\n${lines.map(line => `  ${line}\n`).join('')}end\n`
}

function fishIn(path: readonly string[]): string {
  return path.map(word => `__fish_seen_subcommand_from ${word}`).join('; and ')
}

function fishWhen(path: readonly string[], commands: Place['commands']): string {
  if (path.length === 0) return '__fish_use_subcommand'
  if (commands.length === 0) return fishIn(path)
  return `${fishIn(path)}; and not __fish_seen_subcommand_from ${commands.map(({ name }) => name).join(' ')}`
}

function fishFlag({ names, meaning, value }: Flag): string {
  const flags = names.map(flag => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
  const values = {
    none: '',
    text: ' -x',
    file: ' -r -F',
    folder: " -x -a '(__fish_complete_directories)'",
    choice: ` -x -a '${value.kind === 'choice' ? value.of.join(' ') : ''}'`,
  }
  return `${flags}${values[value.kind]} -d '${meaning}'`
}

/** The script serves the other name, too. */
function commandNames(name: string): string[] {
  return name === 'df' ? ['df', 'dragonfly'] : [name]
}

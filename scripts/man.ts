// Writes man/*.1, and their list in package.json, from the tree of commands that --help is made from: one page for df, one for each command with its subcommands.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { EXIT_CODES } from '../src/cli/exit-codes.ts'
import { makeProgram } from '../src/cli/program.ts'
import { VARIABLES } from '../src/cli/variables.ts'
import { version } from '../src/cli/version.ts'

export const MAN = fileURLToPath(new URL('../man', import.meta.url))

const nothing = async () => 0

/** File name → text of every page. */
export function manPages(): Map<string, string> {
  const actions = {
    get: nothing,
    preheat: nothing,
    startSeed: nothing,
    administrate: nothing,
    daemon: nothing,
    fleet: nothing,
    gateway: nothing,
    lfs: nothing,
    top: nothing,
    share: nothing,
    simulate: nothing,
  }
  const { program } = makeProgram('df', actions)
  const pages = program.commands.map((command): [string, string] => [`df-${command.name()}.1`, commandPage(command)])
  return new Map([['df.1', programPage(program)], ...pages])
}

function programPage(program: Command): string {
  const rows = program.commands.map(command =>
    item(`df ${command.name()}`, [`${command.description()}; see df-${command.name()}(1)`]),
  )
  return page('DF', [
    ...section('Name', [`df, dragonfly \\- ${escaped(lower(program.description()))}`]),
    ...section('Synopsis', [`.B df\n.I command\n.RI [ argument ...]`]),
    ...section('Description', [
      escaped(
        'Every other word after df goes to the df of the system, which shows free disk space and has a page of its own: man -a df.',
      ),
    ]),
    ...section('Commands', rows),
    ...section(
      'Environment',
      Object.entries(VARIABLES).map(([name, meaning]) => item(name, [unmarked(meaning)])),
    ),
    ...exitStatus(),
    ...afterOf(program),
    ...section('See also', [program.commands.map(command => `.BR df\\-${escaped(command.name())} (1)`).join(',\n')]),
  ])
}

function commandPage(command: Command): string {
  const parts = command.commands.length === 0 ? [] : command.commands
  return page(`DF-${command.name().toUpperCase()}`, [
    ...section('Name', [`df\\-${escaped(command.name())} \\- ${escaped(command.description())}`]),
    ...section('Synopsis', (parts.length === 0 ? [command] : parts).map(synopsis).join('\n.br\n').split('\n')),
    ...options(command, 'Options'),
    ...parts.flatMap(part => [
      ...section(wordsOf(part), [escaped(sentence(part.description()))]),
      ...options(part),
      ...afterOf(part),
    ]),
    ...afterOf(command),
    ...exitStatus(),
    ...section('See also', ['.BR df (1)']),
  ])
}

function page(title: string, parts: readonly string[]): string {
  const head = `.\\" Written by npm run docs:man from the commands of df; do not edit.\n.TH "${title}" "1" "" "dragonfly ${version()}" "Dragonfly"`
  return `${[head, ...parts].join('\n')}\n`
}

function section(title: string, lines: readonly string[]): string[] {
  return [`.SH "${escaped(title.toUpperCase())}"`, ...lines]
}

/** `seed start` */
function wordsOf(command: Command): string {
  const above = command.parent
  return above === null || above.parent === null ? command.name() : `${wordsOf(above)} ${command.name()}`
}

function synopsis(command: Command): string {
  const help = command.createHelp()
  const words = help.visibleArguments(command).map(argument => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`
    return argument.required ? name : `[${name}]`
  })
  return `.B df ${escaped(wordsOf(command))}\n.RI [ options ]${words.length === 0 ? '' : `\n${escaped(words.join(' '))}`}`
}

function options(command: Command, title?: string): string[] {
  const help = command.createHelp()
  const items = help.visibleOptions(command).map(option => item(help.optionTerm(option), [help.optionDescription(option)]))
  if (items.length === 0) return []
  return title === undefined ? items : section(title, items)
}

function item(term: string, lines: readonly string[]): string {
  return `.TP\n.B ${escaped(term)}\n${lines.map(escaped).join('\n')}`
}

function exitStatus(): string[] {
  return section(
    'Exit status',
    EXIT_CODES.map(([code, meaning]) => item(String(code), [meaning])),
  )
}

/** What the help has behind the options: examples and words, as they stand. */
function afterOf(command: Command): string[] {
  let text = ''
  command.configureOutput({ writeOut: part => (text += part) })
  command.outputHelp()
  const after = text.slice(command.helpInformation().length).trim()
  if (after === '') return []
  const lines = after.split('\n').map(line => (line === '' ? '' : escaped(line)))
  return [
    ...(command.commands.length === 0 && wordsOf(command).includes(' ') ? ['.PP'] : section('Notes', [])),
    '.nf',
    ...lines,
    '.fi',
  ]
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replaceAll('─', '\\-')
    .replaceAll('×', '\\(mu')
    .replace(/^([.'])/gm, '\\&$1')
}

function unmarked(markdown: string): string {
  return markdown.replaceAll('`', '')
}

function lower(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1).replace(/\.$/, '')}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(MAN, { recursive: true })
  for (const name of await readdir(MAN)) if (name.endsWith('.1')) await rm(path.join(MAN, name))
  const pages = manPages()
  for (const [name, text] of pages) await writeFile(path.join(MAN, name), text)
  const packageFile = fileURLToPath(new URL('../package.json', import.meta.url))
  const description = JSON.parse(await readFile(packageFile, 'utf8'))
  description.man = [...pages.keys()].toSorted().map(name => `man/${name}`)
  await writeFile(packageFile, `${JSON.stringify(description, null, 2)}\n`)
}

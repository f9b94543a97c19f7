// Writes docs/reference.md: error codes, exit codes, NDJSON lines, metrics, variables, config keys and flags, from the tables of the code.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Argument, Command, Option } from 'commander'
import { CONFIG_SCHEMA } from '../src/cli/config-schema.ts'
import { EXIT_CODES, exitCodeOf } from '../src/cli/exit-codes.ts'
import { LINES } from '../src/cli/json-lines.ts'
import { makeProgram } from '../src/cli/program.ts'
import { VARIABLES } from '../src/cli/variables.ts'
import { ERROR_CODES, type ErrorCode } from '../src/core/error-codes.ts'
import { EVENTS } from '../src/node/api/events.ts'
import { METRICS } from '../src/node/api/metrics.ts'
import { REFUSALS } from '../src/origin/refusals.ts'
import { allowedBy } from './allowed.ts'

export const REFERENCE = fileURLToPath(new URL('../docs/reference.md', import.meta.url))

/** The whole page. */
export function reference(): string {
  return `${[
    '# Reference',
    'Written by `npm run docs:reference` from the tables of the code; do not edit. A test compares them. Options of the library: `npm run docs:api`.',
    ...commands(),
    ...variables(),
    ...config(),
    ...exitCodes(),
    ...errorCodes(),
    ...refusals(),
    ...lines(),
    ...metrics(),
  ].join('\n\n')}\n`
}

function errorCodes(): string[] {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map(code => [`\`${code}\``, ERROR_CODES[code], exitCodesOf(code)])
  return [
    '## Error codes',
    'The field `code` of a `DragonflyError`, of `error` and `failed` lines, and of answers on the control socket. Codes are stable. The part before the first dash says who is to blame.',
    table(['code', 'meaning', 'exit code'], rows),
  ]
}

function refusals(): string[] {
  const rows = REFUSALS.map(({ what, code, why }) => [what, `\`${code}\``, why])
  return [
    '## Refused answers of origins',
    'Unusual answers are accepted where curl accepts them ([origins.md](origins.md#unusual-answers-that-are-accepted)). These are refused on purpose.',
    table(['what', 'code', 'why'], rows),
  ]
}

function exitCodesOf(code: ErrorCode): string {
  const denied = exitCodeOf(code, 400)
  const usual = exitCodeOf(code)
  return denied === usual ? String(usual) : `${usual}; ${denied} for a status of 4xx but 408, 425 and 429`
}

function exitCodes(): string[] {
  return [
    '## Exit codes',
    table(
      ['code', 'meaning'],
      EXIT_CODES.map(([code, meaning]) => [String(code), meaning]),
    ),
  ]
}

function lines(): string[] {
  const kinds = LINES.map(({ type, from, meaning, fields, optional }) => {
    const rows = [
      ...Object.entries(fields).map(([name, text]) => [`\`${name}\``, text]),
      ...Object.entries(optional).map(([name, text]) => [`\`${name}\`?`, text]),
    ]
    const title = `### \`${type}\` (${from.length > 8 ? 'every command' : from.map(name => `df ${name}`).join(', ')})`
    return [title, meaning, table(['field', 'meaning'], rows)].join('\n\n')
  })
  return [
    '## NDJSON lines',
    'With `--json` a command writes one JSON object a line to standard output (`df get -o -`: to standard error). Sizes are bytes, times seconds, rates bytes a second, paths absolute. A field with `?` is left out when there is nothing to say. A command that did its work ends with its result; one that failed as a whole ends with `error`. `failed` is one of several things that were asked for: the command goes on.',
    ...kinds,
    ...events(),
  ]
}

function events(): string[] {
  const rows = Object.entries(EVENTS).map(([code, { level, meaning }]) => [`\`${code}\``, level, meaning])
  return [
    '### `warning`, `info` (df get, df preheat, df seed start)',
    'Something that an operator wants to know: `warning` for the levels `warn` and `error`, `info` for `info`. Besides `code`, `level` and `message` a line has the fields of its code; events of level `debug` are for `--log-level` and `DEBUG` only.',
    table(['code', 'level', 'meaning'], rows),
  ]
}

function metrics(): string[] {
  const rows = Object.entries(METRICS).map(([name, { type, help, labels }]) => [
    `\`${name}\``,
    type,
    Object.entries<readonly string[]>(labels)
      .map(([label, values]) => `\`${label}\`: ${values.join(', ')}`)
      .join('; '),
    help,
  ])
  return [
    '## Metrics',
    'What `--metrics` and the control socket serve ([operations](operations.md#metrics)). Names are stable. A label has the values that are listed and no others, except the `version` of `dragonfly_build_info`. `process_` and `nodejs_` are of the process; `node.metrics()` of the library has those of the node: from `dragonfly_verified_bytes_total` to `dragonfly_uptime_seconds`.',
    table(['metric', 'type', 'labels', 'meaning'], rows),
  ]
}

function variables(): string[] {
  return [
    '## Environment variables',
    'A flag replaces the variable, which replaces the key of `config.json`. An empty variable counts as unset.',
    table(
      ['variable', 'meaning'],
      Object.entries(VARIABLES).map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
  ]
}

function config(): string[] {
  const rows = Object.entries(CONFIG_SCHEMA.properties).map(([key, schema]) => [
    `\`${key}\``,
    allowedBy(schema),
    schema.description,
  ])
  return [
    '## config.json',
    'In the home folder; one JSON object. Other keys are refused.',
    table(['key', 'value', 'meaning'], rows),
  ]
}

function commands(): string[] {
  const nobody = async (): Promise<number> => 0
  const actions = {
    get: nobody,
    preheat: nobody,
    startSeed: nobody,
    daemon: nobody,
    fleet: nobody,
    gateway: nobody,
    lfs: nobody,
    top: nobody,
    share: nobody,
    administrate: nobody,
    simulate: nobody,
  }
  const { program } = makeProgram('df', actions)
  return ['## Commands', ...program.commands.flatMap(command => commandOf(command, 'df'))]
}

function commandOf(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`
  const below = command.commands.flatMap(sub => commandOf(sub, name))
  if (below.length > 0) return below
  const usage = [name, ...command.registeredArguments.map(argumentText)].join(' ')
  const rows = command.options.filter(option => !option.hidden).map(option => [`\`${option.flags}\``, flagText(option)])
  const flags = rows.length === 0 ? [] : [table(['flag', 'meaning'], rows)]
  return [`### \`${usage}\``, sentence(command.description()), ...flags]
}

function argumentText(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

function flagText({ description, defaultValue, defaultValueDescription, argChoices, negate }: Option): string {
  const shown = defaultValueDescription ?? (negate || defaultValue === undefined ? undefined : String(defaultValue))
  const choices = argChoices === undefined ? '' : ` (${argChoices.map(choice => `\`${choice}\``).join(', ')})`
  return `${description}${choices}${shown === undefined ? '' : ` (default: ${shown})`}`
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) => `| ${row.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [cells(head), cells(head.map(() => '---')), ...rows.map(cells)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(REFERENCE, reference())

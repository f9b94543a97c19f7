// Formats results as Markdown tables, with the machine, the versions and the date above them.
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const MiB = 1024 * 1024

export function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map(row => (row[i] ?? '').length), title.length, 3))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((w, i) => (i === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

export function mib(bytes: number): string {
  return (bytes / MiB).toFixed(0)
}

/** The middle one; of an even number the mean of the middle two. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = sorted.length / 2
  return ((sorted[Math.ceil(at) - 1] ?? NaN) + (sorted[Math.floor(at)] ?? NaN)) / 2
}

/** Date, machine, load and versions: what a figure means nothing without. */
export async function circumstances(command: string, tools: readonly string[] = []): Promise<string> {
  const cpus = os.cpus()
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'))
  return [
    `- ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, \`${command}\``,
    `- ${cpus.length} × ${cpus[0]?.model.trim() ?? 'unknown CPU'}, ${(os.totalmem() / 1024 ** 3).toFixed(0)} GiB, ${os.type()} ${os.release()}`,
    `- load average at the end: ${os
      .loadavg()
      .map(l => l.toFixed(1))
      .join(', ')}`,
    `- ${[`dragonfly ${version} (${commit()})`, `Node ${process.version}`, ...tools.map(versionOf)].join('; ')}`,
  ].join('\n')
}

/** Prints the report and writes it to bench/results/NAME.md. */
export async function publish(name: string, text: string): Promise<void> {
  const file = path.join(ROOT, 'bench', 'results', `${name}.md`)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, `${text.trim()}\n`)
  process.stdout.write(`\n${text.trim()}\n\n→ ${path.relative(process.cwd(), file)}\n`)
}

function versionOf(tool: string): string {
  const flag = tool.endsWith('nginx') ? '-v' : '--version'
  const said = execFileSync('sh', ['-c', `"$0" ${flag} 2>&1`, tool]).toString()
  return (said.split('\n')[0] ?? tool).replace(/ \(.*| built on.*/, '').replace(/^nginx version: /, '')
}

function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return 'not a checkout'
  }
}

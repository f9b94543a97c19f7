// Runs one attack on real processes, and says what it did to those who are honest.
import { readdir } from 'node:fs/promises'
import { circumstances, table } from '../report.ts'

/** What a file of this folder exports as `attack`. */
export interface Attack {
  /** What is done, in one line. */
  what: string
  /** Resolves to the figures: what is measured, undisturbed, under the attack, and what is promised. Cleans up after itself. */
  run(say: (line: string) => void): Promise<Figure[]>
}

export interface Figure {
  what: string
  before: string
  during: string
  promised: string
  isKept: boolean
}

const names = (await readdir(import.meta.dirname))
  .filter(f => f.endsWith('.attack.ts'))
  .map(f => f.slice(0, -'.attack.ts'.length))
const name = process.argv[2] ?? ''
if (!names.includes(name)) {
  process.stderr.write(`npm run attack -- NAME\n  ${names.toSorted().join('\n  ')}\n`)
  process.exit(2)
}
const { attack }: { attack: Attack } = await import(`./${name}.attack.ts`)
process.stdout.write(`${attack.what}\n`)
const figures = await attack.run(line => process.stderr.write(`${line}\n`))
const rows = figures.map(f => [f.what, f.before, f.during, f.promised, f.isKept ? 'kept' : 'BROKEN'])
process.stdout.write(
  `\n${table([name, 'undisturbed', 'attacked', 'promised', ''], rows)}\n\n${await circumstances(`npm run attack -- ${name}`)}\n`,
)
process.exit(figures.every(f => f.isKept) ? 0 : 1)

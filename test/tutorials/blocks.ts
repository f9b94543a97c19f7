// Tutorials are read as they are shown: blocks that run (`sh run`, `sh run each` and so on), and what they print (`text`).
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { ROOT } from '../cli/processes.ts'

export interface Block {
  /** First word after the fence: `sh`, `js`, `json`. */
  language: string
  /** The other words. `run`: on the first host, `run each`: on every host, one after the other; otherwise the name of a file. */
  how: string
  text: string
  /** What the page says that it prints; `…` stands for anything. */
  says: string | undefined
  heading: string
}

export async function tutorial(name: string): Promise<Block[]> {
  const page = await readFile(path.join(ROOT, 'docs/tutorials', `${name}.md`), 'utf8')
  const blocks: Block[] = []
  for (const section of page.split(/^## /m).slice(1)) {
    const heading = section.slice(0, section.indexOf('\n'))
    for (const [, info = '', text = ''] of section.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)) {
      const [language = '', ...how] = info.split(' ')
      const last = blocks.at(-1)
      if (language === 'text' && last !== undefined) last.says = text
      else blocks.push({ language, how: how.join(' '), text, says: undefined, heading })
    }
  }
  return blocks
}

/** The lines that the page shows come in this order, perhaps with others between. */
export function expectSays(output: string, { says = '', text }: Block, filledIn: (text: string) => string): void {
  const escaped = (line: string) =>
    line
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replace(/\s+/g, '\\s+')
      .replaceAll('…', '.*')
  let rest = output
  for (const line of says.split('\n').map(shown => filledIn(shown.trim()))) {
    if (line === '') continue
    const found = new RegExp(escaped(line)).exec(rest)
    expect(found, `${text}is to print: ${line}\nand printed:\n${output}`).to.not.equal(null)
    rest = rest.slice((found?.index ?? 0) + (found?.[0].length ?? 0))
  }
}

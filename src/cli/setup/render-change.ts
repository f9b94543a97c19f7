// Shows what set-up does to a file: all of a new one, and of another the lines that change.
import type { Change } from './files.ts'

const WORDS = {
  created: 'new',
  changed: 'changed',
  unchanged: 'unchanged',
  restored: 'as it was before',
  removed: 'removed',
}
/** Lines around a change. */
const AROUND = 3

export function changeLines({ path, purpose, action, before, after, backup }: Change, isDone: boolean): string[] {
  const head = `${path}: ${WORDS[action]}${backup === undefined ? '' : `, was kept as ${backup}`} (${purpose})`
  if (action === 'unchanged' || isDone) return [head]
  if (before === undefined) return [head, ...linesOf(after).map(line => `  ${line}`)]
  return [head, ...difference(linesOf(before), linesOf(after))]
}

function linesOf(text = ''): string[] {
  return text.replace(/\n$/, '').split('\n')
}

/** From the first line that differs to the last one. */
function difference(before: readonly string[], after: readonly string[]): string[] {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && before[start] === after[start]) start++
  let end = 0
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end++
  const from = Math.max(0, start - AROUND)
  const behind = after.slice(after.length - end, after.length - end + AROUND)
  return [
    ...(from > 0 ? [`  … line ${from + 1}`] : []),
    ...before.slice(from, start).map(line => `  ${line}`),
    ...before.slice(start, before.length - end).map(line => `- ${line}`),
    ...after.slice(start, after.length - end).map(line => `+ ${line}`),
    ...behind.map(line => `  ${line}`),
    ...(end > AROUND ? ['  …'] : []),
  ]
}

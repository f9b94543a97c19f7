// Colours for people: on a terminal only, and never with NO_COLOR.
import { styleText } from 'node:util'
import type { Sink } from './report.ts'

export type Colour = 'cyan' | 'green' | 'red' | 'yellow'

/** The text as the output may have it. */
export function paint(colour: Colour, text: string, { isTTY }: Sink, env: NodeJS.ProcessEnv = process.env): string {
  const isPlain = isTTY !== true || Boolean(env.NO_COLOR) || env.TERM === 'dumb'
  return isPlain ? text : styleText(colour, text, { validateStream: false })
}

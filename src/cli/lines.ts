// The lines of a text file, one by one, none of them longer than it may be.
import { createReadStream } from 'node:fs'
import { UsageError } from './errors.ts'

/** Lines without their ends. Rejects with a UsageError when the file cannot be read or a line has more than `maxLength` characters. */
export async function* linesOf(file: string, maxLength: number): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of createReadStream(file, 'utf8')) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of [...lines, rest]) if (line.length > maxLength) throw new UsageError(`${file}: a line is too long`)
      for (const line of lines) yield line.replace(/\r$/, '')
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined ? error : new UsageError(`cannot read ${file}: ${code}`)
  }
  if (rest !== '') yield rest
}

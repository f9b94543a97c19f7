// Reads a text file line by line, with a limit on the length of a line.
import { createReadStream } from 'node:fs'
import { UsageError, unreadable } from './errors.ts'

/**
 * Lines without their ends, of `stream` when given: then `file` only names it. Rejects with a UsageError when it cannot be
 * read or a line has more than `maxLength` characters.
 */
export async function* linesOf(
  file: string,
  maxLength: number,
  stream: AsyncIterable<string> = createReadStream(file, 'utf8'),
): AsyncGenerator<string> {
  let rest = ''
  try {
    for await (const chunk of stream) {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of [...lines, rest]) if (line.length > maxLength) throw new UsageError(`${file}: a line is too long`)
      for (const line of lines) yield line.replace(/\r$/, '')
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined || error instanceof UsageError ? error : unreadable(file, error)
  }
  if (rest !== '') yield rest
}

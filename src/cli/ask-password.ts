// Asks for a password on the terminal, which does not show it.
import { open } from 'node:fs/promises'
import { ReadStream } from 'node:tty'
import { UsageError } from './errors.ts'

const MAX_LENGTH = 4096
const ENTER = new Set(['\r', '\n', '\u0004'])
const DELETE = new Set(['\u007f', '\b'])

/** Rejects with a UsageError without a terminal, and with the reason of the signal. */
export async function askPassword(question: string, signal: AbortSignal): Promise<string> {
  const terminal = await openTerminal()
  const input = new ReadStream(terminal.fd)
  const told = (text: string) => terminal.write(text)
  try {
    // what is typed before the question is not shown either
    input.setRawMode(true)
    await told(question)
    return await typed(input.setEncoding('utf8'), signal)
  } finally {
    input.setRawMode(false)
    await told('\n')
    input.destroy()
  }
}

async function openTerminal() {
  try {
    return await open('/dev/tty', 'r+')
  } catch {
    throw new UsageError('there is no terminal to ask for the password', 'write -u USER:PASSWORD, or use ~/.netrc')
  }
}

/** Raw mode passes on Ctrl-C as a character. */
async function typed(input: ReadStream, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const stop = () => reject(signal.reason)
  let password = ''
  input.on('data', text => {
    for (const character of String(text)) {
      if (character === '\u0003') process.kill(process.pid, 'SIGINT')
      else if (ENTER.has(character)) resolve(password)
      else if (DELETE.has(character)) password = [...password].slice(0, -1).join('')
      else if (password.length < MAX_LENGTH) password += character
    }
  })
  input.on('error', reject)
  input.on('end', () => resolve(password))
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    return await promise
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

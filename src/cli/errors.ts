// Turns every failure into one line for a person, one object for a program, and an exit code.
import { constants } from 'node:os'
import { exitCodeOf, isErrorCode, UNEXPECTED, USAGE } from './exit-codes.ts'

/** Codes of the library for what is malformed. */
export type UsageCode = 'bad-option' | 'bad-digest' | 'bad-multiaddr' | 'bad-peer-id' | 'bad-header' | 'bad-url'

/** A mistake in the arguments, the environment or the config file, found before the library is loaded. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly hint: string | undefined
  /** A code of the library that means exit code 2. */
  readonly code: UsageCode

  constructor(message: string, hint?: string, code: UsageCode = 'bad-option') {
    super(message)
    this.hint = hint
    this.code = code
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'no space left in the quota of this user',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the filesystem is read-only',
  ENOTDIR: 'a part of its path is not a folder',
  EEXIST: 'there is a file with that name',
  EIO: 'the device reports an error',
  EFBIG: 'the file is too large for this file system, or for the limit on file sizes (ulimit -f)',
}

/** An output, standard output unless told otherwise, cannot take more, for a reason of the operating system. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
  readonly code: 'no-space' | 'output-unwritable'

  constructor(cause: NodeJS.ErrnoException, output = 'standard output') {
    super(`cannot write to ${output}: ${REASONS[cause.code ?? ''] ?? `the system says ${cause.code ?? cause.message}`}`, {
      cause,
    })
    this.code = cause.code === 'ENOSPC' || cause.code === 'EDQUOT' ? 'no-space' : 'output-unwritable'
  }
}

const READ_REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many open files (ulimit -n)',
  EIO: 'the disk reports an error',
}

/** A file that was named in the arguments cannot be read. */
export function unreadable(file: string, error: unknown): UsageError {
  const { code = '' } = error as NodeJS.ErrnoException
  return new UsageError(`cannot read ${file}: ${READ_REASONS[code] ?? `the system says ${code}`}`)
}

export interface Failure {
  exitCode: number
  /** A code of the library, `bad-option` for a usage error, `internal` for what nobody expected. */
  code: string
  message: string
  hint?: string
}

/** Sorts out what was thrown. Errors of the library are known by their code: its class is not loaded for this. */
export function describe(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: USAGE, code: error.code, message: error.message, ...hintOf(error) }
  if (error instanceof OutputError) return { exitCode: exitCodeOf(error.code), code: error.code, message: error.message }
  if (error instanceof Error && 'code' in error && error.name === 'DragonflyError' && isErrorCode(error.code)) {
    const status = 'status' in error && typeof error.status === 'number' ? error.status : undefined
    return { exitCode: exitCodeOf(error.code, status), code: error.code, message: error.message, ...hintOf(error) }
  }
  if (isOutOfFiles(error)) {
    const message = 'too many open files: the limit of this process is too low'
    return { exitCode: exitCodeOf('store-error'), code: 'store-error', message, hint: 'raise it (ulimit -n 256 or more)' }
  }
  const message = error instanceof Error ? error.message || error.name : String(error)
  return { exitCode: UNEXPECTED, code: 'internal', message: `unexpected: ${message}`, hint: 'set DEBUG=1 to see where' }
}

/** EMFILE and ENFILE, which some calls of Node pass on as a number only. */
function isOutOfFiles(error: unknown): boolean {
  const { code, info } = (error ?? {}) as { code?: unknown; info?: { errno?: unknown } }
  return code === 'EMFILE' || code === 'ENFILE' || (code === 'ERR_SYSTEM_ERROR' && Math.abs(Number(info?.errno)) === EMFILE)
}

const EMFILE = constants.errno.EMFILE

/** `df: MESSAGE; HINT`, always one line, without anything that a terminal would obey. */
export function failureLine(name: string, failure: Failure): string {
  const hint = failure.hint === undefined ? '' : `; ${failure.hint}`
  return printable(`${name}: ${failure.message}${hint}`)
}

/** Text from outside (a file name, an origin's words) on one line and without control characters. */
export function printable(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/g, ' ')
    .replace(/\p{Cc}|\p{Bidi_Control}/gu, '?')
    .trim()
}

function hintOf(error: Error): { hint?: string } {
  return 'hint' in error && typeof error.hint === 'string' ? { hint: error.hint } : {}
}

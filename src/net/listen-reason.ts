// Why a host cannot listen, in the system's own words.
import { DragonflyError } from '../core/errors.ts'

/** libp2p wraps what the system said in several lines; the system's own words are enough. */
function listenReason(error: unknown): string {
  const text = String(error)
  const [, code] = /\b(EADDRINUSE|EADDRNOTAVAIL|EACCES|EPERM|ENOTSUP|EAFNOSUPPORT)\b/.exec(text) ?? []
  if (code === 'EADDRINUSE') return 'the address is in use'
  return code ?? text.split('\n')[0] ?? text
}

/** `error`: of the start of a host that was to listen on these addresses. */
export function listenFailed(listen: readonly string[], error: unknown): DragonflyError {
  if (error instanceof DragonflyError) return error
  return new DragonflyError('listen-failed', `cannot listen on ${listen.join(', ')}: ${listenReason(error)}`, {
    hint: 'choose another address or port with --listen',
    cause: error,
  })
}

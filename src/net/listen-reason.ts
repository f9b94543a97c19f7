// Why a host cannot listen, in the system's own words.

/** libp2p wraps what the system said in several lines; the system's own words are enough. */
export function listenReason(error: unknown): string {
  const text = String(error)
  const [, code] = /\b(EADDRINUSE|EADDRNOTAVAIL|EACCES|EPERM|ENOTSUP|EAFNOSUPPORT)\b/.exec(text) ?? []
  if (code === 'EADDRINUSE') return 'the address is in use'
  return code ?? text.split('\n')[0] ?? text
}

// The path and query of a URL exactly as written; the WHATWG parser rewrites ' to %27 and drops a bare "?".

/** What goes into the request line for `url`, which was parsed from `text`. Nothing but `'` and a bare `?` differs from the parser's. */
export function wirePath(text: string, url: URL): string {
  const query = /^[^?#]*(\?[^#]*)/.exec(text.trim())?.[1]
  const isAsParsed = query !== undefined && (query === '?' ? '' : query.replaceAll("'", '%27')) === url.search
  return url.pathname + (isAsParsed ? query : url.search)
}

// Host and port of a connection, as undici and URLs write them.

/** A URL, or what undici hands to a connector. */
export interface Endpoint {
  /** `http:` or `https:`. */
  protocol: string
  /** An IPv6 address with or without brackets. */
  hostname: string
  /** Empty: the scheme's. */
  port: string
}

/** An IPv6 address without brackets. */
export function hostOf({ hostname }: Pick<Endpoint, 'hostname'>): string {
  return hostname.replace(/^\[|\]$/g, '')
}

export function portOf({ port, protocol }: Pick<Endpoint, 'port' | 'protocol'>): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80)
}

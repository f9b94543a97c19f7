// Whether an argument is the address of something that a host shares.

export function isSharedAddress(url: string): boolean {
  return /^dragonfly:/i.test(url)
}

/** Of a folder. */
export function isTreeAddress(url: string): boolean {
  return isSharedAddress(url) && URL.parse(url)?.searchParams.get('tree') === '1'
}

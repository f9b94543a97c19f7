// Whether an argument is the address of something that a host shares.

export function isSharedAddress(url: string): boolean {
  return /^dragonfly:/i.test(url)
}

/** Of a folder, or of a part of it, as it is now. */
export function isNamedAddress(url: string): boolean {
  return /^dragonfly:\/\//i.test(url)
}

/** Of a folder. */
export function isTreeAddress(url: string): boolean {
  if (isNamedAddress(url)) return url.endsWith('/') || /^[^/]*\/\/[^/]*$/.test(url)
  return isSharedAddress(url) && URL.parse(url)?.searchParams.get('tree') === '1'
}

// Header fields as they came, names and values in turn: as Node's `rawHeaders` and undici's `raw` give them.

export function pairsOf(headers: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < headers.length; at += 2) pairs.push([headers[at] as string, headers[at + 1] as string])
  return pairs
}

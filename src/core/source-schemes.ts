// The schemes that a source makes https requests of. One list: the command line, the library and error messages read it.

export const SOURCE_SCHEMES = ['s3', 'hf', 'oci', 'gs', 'az', 'modelscope', 'ipfs'] as const
export type SourceScheme = (typeof SOURCE_SCHEMES)[number]

/** Undefined: it is http(s), or nothing that is known. */
export function sourceSchemeOf(url: string): SourceScheme | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase()
  return SOURCE_SCHEMES.find(known => known === scheme)
}

/** For people: `http://, https://, s3:// or hf://`. */
export const SCHEMES_TEXT = listed(['http', 'https', ...SOURCE_SCHEMES].map(scheme => `${scheme}://`))

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

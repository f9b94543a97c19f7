// What df makes of the URL of a source, such as s3: or hf:, with the credentials of whoever runs it.
import { pathToFileURL } from 'node:url'
import { sourceSchemeOf } from '../client/schemes.ts'
import type { GetOptions, HeaderList, SourceReach, SourceRequest } from '../index.ts'

/** Of a signature that a daemon gets, which has no keys to make another. Milliseconds: 12 h. */
export const DAEMON_SIGNATURE_MS = 43_200_000

type Asked = Pick<GetOptions, 'headers' | 'filter' | 'digest' | 'range' | 'signal'>
/** What only a node of this process takes. */
type Own = Pick<GetOptions, 'scope' | 'renew' | 'byDigest' | 'anonymous'> & Pick<SourceRequest, 'nameFile'>

export interface Found<O> {
  url: string
  options: O & Asked
  /** Not for everyone who takes `options`. */
  own: Own
  /** The URL for people: without a signature. */
  shown: string | undefined
}

export function isOtherScheme(url: string): boolean {
  return sourceSchemeOf(url) !== undefined
}

/** The URL of the file that --metalink names. */
export function localMetalink({ metalink }: { metalink?: string }): string | undefined {
  return metalink === undefined ? undefined : pathToFileURL(metalink).href
}

/** By its name, or by --metalink. */
export function isMetalink(url: string, flags: { metalink?: string }): boolean {
  return url === localMetalink(flags) || (/^https?:/i.test(url) && URL.parse(url)?.pathname.endsWith('.meta4') === true)
}

/** Whether a URL without --recursive names a folder of a store: a tree. */
export async function isFolder(url: string, reach: () => Promise<SourceReach>): Promise<boolean> {
  return isOtherScheme(url) && (await (await import('../index.ts')).isSourceFolder(url, await reach()))
}

/** An https URL as it is. `reach`: asked for only when it is needed. Rejects as `resolveSource` does. */
export async function findSource<O extends Asked>(url: string, options: O, reach: () => Promise<SourceReach>): Promise<Found<O>> {
  if (!isOtherScheme(url)) return { url, options, own: {}, shown: undefined }
  const { resolveSource } = await import('../index.ts')
  const { signal } = options
  return withSource(await resolveSource(url, { ...(await reach()), ...(signal && { signal }) }), options)
}

/** The same for what is known already. */
export function withSource<O extends Asked>(source: SourceRequest, options: O): Found<O> {
  const { headers = [], filter = [], shown } = source
  const isNamed = source.byDigest === true && (options.digest === undefined || options.digest === source.digest)
  // that of a range is not known, unless it names the content; and what the user gave counts
  const digest = options.digest ?? (options.range === undefined || isNamed ? source.digest : undefined)
  const allHeaders: HeaderList = [...(options.headers ?? []), ...headers]
  const allFilters = [...(options.filter ?? []), ...filter]
  return {
    url: source.url,
    shown,
    options: {
      ...options,
      ...(allHeaders.length > 0 && { headers: allHeaders }),
      ...(allFilters.length > 0 && { filter: allFilters }),
      ...(digest !== undefined && { digest }),
    },
    own: ownOf(source, isNamed),
  }
}

function ownOf({ scope, renew, anonymous, nameFile }: SourceRequest, isNamed: boolean): Own {
  return {
    ...(scope !== undefined && { scope }),
    ...(renew !== undefined && { renew }),
    ...(isNamed && { byDigest: true }),
    ...(isNamed && anonymous === true && { anonymous }),
    ...(nameFile !== undefined && { nameFile }),
  }
}

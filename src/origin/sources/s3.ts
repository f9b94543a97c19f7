// s3://BUCKET/KEY[?versionId=ID]: an object of Amazon S3, or of a store that speaks as it does. s3://BUCKET/PREFIX/: all below it.
import type { HeaderList } from '../../core/headers.ts'
import { StoreClient } from './ask.ts'
import { s3Settings } from './aws-settings.ts'
import { hostOf, isS3Folder, parseS3Url, type S3Place } from './s3-address.ts'
import { indexOfS3, listS3 } from './s3-list.ts'
import { refusalOf } from './s3-refusals.ts'
import { isShown, located } from './s3-region.ts'
import { FILTER, SIGNATURE_MS, Signer } from './s3-signer.ts'
import type { Source, SourceReach, SourceRequest } from './source.ts'

const NO_HEADERS: HeaderList = []

export const S3: Source = { resolve, isFolder: isS3Folder, list: listS3, index: indexOfS3 }

async function resolve(url: string, reach: SourceReach): Promise<SourceRequest> {
  const object = parseS3Url(url)
  const settings = await s3Settings()
  await using client = new StoreClient(reach)
  // without credentials first: what anybody may read is shared with anybody
  const open = await located(settings, place => client.ask(() => hostOf(place, object), NO_HEADERS))
  if (isShown(open.answer)) return { url: hostOf(open.place, object), shown: url }
  const isRefused = open.answer.status === 401 || open.answer.status === 403
  // loading it takes 100 ms
  const chain = isRefused || open.answer.status === 400 ? await import('./aws-credentials.ts') : undefined
  const credentials = await chain?.findCredentials()
  if (credentials === undefined) throw refusalOf(open.answer, object, { ...open, credentials })
  const signers = new Map<string, Signer>()
  const signer = (place: S3Place) => {
    const known = signers.get(place.region) ?? new Signer(place, object, credentials, reach.signatureMs ?? SIGNATURE_MS)
    signers.set(place.region, known)
    return known
  }
  const { answer, place } = await located(open.place, place => client.ask(() => signer(place).url(), NO_HEADERS))
  if (!isShown(answer)) throw refusalOf(answer, object, { place, credentials })
  const signed = signer(place)
  const renew = () => signed.url()
  return { url: renew(), shown: url, filter: FILTER, scope: signed.scope(), renew }
}
